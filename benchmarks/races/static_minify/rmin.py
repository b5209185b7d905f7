# mypy: disable-error-code="import-not-found"
# (The two are installed in the races' own environment only)
"""rjsmin and rcssmin: what django-compressor, and most of Python, minifies with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_minify import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """As compressor calls them; both keep licence comments only when asked."""
    import rcssmin
    import rjsmin  # type: ignore[import-untyped]

    del workspace
    yield work.operations(js=rjsmin.jsmin, css=rcssmin.cssmin)
