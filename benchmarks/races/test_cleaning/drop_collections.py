"""As the blog post of 2010 did it: each collection of the database is dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.test_cleaning import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Indexes are lost with their collections."""
    del workspace
    work.configure()
    yield work.operations(work.torn_down_by(_clean))


def _clean(database: Any) -> None:
    for name in database.list_collection_names():
        database.drop_collection(name)
