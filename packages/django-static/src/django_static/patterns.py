"""Names that stand for several files: ``/js/lib/*.js``; :mod:`.matching` knows which."""

from __future__ import annotations

import re

__all__ = ["base_of", "is_pattern"]

_WILD = re.compile(r"[*?\[]")


def is_pattern(name: str) -> bool:
    return _WILD.search(name) is not None


def base_of(pattern: str) -> str:
    """The folder, with its slash, below which everything lies that a pattern may mean."""
    wild = _WILD.search(pattern)
    return pattern[: pattern.rfind("/", 0, wild.start() if wild else len(pattern)) + 1]
