"""django-static's ``{% staticfile %}`` with the name written in the template, and the manifest in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import ours


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Built by ``staticbuild`` before."""
    yield ours.literal(workspace, ahead=True)
