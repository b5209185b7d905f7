"""What becomes of a file that is brought to a store, and what would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

__all__ = ["OUTDATED_ADVICE", "Outcome", "Outlook", "Tell", "What"]

#: Told of each file that was seen to: its key, what became of it, and the bytes sent.
Tell = Callable[[str, "What", int], object]

#: What to do about files that are not sent since there are later versions.
OUTDATED_ADVICE = (
    "to have the earlier one on the CDN give its original a modification time of now (touch), or set "
    "DJANGO_STATIC_FINGERPRINT = 'hash', by which no version is later than another"
)


class What(Enum):
    """What became of a file."""

    UPLOADED = "uploaded"
    THERE = "there already"
    #: A later version is in the store: this one is on its way out, and stays on the site.
    OUTDATED = "older than what is there"


@dataclass(slots=True)
class Outcome:
    """What was done for a file and those it refers to."""

    what: What
    #: The later version that is there.
    newer: str = ""
    removed: list[str] = field(default_factory=list)


class Outlook(NamedTuple):
    """What a file would come to that is not written down to be there, or is to be asked for."""

    #: Bytes that would be sent.
    size: int
    #: Whether the very content is written down to be there.
    is_known: bool
