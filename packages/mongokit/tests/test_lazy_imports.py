"""What a program that only reads and writes documents does not have to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mongokit

PROGRAM = """
import sys
from mongokit import Connection, Document, Ref
class Talk(Document):
    structure = {"topic": str}
    indexes = [{"fields": "topic"}]
later = (
    "aio auth batches bulk changes collapsed collection_validator describing embedded files grid index_build "
    "index_comparison json migration prefetching structure.in_words structure.jsonschema structure.messages "
    "structure.wording units versioned_document"
).split()
print([name for name in later if f"mongokit.{name}" in sys.modules])
from mongokit import DocumentMigration
class TalkMigration(DocumentMigration): ...
class Lecture(Talk):
    migration_handler = TalkMigration
print(Lecture._load_steps.migrate.__name__)
"""


def test_what_is_not_asked_for_is_not_imported():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["[]", "migrate_loaded"]


def test_a_star_import_has_what_is_imported_later():
    program = """
from mongokit import *
print(AsyncConnection.__module__, VersionedDocument.__module__, DotExpandedDict({"a.b": 1}), prefetch.__module__)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split("\n")[0] == (
        "mongokit.aio.connection mongokit.versioned_document {'a': {'b': 1}} mongokit.prefetching"
    )


@pytest.mark.parametrize("name", mongokit.__all__)
def test_every_name_is_there(name):
    assert getattr(mongokit, name) is getattr(mongokit, name)
    assert name in dir(mongokit)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'mongokit' has no attribute 'nothing'"):
        _ = mongokit.nothing
