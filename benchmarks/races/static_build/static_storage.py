"""django-static driven by Django's own command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import ours, site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collectstatic`` with ``StaticStorage``."""
    yield ours.operations(workspace, site.COLLECT)
