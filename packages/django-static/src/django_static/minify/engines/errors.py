"""What an engine raises, apart from it for the sake of those that all use it."""

from __future__ import annotations

__all__ = ["EngineError"]


class EngineError(Exception):
    """An engine could not do its work; the text says which one, what happened and what to do about it."""
