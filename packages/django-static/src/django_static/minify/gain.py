"""What is worth the time of the judge."""

from __future__ import annotations

__all__ = ["is_dense", "is_long", "is_worthwhile"]

#: Characters up to which every gain counts, and the part of a longer text that must be gained.
_SHORT = 50_000
_LEAST = 0.01
#: Characters to a line; what people write has forty.
_DENSE = 500


def is_long(text: str) -> bool:
    """Whether a text takes so long to judge that it must be worth it."""
    return len(text) > _SHORT


def is_worthwhile(before: str, after: str) -> bool:
    """Whether a result is so much smaller that it should be judged; a text that was minified before gains next to nothing."""
    return not is_long(before) or len(after) < len(before) * (1 - _LEAST)


def is_dense(text: str) -> bool:
    """Whether a text has lines so long that its maker must have minified it."""
    return len(text) > _DENSE * (text.count("\n") + 1)
