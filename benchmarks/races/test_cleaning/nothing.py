"""Nothing is cleaned: what Django's runner itself takes, and making and dropping the test database once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.test_cleaning import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """The indexes are made once."""
    del workspace
    work.configure()
    from django.test import TestCase

    def make(case: str) -> type[TestCase]:
        class Leaving(TestCase):
            @classmethod
            def setUpTestData(cls) -> None:
                work.make_indexes(case)

        return Leaving

    yield work.operations(make, cleans=False)
