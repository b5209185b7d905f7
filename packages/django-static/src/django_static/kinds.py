"""The kinds of text that can be minified, and the usual engines for them: what settings and tags must know of minifying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["DEFAULT_ENGINES", "KINDS"]

KINDS = ("css", "js", "html")
DEFAULT_ENGINES: Mapping[str, Sequence[str]] = {
    "css": ("tdewolff", "strip"),
    "js": ("tdewolff", "strip"),
    "html": ("tdewolff",),
}
