"""What pages that publish by themselves need of the files in a folder that several sites publish to.

Their records lie in one folder that receives files, where a clean-up of another site does not look. In the others they leave,
for each record, the names of the files there that it stands for, and of those that it has replaced.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from . import claims, output, recorded
from .places import STATE_FOLDER
from .records import REPLACED, SINCE

__all__ = ["Needed", "PageClaims", "left"]

_RECORD = re.compile(r"[0-9a-f]{32}\.json")


class PageClaims:
    """Those of one folder of records."""

    def __init__(self, state: Path, folders: Sequence[Path]) -> None:
        """``folders`` are those that several sites may publish to."""
        self._state = state
        #: Those by their state folders: several may be one, by links.
        self._folders: dict[str, list[Path]] = {}
        for folder in claims.inner_first(folders):
            self._folders.setdefault(os.path.realpath(folder / STATE_FOLDER), []).append(folder)

    def held(self, timeout: float) -> contextlib.AbstractContextManager[None]:
        """Keep clean-ups out of the folders, from the look at what is there until it is said to be needed.

        Raises:
            LockTimeout: one took too long.
        """
        return claims.shared(sorted(self._folders), timeout)

    def leave(self, place: Path, value: Any) -> None:
        """Say what the values of a record need, which is kept in that place; None where there is none any more.

        Raises:
            OSError: it could not be written.
            Unreadable: it is no record.
        """
        for folder, same in self._elsewhere:
            kept, named = folder / place.name, _needed(same, place, value)
            if any(named.values()):
                output.store(kept, named)
            else:
                kept.unlink(missing_ok=True)

    def lacks(self, place: Path, value: Any) -> bool:
        """Whether some of what :meth:`leave` says is not there: somebody has removed the state of a folder.

        Raises:
            Unreadable: it is no record.
        """
        return any(
            not (folder / place.name).exists() and any(_needed(same, place, value).values())
            for folder, same in self._elsewhere
        )

    @cached_property
    def _elsewhere(self) -> list[tuple[Path, list[Path]]]:
        """Where to say it in each folder that has not the records themselves, which is all of these."""
        own = os.path.realpath(self._state)
        return [
            (claims.place_of(state, self._state), same)
            for state, same in self._folders.items()
            if state != own
        ]


class Needed(NamedTuple):
    """What one record of a page needs in a folder."""

    place: Path
    #: Paths.
    files: list[str]
    #: What it has replaced, with the times in seconds of the epoch.
    replaced: list[tuple[float, list[str]]]


def left(folder: Path, own: Path) -> Iterator[Needed]:
    """What pages need in a folder that receives files, but for those with their records in the folder ``own``.

    Raises:
        Unreadable: something of it is damaged.
    """
    mine = claims.place_of(os.path.realpath(folder / STATE_FOLDER), own).name
    for site in claims.places(folder):
        for place in sorted(site.iterdir()) if site.name != mine else ():
            if _RECORD.fullmatch(place.name) and not place.is_symlink():
                yield _read(folder, place)


def _read(folder: Path, place: Path) -> Needed:
    value = recorded.load(place)
    try:
        replaced = [(float(since), _joined(folder, named)) for since, named in value[REPLACED]]
        return Needed(place, _joined(folder, value["files"]), replaced)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise recorded.unreadable(place, error) from error


def _joined(folder: Path, named: list[str]) -> list[str]:
    return [os.path.join(folder, *name.split("/")) for name in named]  # noqa: PTH118


def _needed(same: Sequence[Path], place: Path, value: Any) -> dict[str, list[Any]]:
    """What the values of a record need in a folder, by the names from there on."""
    current, replaced = ([], []) if value is None else _paths(value, place)
    before = [(since, _inside(same, paths)) for since, paths in replaced]
    return {"files": _inside(same, current), REPLACED: [each for each in before if each[1]]}


def _inside(folders: Sequence[Path], paths: Sequence[str]) -> list[str]:
    return sorted({name for folder in folders for name in claims.names_inside(folder, paths).values()})


def _paths(value: Mapping[str, Any], place: Path) -> tuple[list[str], list[tuple[float, list[str]]]]:
    """What a record stands for and was made of, and what it stood for before, each until when.

    Its originals may be what another site has published.
    """
    before = [(each[SINCE], recorded.outputs(each, place)) for each in recorded.replaced(dict(value), place)]
    now = [*recorded.outputs(value, place), *recorded.inputs(value, place)] if "outputs" in value else []
    return now, before
