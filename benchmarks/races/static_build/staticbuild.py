"""django-static by its own command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import ours


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``staticbuild --all``"""
    yield ours.operations(workspace, ("staticbuild", {"all": True, "verbosity": 0}))
