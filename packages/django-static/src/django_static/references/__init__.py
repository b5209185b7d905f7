"""Read a text, yield what it refers to with positions; splice new names in."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["splice"]


def splice(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """Replace ``text[start:end]`` for each change; changes must not overlap."""
    pieces: list[str] = []
    position = 0
    for start, end, new in sorted(changes):
        pieces += (text[position:start], new)
        position = end
    return "".join([*pieces, text[position:]])
