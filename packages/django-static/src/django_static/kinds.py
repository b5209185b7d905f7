"""What settings, tags and resolvers must know of minifying: the kinds of text, the usual engines for them, what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["DEFAULT_ENGINES", "KINDS", "Slimmed"]

KINDS = ("css", "js", "html")
DEFAULT_ENGINES: Mapping[str, Sequence[str]] = {
    "css": ("tdewolff", "strip"),
    "js": ("tdewolff", "strip"),
    "html": ("tdewolff",),
}


class Slimmed(NamedTuple):
    """The text to publish, and why it is the original if it had to be."""

    text: str
    problem: str = ""
