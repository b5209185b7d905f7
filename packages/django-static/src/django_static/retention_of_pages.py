"""Which published files pages want that publish by themselves: those of a site, and of others that publish to its folders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import page_claims, recorded
from .places import STATE_FOLDER
from .records import REPLACED, SINCE
from .sources import signature

if TYPE_CHECKING:
    from .retention import Retention

__all__ = ["read", "read_claims", "read_others"]

_RECORD = re.compile(r"[0-9a-f]{32}\.json")


def read(found: Retention, folder: Path, oldest: float, now: float, reason: str) -> None:
    """What the records of pages in a folder say.

    Args:
        found: is told of it.
        oldest: what was replaced later is wanted still, in seconds of the epoch.
        now: the same.
        reason: why it is.

    Raises:
        Unreadable: a record is damaged.
    """
    _Pages(found, folder, oldest, now, reason).read()


def read_claims(found: Retention, folder: Path, pages: Path, oldest: float) -> None:
    """What pages of other sites need in a folder that receives files, with their records elsewhere, but in ``pages``.

    Raises:
        Unreadable: something of it is damaged.
    """
    for needed in page_claims.left(folder, pages):
        found.want(needed.files, "pages of other sites")
        for since, files in needed.replaced:
            if since > oldest:
                found.want(files, "pages of other sites")


def read_others(
    found: Retention, there: Retention, folder: Path, pages: Path, oldest: float, now: float
) -> None:
    """What those need that keep their records in the folder, unless that is ``pages``; ``there`` is for what these say.

    Raises:
        Unreadable: a record is damaged.
    """
    state = folder / STATE_FOLDER
    if state.is_dir() and not (pages.is_dir() and state.samefile(pages)):
        read(there, state, oldest, now, "")
        found.originals |= there.originals
        found.want(there.wanted, "pages with records in the folder")


class _Pages:
    """The records that pages keep; each holds what it said before, too."""

    def __init__(self, found: Retention, folder: Path, oldest: float, now: float, reason: str) -> None:
        self._found = found
        self._folder = folder
        self._oldest = oldest
        self._reason = reason
        self._now = now

    def read(self) -> None:
        found = self._found
        values = self._values()
        live = self._live(values)
        identities = {place.stem: recorded.identity(values[place]) for place in live}
        #: What is referred to from what is wanted: keys with identities.
        held: set[tuple[str, str]] = set()
        replaced: list[tuple[Path, dict[str, Any]]] = []
        for place, value in values.items():
            before = list(recorded.replaced(value, place))
            for each in [value, *before]:
                found.originals.update(recorded.inputs(each, place))
            if place in live:
                found.want(recorded.outputs(value, place), "pages: in use")
                held |= {each for each in recorded.uses(value, place) if identities.get(each[0]) != each[1]}
            elif "outputs" in value:
                # Its originals are gone; nobody knows since when.
                before.append({**_without(value, REPLACED), SINCE: self._now})
            replaced += [(place, each) for each in before]
        kept = self._kept(replaced, held)
        for place, value in values.items():
            now = _without(value, REPLACED) if place in live else {}
            if place in kept:
                now[REPLACED] = kept[place]
            if now != value:
                found.records[place] = now or None

    def _kept(
        self, replaced: list[tuple[Path, dict[str, Any]]], held: set[tuple[str, str]]
    ) -> dict[Path, list[dict[str, Any]]]:
        """Those that were replaced lately, or that are referred to by something wanted; the rest is unwanted."""
        found = self._found
        kept: dict[Path, list[dict[str, Any]]] = {}
        while True:
            rest = []
            for place, value in replaced:
                if value[SINCE] > self._oldest or (place.stem, recorded.identity(value)) in held:
                    kept.setdefault(place, []).append(value)
                    held |= recorded.uses(value, place)
                    found.want(recorded.outputs(value, place), self._reason)
                else:
                    rest.append((place, value))
            if len(rest) == len(replaced):
                break
            replaced = rest
        for place, value in rest:
            found.drop(recorded.sizes(value, place), may_be_link=True)
        return kept

    def _values(self) -> dict[Path, dict[str, Any]]:
        values = {}
        for place in sorted(self._folder.glob("*.json")):
            if _RECORD.fullmatch(place.name):
                value = recorded.load(place)
                if not isinstance(value, dict):
                    raise recorded.unreadable(place, "it is no record")
                values[place] = value
        return values

    def _live(self, values: Mapping[Path, dict[str, Any]]) -> set[Path]:
        """Those whose originals are there, and those that they use."""

        def used(place: Path) -> list[Path]:
            keys = (key for key, _ in recorded.uses(values[place], place))
            return [
                path for key in keys if "outputs" in values.get(path := place.with_name(f"{key}.json"), {})
            ]

        pending = []
        for place in values:
            if "outputs" in values[place]:
                # The members of a circle have their originals in a record of the whole.
                alone = [place] if recorded.inputs(values[place], place) else used(place)
                if all(signature(path) for each in alone for path in recorded.inputs(values[each], each)):
                    pending.append(place)
        live: set[Path] = set()
        while pending:
            place = pending.pop()
            if place not in live:
                live.add(place)
                pending += used(place)
        return live


def _without(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {each: part for each, part in value.items() if each != name}
