"""The floor: the text that a tag would print, as a node of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """No tag at all."""
    site.configure(workspace, tag=lambda name: f"/static/{name}")
    pattern = r"/static/css/sheet\d+\.css"
    yield site.operations(pattern, pattern)
