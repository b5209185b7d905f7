"""The literals of a script as values: strings, numbers, regular expressions, property keys."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["UnclearError", "key", "number", "regex", "unescaped"]

#: A node of the normal form: a tuple of a tag and forms, strings, lists of forms, or variables.
Form = tuple[Any, ...]

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(\r\n|[\n\r\u2028\u2029])|(0(?![0-9]))|([0-9])|([\s\S]))"
)
_CLASS = re.compile(r"\\.|\[(?:[^\]\\]|\\.)*\]", re.DOTALL)
_NEEDLESS_ESCAPE = re.compile(r"\\([^\w\\\]^\-]|-(?=\]$))|\\.", re.DOTALL)
#: Outside of a class, and without a flag that makes an error of it: a mark that means itself wherever it stands. Those that
#: a group or a quantifier is written with do not.
_PLAIN_MARK = re.compile(r"\\[^\w\\^$.*+?()\[\]{}|/,:=!<>\n\r\u2028\u2029]")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


class UnclearError(Exception):
    """A script has what is an error in one mode, or a syntax error that the parser does not see."""


def key(form: Form) -> Form:
    """A property key: ``a[0]``, ``a["0"]`` and ``{0: 1}`` mean the same one."""
    if form[0] == "number" and form[1].endswith(".0") and "e" not in form[1]:
        return ("string", "0" if form[1] == "-0.0" else form[1][:-2])
    return form


def number(text: str) -> Form:
    plain = text.replace("_", "").lower()
    if plain.endswith("n"):
        return ("bigint", str(int(plain[:-1], 0)))
    if len(plain) > 1 and plain[0] == "0" and plain.isdigit():
        raise UnclearError(f"{text} is an error in strict code")
    if plain[:2] in ("0x", "0o", "0b"):
        return ("number", repr(float(int(plain, 0))))
    return ("number", repr(float(plain)))


def _plain_class(match: re.Match[str]) -> str:
    """A character class without the backslashes it does not need."""
    found = match[0]
    return found if found[0] == "\\" else _NEEDLESS_ESCAPE.sub(lambda escape: escape[1] or escape[0], found)


def _plain_part(match: re.Match[str]) -> str:
    """The same, and a mark outside of classes without the one it does not need."""
    return match[0][1:] if _PLAIN_MARK.fullmatch(match[0]) else _plain_class(match)


def unescaped(text: str) -> str:
    """The value of the inside of a string or untagged template."""
    if "\\" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        braced, four, two, newline, zero, octal, other = match.groups()
        if newline is not None:
            return ""
        if zero is not None:
            return "\0"
        if octal is not None:
            raise UnclearError(f"\\{octal} is an error in strict code")
        code = braced or four or two
        return chr(int(code, 16)) if code else _SIMPLE.get(other, other)

    return _ESCAPE.sub(value, text).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def regex(pattern: str, flags: str) -> Form:
    """A regular expression; ``\\/`` and ``/`` are the same in a character class, and ``\\%`` and ``%`` everywhere."""
    letters = "".join(sorted(flags))
    plain = _plain_class if "u" in letters else _plain_part
    return ("regex", pattern if "v" in letters else _CLASS.sub(plain, pattern), letters)
