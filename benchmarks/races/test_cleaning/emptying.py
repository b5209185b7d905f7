"""`MongoTestCase`: the documents of the collections that a test wrote to are deleted, and indexes stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.test_cleaning import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """The indexes are made once, for all tests of the class."""
    del workspace
    work.configure()
    from django_mongokit.test import MongoTestCase

    def make(case: str) -> type[MongoTestCase]:
        class Emptying(MongoTestCase):
            @classmethod
            def setUpTestData(cls) -> None:
                work.make_indexes(case)

        return Emptying

    yield work.operations(make)
