"""What settings, tags and resolvers must know of minifying: the kinds of text, the usual engines for them, what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["DEFAULT_ENGINES", "KINDS", "LONGEST_AT_ONCE", "Slimmed", "is_minified"]

KINDS = ("css", "js", "html")
DEFAULT_ENGINES: Mapping[str, Sequence[str]] = {
    "css": ("tdewolff", "strip"),
    "js": ("tdewolff", "strip"),
    "html": ("tdewolff",),
}
#: Characters that are judged while a page waits: some 100 thousand are in a second.
LONGEST_AT_ONCE = 500_000
_MINIFIED = (".min.js", ".minified.js", ".min.mjs", ".min.css", ".minified.css")


class Slimmed(NamedTuple):
    """The text to publish, and why it is the original if it had to be."""

    text: str
    problem: str = ""


def is_minified(name: str) -> bool:
    """Whether the name says that the file has been minified by its maker."""
    return name.lower().endswith(_MINIFIED)
