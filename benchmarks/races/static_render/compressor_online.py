"""django-compressor as it is installed: blocks are compressed at their first rendering, then found in the cache."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import compressor, site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% compress css %}``; the cache is one in the process, the fastest there is."""
    compressor.configure(workspace, offline=False)
    yield site.operations(compressor.EXPECTED, compressor.EXPECTED)
