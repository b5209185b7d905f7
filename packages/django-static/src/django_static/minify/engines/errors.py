"""What an engine raises, and the kinds of text that each knows; apart from them for the sake of those that all use it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KNOWN_KINDS", "EngineError", "require"]

#: The kinds that an engine knows, by its short name; all of them unless it is here.
KNOWN_KINDS: Mapping[str, tuple[str, ...]] = {
    "closure": ("js",),
    "esbuild": ("css", "js"),
    "jsmin": ("js",),
    "lightningcss": ("css",),
    "strip": ("css", "js"),
    "yui": ("css", "js"),
}


class EngineError(Exception):
    """An engine could not do its work; the text says which one, what happened and what to do about it."""


def require(engine: str, kind: str) -> None:
    """See whether an engine knows a kind of text.

    Raises:
        EngineError: it does not.
    """
    known = KNOWN_KINDS.get(engine)
    if known is not None and kind not in known:
        raise EngineError(f"{engine} knows {' and '.join(known)}, not {kind}")
