"""What a program that only reads and writes documents does not have to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mongokit

PROGRAM = """
import sys
from mongokit import Connection, Document
class Talk(Document):
    structure = {"topic": str}
    indexes = [{"fields": "topic"}]
later = ("migration", "describing", "index_build", "index_comparison", "collection_validator", "structure.jsonschema")
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


@pytest.mark.parametrize("name", mongokit.__all__)
def test_every_name_is_there(name):
    assert getattr(mongokit, name) is getattr(mongokit, name)
    assert name in dir(mongokit)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'mongokit' has no attribute 'nothing'"):
        _ = mongokit.nothing
