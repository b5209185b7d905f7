"""What a slash in JavaScript means, told from what stands before it: a division, or a regular expression."""

from __future__ import annotations

import re

__all__ = [
    "BEFORE_VALUES",
    "ESCAPE_IN_CODE",
    "OPERATORS",
    "Unsure",
    "closes_head",
    "ends_with_keyword",
    "is_harmless",
]

#: Keywords that a value follows, so that a slash after them begins a regular expression.
BEFORE_VALUES = (
    *("await", "case", "default", "delete", "do", "else", "extends", "in", "instanceof"),
    *("new", "of", "return", "throw", "typeof", "void", "yield"),
)
#: After them a value must follow, too.
OPERATORS = "([{,;:?!=<>&|^~*%"
_HEADS = ("if", "while", "for", "with")
#: A backslash before any quote: no code, so what it stands in is a regular expression.
ESCAPE_IN_CODE = re.compile(r"/[^\"'`\\/]*+\\(?!u)")


class Unsure(Exception):
    """Nothing but a parser can tell."""


def is_harmless(regex: str, following: str) -> bool:
    """Whether what follows is the same code if this is no regular expression, but two divisions."""
    inner, _, _ = regex[1:].partition("/")
    return (
        not any(mark in inner for mark in "\"'`[\\")
        and inner[-1:].isalnum()
        and not ends_with_keyword(inner, len(inner))
        and following not in ("/", "*")
    )


def ends_with_keyword(text: str, end: int) -> bool:
    """Whether a value must follow, and not an operator."""
    word = _word_before(text, end)
    return word in BEFORE_VALUES and text[end - len(word) - 1 : end - len(word)] not in (".", "#")


def _word_before(text: str, end: int) -> str:
    start = end
    while start and (text[start - 1].isalnum() or text[start - 1] in "_$"):
        start -= 1
    return text[start:end]


def _opening(text: str, close: int, lowest: int) -> int:
    """The quote that opens the string a quote closes."""
    index = text.rfind(text[close], lowest, close)
    while index > 0 and text[index - 1] == "\\":
        index = text.rfind(text[close], lowest, index)
    if index < 0 or "\n" in text[index:close]:
        raise Unsure(f"a quote that may be none, at {close}")
    return index


def _seems_to_divide(text: str, index: int) -> bool:
    """The slash that opens a regular expression stands after an operator, and so does not seem to."""
    before, after = (
        text[max(0, index - 40) : index].rstrip(" \t"),
        text[index + 1 : index + 9].lstrip(" \t")[:1],
    )
    last = before[-1:]
    return (
        (last.isalnum() or last in tuple("_$)]"))
        and (after.isalnum() or after in tuple("_$("))
        and not ends_with_keyword(before, len(before))
    )


def closes_head(text: str, close: int) -> bool:
    """Whether a parenthesis closes the head of a statement, so that a statement follows."""
    index, depth = close - 1, 1
    lowest = max(0, close - 2000)
    while True:
        if index < lowest:
            raise Unsure(f"a slash after a long parenthesis, at {close}")
        character = text[index]
        if character == ")":
            depth += 1
        elif character == "(":
            depth -= 1
            if depth == 0:
                break
        elif character in "\"'":
            index = _opening(text, index, lowest)
        elif character == "/" and text[index - 1] == "*":
            index = max(text.rfind("/*", lowest, index - 1), 0)
        elif character == "`" or (character == "/" and not _seems_to_divide(text, index)):
            raise Unsure(f"a slash after a parenthesis with more than names, at {close}")
        elif character == "\n" and "//" in text[text.rfind("\n", 0, index) + 1 : index]:
            raise Unsure(f"a slash after a parenthesis with comments, at {close}")
        index -= 1
    before = text[max(0, index - 40) : index].rstrip()
    word = _word_before(before, len(before))
    if word == "await":
        before = before.removesuffix("await").rstrip()
        word = _word_before(before, len(before)) if before.endswith("for") else ""
    return word in _HEADS and not before[: len(before) - len(word)].endswith(".")
