"""Byte ranges (RFC 9110, 14)."""

from __future__ import annotations

import re

__all__ = ["MOST", "Span", "spans"]

#: From the first byte up to, and without, the second.
Span = tuple[int, int]

#: More ranges than this in one request are no request for parts of a file (14.2, 17.15): all of it is sent.
MOST = 16

_SET = re.compile(r"bytes=(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)
_RANGE = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
#: Digits of a number that no file has bytes.
_DIGITS = 18


def spans(field: str, size: int) -> list[Span] | None:
    """What a ``Range`` field asks for of so many bytes, in its order; None to ignore it, empty if nothing of it is there.

    Ignored are other units, what is malformed, too many ranges, those that come to more than the file, and all of them where
    it is empty, since no 206 can be said of that.
    """
    match = _SET.fullmatch(field.strip(" \t"))
    if match is None:
        return None
    members = [member.strip(" \t") for member in match[1].split(",")]
    members = [member for member in members if member]
    if not members or len(members) > MOST:
        return None
    found: list[Span] = []
    suffix = False
    for member in members:
        one = _RANGE.fullmatch(member)
        if one is None or member == "-":
            return None
        first, last = one[1], one[2]
        if not first:
            length = _number(last)
            suffix = suffix or length > 0
            start, stop = max(0, size - length), size
        else:
            start = _number(first)
            stop = size if not last else min(size, _number(last) + 1)
            if last and _number(last) < start:
                return None
        if start < stop:
            found.append((start, stop))
    if not size and suffix:
        return None
    if sum(stop - start for start, stop in found) > size:
        return None
    return found


def _number(digits: str) -> int:
    significant = digits.lstrip("0")
    return 10**_DIGITS if len(significant) > _DIGITS else int(significant or "0")
