"""Versions of a file on the CDN: which belong together, and which are older."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from .. import names
from .store import Stored

__all__ = [
    "Stamp",
    "came_later",
    "days_have_gone",
    "is_certain",
    "newer",
    "outdated",
    "stamp_of",
    "versions_of",
]

_DAY_SECONDS = 86_400
#: Stores tell the time in whole seconds (RFC 9110, 5.6.7), so of two times told the later one may be less by one.
_ROUNDING_SECONDS = 1
_MARK_LENGTH = 12
#: Twelve hexadecimal digits are the beginning of a digest, whatever they are; so far no time has as many.
_STAMPED = re.compile(
    r"(?P<stem>(?:.*/)?[^/]+)\.(?P<mark>[0-9a-f]{12}|-?\d+)(?:-[0-9a-f]{8})?(?P<extension>(?:\.[^./]+|\.(?:css|m?js)\.map)?)",
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
        return None if len(self.mark) == _MARK_LENGTH and self.mark[0] != "-" else int(self.mark)


class Version(NamedTuple):
    """A version of a file that is in a store."""

    stamp: Stamp
    stored: Stored


def stamp_of(key: str) -> Stamp | None:
    """The parts of a name; None where it has no mark.

    The whole name must fit, so that ``x-logo.1.png`` is no version of ``logo.2.png``.
    """
    found = _STAMPED.fullmatch(key)
    return Stamp(found["stem"], found["mark"], found["extension"]) if found else None


def is_certain(key: str) -> bool:
    """Whether a name alone says that the file was published, and is not one that somebody called so.

    ``logo.2.gif``, ``photo.20261122.png`` and ``photo.202611220930.png`` may be anybody's.
    """
    return names.has_sure_mark(key) and stamp_of(key) is not None


def versions_of(key: str, others: Iterable[Stored], known: Container[str] = ()) -> list[Version]:
    """The other versions of a file, marked in the same way.

    Args:
        others: what is in the store, of others too.
        known: the keys that are written down as published, whatever they look like.
    """
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
            and (is_certain(other.key) or other.key in known)
        ):
            found.append(Version(stamp, other))
    return found


def newer(key: str, others: Iterable[Stored], known: Container[str] = ()) -> str:
    """A later version of a file that is there already; empty if there is none. Digests have no order."""
    own = stamp_of(key)
    if own is None or own.time is None:
        return ""
    later = [
        (stamp.time, each.key) for stamp, each in versions_of(key, others, known) if stamp.time is not None
    ]
    return next((name for time, name in sorted(later, reverse=True) if time > own.time), "")


def outdated(
    key: str,
    others: Iterable[Stored],
    keep_days: float,
    now: float,
    replaced: Mapping[str, float],
    *,
    is_dated: bool = True,
) -> list[Stored]:
    """The older versions of a file that were replaced long enough ago to be removed, the oldest first.

    Pages that name a version may be in caches for some time after it was replaced. That was when the next one came, for
    what becomes current again is made to come again; whatever modification times say, since one may go back. Of what was
    published from here it is also written down, and the later of both counts: other machines know nothing of this one.
    What came last was the current one until ``key`` took its place, which is now.

    Args:
        key: the version that is the current one now.
        keep_days: how long after it was replaced a version is kept; none at all with 0.
        now: seconds of the epoch, by the clock of the store.
        replaced: when versions were replaced that are written down, by key, in seconds of the epoch.
        is_dated: whether the store tells when a version came again; if not, what is not written down stays.
    """
    own = stamp_of(key)
    if own is None:
        return []
    others = list(others)
    versions = versions_of(key, others, replaced)
    arrivals = [next((each.modified for each in others if each.key == key), now)]
    arrivals += [each.modified for _, each in versions]
    old = []
    for stamp, each in sorted(versions, key=_age):
        if own.time is not None and (stamp.time is None or stamp.time >= own.time):
            continue
        since = replaced.get(each.key, 0.0 if is_dated else now)
        if is_dated:
            since = max(since, min((date for date in arrivals if date > each.modified), default=now))
        if days_have_gone(keep_days, since, now):
            old.append(each)
    return old


def days_have_gone(days: float, since: float, now: float) -> bool:
    """Whether that many days have gone from one time to another, both as a store tells them."""
    return now - since + _ROUNDING_SECONDS >= days * _DAY_SECONDS


def came_later(key: str, others: Iterable[Stored]) -> bool:
    """Whether, by the dates of a store, another version is the current one, and not the one that has been named.

    That it may be nobody's version does not matter here: another machine may know that it is one.
    """
    others = list(others)
    known = {each.key for each in others}
    own = next((each.modified for each in others if each.key == key), None)
    return own is not None and any(each.modified >= own for _, each in versions_of(key, others, known))


def _age(version: Version) -> tuple[float, float, str]:
    stamp, stored = version
    return (stored.modified if stamp.time is None else stamp.time), stored.modified, stored.key
