# ruff: noqa: PT012 (what ends a block is what is tested)
"""Units of work that leave new documents for the end: validated and encoded when they are sent. For both kinds of connections."""

from __future__ import annotations

import enum

import pytest
from bson import ObjectId
from pymongo.message import _BulkWriteContextBase

from mongokit import (
    BulkError,
    Document,
    DuplicateKeyError,
    EncodingError,
    MaxDocumentSizeError,
    SchemaDocumentError,
    SchemaTypeError,
)


class State(enum.Enum):
    DRAFT = "draft"


class Talk(Document):
    structure = {"topic": str, "tags": [str]}
    required_fields = ["topic"]


class Own(Talk):
    def validate(self, auto_migrate=False):
        super().validate(auto_migrate)
        if self["topic"] == "forbidden":
            raise SchemaDocumentError("forbidden is forbidden")


class Converted(Document):
    topic: str
    state: State = State.DRAFT


class Counted(Talk):
    use_revision = True


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    found = (database if request.param == "blocking" else request.getfixturevalue("driven")).things
    found.database.client.register([Talk, Own, Converted, Counted])
    return found


@pytest.fixture
def unit(collection):
    """A late unit of work as a context manager, of either kind of connection."""
    return lambda **options: collection.database.client.unit_of_work(**{"late": True, **options})


def talk(collection, topic, **more):
    return collection.Talk({"topic": topic, "tags": [], **more})


def topics(collection):
    return sorted(found["topic"] for found in collection.find())


def test_it_sends_what_was_saved(collection, unit):
    with unit() as work:
        documents = [talk(collection, topic) for topic in "abc"]
        assert [document.save() for document in documents] == documents
        assert len({document["_id"] for document in documents}) == len(work) == 3
        assert all(isinstance(document["_id"], ObjectId) for document in documents)
        assert topics(collection) == []
    assert list(collection.find()) == [dict(document) for document in documents]
    (result,) = work.results
    assert (result.inserted_count, result.acknowledged) == (3, True)
    documents[0]["topic"] = "d"
    documents[0].save()
    assert topics(collection) == ["b", "c", "d"]


@pytest.mark.parametrize("others", [1, 2])
def test_what_goes_to_several_collections(collection, unit, others):
    """Of more than one nothing is sent before all of it is known to be right."""
    things = [collection, *(collection.database[f"others{number}"] for number in range(others))]
    with unit() as work:
        documents = [talk(one, topic).save() for topic in "ab" for one in things]
    assert [dict(found) for one in things for found in one.find().sort("topic")] == [
        dict(document) for start in range(len(things)) for document in documents[start :: len(things)]
    ]
    assert [result.inserted_count for result in work.results] == [2] * len(things)


def test_what_is_validated_is_what_is_stored(collection, unit):
    """Whoever does change a document after all gets nothing past its structure."""
    with unit():
        document = talk(collection, "a").save()
        document["tags"].append("later")
    assert collection.find_one()["tags"] == ["later"]
    with pytest.raises(BulkError, match="topic must be an instance of str not int"), unit():
        talk(collection, "b").save()
        document = talk(collection, "c").save()
        document["topic"] = 5
    assert topics(collection) == ["a"]


def test_all_that_is_wrong_is_said_and_nothing_is_sent(collection, unit):
    kept = talk(collection, "kept").save()
    others = collection.database.others
    with pytest.raises(BulkError) as caught, unit() as work:
        right = talk(others, "right").save()
        wrong = talk(collection, 3).save()
        late = collection.Counted({"topic": "x", "tags": []}).save()
        kept["topic"] = "changed"
        kept.save()
        missing = talk(collection, None, tags=[7]).save()
        assert late["_revision"] == 1
    error = caught.value
    assert [(id(document), type(reason)) for document, reason in error.failures] == [
        (id(wrong), SchemaTypeError),
        (id(missing), SchemaTypeError),
    ]
    assert [each["path"] for each in error.failures[1][1].errors()] == ["tags.0", "topic"]
    assert error.__cause__ is error.failures[0][1]
    assert f"0 of 5 documents were written; refused:\n  Talk {wrong['_id']!r}: topic must be" in str(error)
    assert error.written == ()
    assert [id(each) for each in error.unwritten] == [
        id(each) for each in (right, wrong, late, kept, missing)
    ]
    # It is as it was, but for what is the caller's.
    assert "_revision" not in late
    assert (len(work), work.results) == (0, [])
    assert (topics(collection), topics(others)) == (["kept"], [])
    wrong["topic"], missing["topic"], missing["tags"] = "three", "four", []
    with unit():
        for document in error.unwritten:
            document.save()
    assert (topics(collection), topics(others)) == (["changed", "four", "three", "x"], ["right"])


WRONG = {
    "what BSON has no form for": ("\ud800", EncodingError),
    "what is too large": ("x" * 17_000_000, MaxDocumentSizeError),
}


@pytest.mark.parametrize(("topic", "kind"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("also", ["alone", "with another collection", "with what is no new document"])
def test_what_cannot_be_stored(collection, unit, topic, kind, also):
    old = talk(collection, "old").save()
    with pytest.raises(BulkError) as caught, unit():
        if also == "with another collection":
            talk(collection.database.others, "first").save()
        first = talk(collection, "first").save()
        wrong = talk(collection, topic).save()
        last = talk(collection, "last").save()
        if also == "with what is no new document":
            old["topic"] = "changed"
            old.save()
    ((document, reason),) = caught.value.failures
    assert document is wrong
    assert isinstance(reason, kind)
    # Alone, what is too large for it the server has to say, which stores what is before it.
    is_sent = also == "alone" and kind is MaxDocumentSizeError
    assert topics(collection) == (["first", "old"] if is_sent else ["old"])
    assert [each is first for each in caught.value.written] == ([True] if is_sent else [])
    assert caught.value.unwritten[-2:] == ((last, old) if also.startswith("with what") else (wrong, last))
    assert topics(collection.database.others) == []


@pytest.fixture
def small_messages(monkeypatch):
    """PyMongo sends messages of 480 kB at most, for 48 MB in one transaction are more than a small server has a cache for."""
    monkeypatch.setattr(_BulkWriteContextBase, "max_message_size", 480_000)


def test_what_cannot_be_encoded_after_much_that_was_sent(collection, unit, small_messages):
    """PyMongo sends one message after the other: what is told to be written is what is stored."""
    with pytest.raises(BulkError) as caught, unit():
        documents = [talk(collection, "x" * 150_000, tags=[str(number)]).save() for number in range(5)]
        documents.append(talk(collection, "\ud800").save())
    error = caught.value
    stored = [found["_id"] for found in collection.find({}, {"_id": True})]
    assert (
        stored == [document["_id"] for document in error.written] == [each["_id"] for each in documents[:3]]
    )
    assert [document["_id"] for document in error.unwritten] == [each["_id"] for each in documents[3:]]
    assert [type(reason) for _, reason in error.failures] == [EncodingError]


def test_what_the_server_refuses(collection, unit):
    collection.create_index("topic", unique=True)
    with pytest.raises(BulkError) as caught, unit():
        documents = [talk(collection, topic).save() for topic in "abac"]
    error = caught.value
    assert [(document, type(reason)) for document, reason in error.failures] == [
        (documents[2], DuplicateKeyError)
    ]
    assert (list(error.written), list(error.unwritten)) == (documents[:2], documents[2:])
    assert topics(collection) == ["a", "b"]


def test_one_document_several_times(collection, unit):
    with unit() as work:
        document = talk(collection, "a").save()
        document["topic"] = "b"
        document.save()
        document["topic"] = "not saved"
        gone = talk(collection, "gone").save()
        gone.delete()
        assert len(work) == 4
    assert topics(collection) == ["b"]


def test_one_document_under_two_ids_is_refused(collection, unit):
    """As PyMongo's insert_many does: what was in it at first is nowhere any more, and nobody is to think that it is stored."""
    with pytest.raises(BulkError) as caught, unit():
        template = talk(collection, "a").save()
        del template["_id"]
        template["topic"] = "b"
        template.save()
    assert [type(reason) for _, reason in caught.value.failures] == [DuplicateKeyError]


AT_ONCE = {
    "a validate of its own": lambda col: col.Own({"topic": "forbidden", "tags": []}),
    "a conversion": lambda col: col.Converted({"topic": 5, "state": State.DRAFT}),
    "revisions": lambda col: col.Counted({"topic": 5, "tags": []}),
    "an id": lambda col: talk(col, 5, _id=1),
}


@pytest.mark.parametrize("make", AT_ONCE.values(), ids=AT_ONCE)
def test_what_is_more_than_a_new_dict_is_looked_at_at_once(collection, unit, make):
    with unit() as work:
        with pytest.raises(SchemaDocumentError):
            make(collection).save()
        assert len(work) == 0


def test_what_is_not_to_be_validated_is_not(collection, unit):
    with unit():
        talk(collection, 5).save(validate=False)
        unchecked = talk(collection, 6)
        unchecked.skip_validation = True
        unchecked.save()
    assert topics(collection) == [5, 6]


def test_a_block_inside_that_is_not_late(collection, unit):
    """Who wrote it may change a document after it was saved, whatever unit it has become part of."""
    with unit() as outer:
        with unit(late=False) as inner:
            assert inner == outer
            document = talk(collection, "inner").save()
            document["topic"] = "not saved"
            with pytest.raises(SchemaTypeError):
                talk(collection, 5).save()
            with unit():
                # Part of one that is not late.
                document = talk(collection, "innermost").save()
                document["topic"] = "not saved"
        document = talk(collection, "outer").save()
        document["topic"] = "outer, changed"
    assert topics(collection) == ["inner", "innermost", "outer, changed"]


def test_many_in_blocks_amid_each_other(collection, unit):
    """What is known of the documents before is not known any more where a block begins or ends."""

    def saved(*given):
        for topic in given:
            talk(collection, topic).save()["tags"].append("later")

    with unit():
        saved("a", "b")
        with unit(late=False):
            saved("c", "d")
            with unit():
                saved("e", "f")
        saved("g", "h")
    kept = {found["topic"]: found["tags"] for found in collection.find()}
    assert kept == {topic: ["later"] if topic in "abgh" else [] for topic in "abcdefgh"}


def test_a_late_block_inside_of_one_that_is_not(collection, unit):
    with unit(late=False), unit():
        document = talk(collection, "a").save()
        document["topic"] = "not saved"
    assert topics(collection) == ["a"]


def test_reading_again_sends_first_and_says_what_is_wrong(collection, unit):
    with unit():
        document = talk(collection, "a").save()
        document.reload()
        assert topics(collection) == ["a"]
        talk(collection, 5).save()
        with pytest.raises(BulkError, match="0 of 1 documents were written"):
            document.reload()
        talk(collection, "b").save()
    assert topics(collection) == ["a", "b"]


def test_an_exception_sends_nothing(collection, unit):
    with pytest.raises(ZeroDivisionError), unit():
        talk(collection, 5).save()
        raise ZeroDivisionError
    assert topics(collection) == []
