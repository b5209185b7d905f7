"""Versions of a file on the CDN: which belong together, and which are older."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .store import Stored

__all__ = ["Stamp", "newer", "outdated", "stamp_of"]

_DAY_SECONDS = 86_400
#: Twelve hexadecimal digits are the beginning of a digest, whatever they are; so far no time has as many.
_STAMPED = re.compile(
    r"(?P<stem>(?:.*/)?[^/]+)\.(?P<mark>[0-9a-f]{12}|-?\d+)(?:-[0-9a-f]{8})?(?P<extension>(?:\.[^./]+)?)",
    re.DOTALL,
)


class Stamp(NamedTuple):
    """The parts of a published name: ``img/logo.1269170122.png``."""

    #: With the folder: ``img/logo``.
    stem: str
    mark: str
    #: With its dot.
    extension: str

    @property
    def time(self) -> int | None:
        """The modification time, or None where the mark is one of the content."""
        return None if len(self.mark) == 12 else int(self.mark)


def stamp_of(key: str) -> Stamp | None:
    """The parts of a name; None where it has no mark.

    The whole name must fit, so that ``x-logo.1.png`` is no version of ``logo.2.png``.
    """
    found = _STAMPED.fullmatch(key)
    return Stamp(found["stem"], found["mark"], found["extension"]) if found else None


def _versions(key: str, others: Iterable[Stored]) -> list[tuple[Stamp, Stored]]:
    """The other versions of a file, marked in the same way."""
    own = stamp_of(key)
    if own is None:
        return []
    found = []
    for other in others:
        stamp = stamp_of(other.key)
        if (
            stamp is not None
            and other.key != key
            and (stamp.stem, stamp.extension) == (own.stem, own.extension)
            and (stamp.time is None) == (own.time is None)
        ):
            found.append((stamp, other))
    return found


def newer(key: str, others: Iterable[Stored]) -> str:
    """A later version of a file that is there already; empty if there is none. Digests have no order."""
    own = stamp_of(key)
    if own is None or own.time is None:
        return ""
    later = [(stamp.time, each.key) for stamp, each in _versions(key, others) if stamp.time is not None]
    return next((name for time, name in sorted(later, reverse=True) if time > own.time), "")


def outdated(key: str, others: Iterable[Stored], keep_days: float, now: float) -> list[str]:
    """The older versions of a file that were replaced long enough ago to be removed, the oldest first.

    A version is replaced when the first later one comes: pages that name it may be in caches for some time after that.
    Versions by modification time are older when that is; those by content when they came before, and ``key`` is
    the last of them.

    Args:
        keep_days: how long after it was replaced a version is kept; none at all with 0.
        now: seconds of the epoch, when ``key`` came.
    """
    own = stamp_of(key)
    if own is None:
        return []

    def rank(stamp: Stamp, each: Stored) -> float:
        return each.modified if stamp.time is None else stamp.time

    own_rank = now if own.time is None else own.time
    others = list(others)
    # One that is there already has taken the place of the others then, and not now.
    arrived = next((each.modified for each in others if each.key == key), now)
    versions = [(rank(stamp, each), each.modified, each.key) for stamp, each in _versions(key, others)]
    ranked = [*versions, (own_rank, arrived, key)]
    old = []
    for place, modified, name in sorted(versions):
        later = [came for other, came, _ in ranked if other > place]
        if place < own_rank and later:
            replaced = max(modified, min(later))
            if now - replaced >= keep_days * _DAY_SECONDS:
                old.append(name)
    return old
