"""Sizes, names and messages as people read them."""

from __future__ import annotations

__all__ = ["counted", "message", "printable", "shown"]


def shown(count: int) -> str:
    """``999 bytes``, ``1.2 KB``, ``3.4 MB``; a KB is 1000 bytes."""
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    if count < 999_950:
        return f"{count / 1000:.1f} KB"
    return f"{count / 1_000_000:.1f} MB" if count < 999_950_000 else f"{count / 1_000_000_000:.1f} GB"


def counted(count: int, noun: str) -> str:
    """``1 file``, ``2 files``"""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """A name without characters that cannot be seen, that change how others are seen, or that a terminal obeys."""
    return (
        text
        if text.isprintable()
        else "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    )


def message(text: object) -> str:
    """The same for a message, which may have several lines."""
    return "\n".join(map(printable, str(text).split("\n")))
