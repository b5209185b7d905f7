"""What somebody may have meant by a name that there is not: looked for only where it is told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["meant"]


def meant(given: object, known: Iterable[str]) -> str:
    """Return the end of a message, with the known name that is like the given one; nothing where none is."""
    near = difflib.get_close_matches(str(given), list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
