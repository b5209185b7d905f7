"""As the blog post of 2010 did it: each collection of the database is dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.test_cleaning import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Indexes are lost with their collections."""
    del workspace
    work.configure()
    from django.test import TestCase

    from django_mongokit import get_database

    def make(case: str) -> type[TestCase]:
        class Dropping(TestCase):
            def setUp(self) -> None:
                work.make_indexes(case)

            def tearDown(self) -> None:
                database = get_database()
                for name in database.list_collection_names():
                    database.drop_collection(name)

        return Dropping

    yield work.operations(make)
