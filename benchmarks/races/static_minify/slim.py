"""django-static's: the engines of the default settings, one after the other, and the judge of what they return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_minify import work


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """As a build calls it for each file."""
    from django_static import minify

    del workspace

    def slim(kind: str) -> work.Minify:
        chain = minify.DEFAULT_ENGINES[kind]
        return lambda text: minify.slim(text, kind, chain).text

    yield work.operations(js=slim("js"), css=slim("css"))
