"""Which content coding a client wants (RFC 9110, 12.5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["IDENTITY", "qualities", "quality"]

IDENTITY = "identity"

#: Without a word about it, sending the file as it is stays possible, and is the last choice.
_UNMENTIONED = 0.0005
#: A coding or ``*``, and its weight (12.4.2).
_MEMBER = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?", re.ASCII
)
#: What counts as the same (8.4.1.3).
_SAME = {"x-gzip": "gzip", "x-compress": "compress"}


@lru_cache(maxsize=512)
def qualities(field: str) -> Mapping[str, float]:
    """The weight of each coding that an ``Accept-Encoding`` field names, ``*`` among them; malformed members are left out.

    Of a coding that is named twice the first mention counts.
    """
    found: dict[str, float] = {}
    for member in field.split(","):
        match = _MEMBER.fullmatch(member.strip(" \t"))
        if match is not None:
            coding = match[1].lower()
            found.setdefault(_SAME.get(coding, coding), 1.0 if match[2] is None else float(match[2]))
    return found


def quality(wanted: Mapping[str, float], coding: str) -> float:
    """The weight of a coding; 0 where it is not acceptable."""
    default = _UNMENTIONED if coding == IDENTITY else 0.0
    return wanted.get(coding, wanted.get("*", default))
