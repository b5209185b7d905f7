"""What a document takes of the memory beside what a dict does."""

from __future__ import annotations

import copy
import pickle
import sys

from mongokit import Document


class Talk(Document):
    structure = {"topic": str}


class Quiet(Talk):
    raise_validation_errors = False


def test_a_document_is_a_dict_with_at_most_four_references():
    """Where it lives, its attributes (two, to CPython 3.11), and who refers to it weakly."""
    pointer = sys.getsizeof((1, 2)) - sys.getsizeof((1,))
    extra = sys.getsizeof(Talk({"topic": "x"})) - sys.getsizeof({"topic": "x"})
    assert extra <= 4 * pointer


def test_what_a_validation_has_found_stays_with_the_document():
    document = Quiet({"topic": 5})
    document.note = "an attribute"
    document.validate()
    assert list(document.validation_errors) == ["topic"]
    for other in (copy.copy(document), copy.deepcopy(document), pickle.loads(pickle.dumps(document))):
        assert (dict(other), other.note, other.validation_errors) == ({"topic": 5}, "an attribute", {})
    document["topic"] = "x"
    document.validate()
    assert document.validation_errors == {}
