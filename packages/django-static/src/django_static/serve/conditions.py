"""Conditional requests (RFC 9110, 13): whether to go on, and if not, with what status."""

from __future__ import annotations

import re

from django.utils.http import parse_http_date_safe

from .request import Request

__all__ = ["holds_range", "verdict"]

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
#: A list as recipients must take it: with empty members (5.6.1.2).
_TAGS = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*,)*[ \t]*{_TAG})*[ \t,]*")
_EACH = re.compile(_TAG)


def verdict(request: Request, etag: str, modified: int) -> int:
    """304, 412, or 0 to go on; in the order of 13.2.2.

    ``modified`` is in epoch seconds, 0 where no date is given with the file: dates then mean nothing.
    """
    if request.if_match is not None:
        if not _has(request.if_match, etag, is_weak=False):
            return 412
    elif request.if_unmodified_since is not None and modified:
        date = parse_http_date_safe(request.if_unmodified_since)
        if date is not None and modified > date:
            return 412
    if request.if_none_match is not None:
        return 304 if _has(request.if_none_match, etag, is_weak=True) else 0
    if request.if_modified_since is not None and modified:
        date = parse_http_date_safe(request.if_modified_since)
        if date is not None and modified <= date:
            return 304
    return 0


def holds_range(field: str, etag: str, modified: int) -> bool:
    """Whether an ``If-Range`` field lets a range be sent (13.1.5): by the same strong tag, or exactly the same date.

    ``modified`` is 0 where a date says nothing for sure.
    """
    if field.lstrip(" \t").startswith(('"', "W/")):
        return field.strip(" \t") == etag and not etag.startswith("W/")
    return bool(modified) and parse_http_date_safe(field) == modified


def _has(field: str, etag: str, *, is_weak: bool) -> bool:
    """Whether a list names a tag, or is ``*``; a malformed list names none."""
    if field.strip(" \t") == "*":
        return True
    if field == etag and is_weak:
        return True  # what a browser sends
    if _TAGS.fullmatch(field) is None:
        return False
    if is_weak:
        bare = etag.removeprefix("W/")
        return any(each.removeprefix("W/") == bare for each in _EACH.findall(field))
    return not etag.startswith("W/") and etag in _EACH.findall(field)
