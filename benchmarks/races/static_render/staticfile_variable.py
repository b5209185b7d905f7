"""django-static's ``{% staticfile %}`` with the name in a variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import ours


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Prepared by the first rendering."""
    yield ours.variable(workspace, ahead=False)
