"""The whole database is dropped, which a reader of 2010 found far slower."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.contestant import Operation
from races.test_cleaning import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Indexes are lost with the database."""
    del workspace
    work.configure()
    yield work.operations(work.torn_down_by(_clean))


def _clean(database: Any) -> None:
    database.client.drop_database(database.name)
