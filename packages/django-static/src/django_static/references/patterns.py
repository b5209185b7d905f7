"""What the readers of several languages are made of: pieces of regular expressions, and a look for a word."""

from __future__ import annotations

__all__ = ["BLOCK_COMMENT", "has", "loop", "quoted"]


def has(text: str, word: str) -> bool:
    """Whether a word stands in a long text, though it does in few: backwards it is looked for twice as fast as by ``in``,
    since there whole lengths of the word are passed over."""
    return text.rfind(word) >= 0


def loop(*alternatives: str, least: int = 0) -> str:
    """One alternative after the other as often as any matches, without a way back, and at least 0 or 1 times.

    The last alternative never matches. Python before 3.11.5 would otherwise go on from where the attempt that ended the
    loop had come to, and not from where that began (python/cpython#106052).
    """
    return f"(?:{'|'.join(alternatives)}|(?!)){'+' if least else '*'}+"


def quoted(newlines: str, escape: str) -> str:
    """A string in double or single quotes that may hold those newlines only within an escape."""
    double, single = _quoted('"', newlines, escape), _quoted("'", newlines, escape)
    return f"(?:{double}|{single})"


def _quoted(quote: str, newlines: str, escape: str) -> str:
    others = rf"[^{quote}\\{newlines}]*+"
    return f"{quote}{others}{loop(f'{escape}{others}')}{quote}"


_STARS = r"[^/*][^*]*+\*++"
#: A closed comment after its ``/*``.
BLOCK_COMMENT = rf"[^*]*+\*++{loop(_STARS)}/"
