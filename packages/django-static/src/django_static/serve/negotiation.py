"""Which content coding a client wants (RFC 9110, 12.5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["IDENTITY", "LONGEST", "qualities", "quality"]

IDENTITY = "identity"
#: Characters of a field. All registered codings with weights need 250; a browser sends 30.
LONGEST = 1024
_NOTHING: Mapping[str, float] = {IDENTITY: 1.0}

#: Without a word about it, sending the file as it is stays possible, and is the last choice.
_UNMENTIONED = 0.0005
#: A coding or ``*``, and its weight (12.4.2).
_MEMBER = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?", re.ASCII
)
#: What counts as the same (8.4.1.3).
_SAME = {"x-gzip": "gzip", "x-compress": "compress"}


def qualities(field: str) -> Mapping[str, float]:
    """The weight of each coding that an ``Accept-Encoding`` field names, ``*`` among them; malformed members are left out.

    Of a coding that is named twice the first mention counts. A field longer than :data:`LONGEST` bytes is as good as none,
    which a server may take it for (12.5.3).
    """
    return _qualities(field) if len(field) <= LONGEST else _NOTHING


@lru_cache(maxsize=128)
def _qualities(field: str) -> Mapping[str, float]:
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
