# mypy: disable-error-code="import-untyped"
# (The package has no types)
"""tdewolff's minifier as its manual has it, with nothing around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_minify import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """Called in this process."""
    import minify

    del workspace
    yield work.operations(
        js=lambda text: str(minify.string("text/javascript", text)),
        css=lambda text: str(minify.string("text/css", text)),
    )
