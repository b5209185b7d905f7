"""What pages have published that publish by themselves, as their records say: any name may be one of theirs."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from .. import recorded

__all__ = ["Pages"]

_RECORD = re.compile(r"[0-9a-f]{32}\.json")
#: A folder that was changed this long ago has a time that the next change will not have, in nanoseconds.
_SETTLED = 1_000_000_000


class Pages:
    """Reads the records in a folder when it has others than before; of what is there still only what has changed."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._seen = 0
        #: What each record says, by its name, with the state it was read in.
        self._known: dict[str, tuple[tuple[int, int], frozenset[str]]] = {}
        self._paths: frozenset[str] = frozenset()

    def have(self, path: str) -> bool:
        """Whether a page has published a file in that place."""
        try:
            changed = self._state.stat().st_mtime_ns
            if changed != self._seen:
                self._read()
                self._seen = changed if time.time_ns() - changed > _SETTLED else 0
        except OSError:
            return False
        return os.path.abspath(path) in self._paths  # noqa: PTH100 (links stay)

    def _read(self) -> None:
        """Read what is new.

        Raises:
            OSError: there is no such folder, or none for this user.
        """
        known = {}
        with os.scandir(self._state) as entries:
            for entry in entries:
                if _RECORD.fullmatch(entry.name):
                    before = self._known.get(entry.name)
                    try:
                        status = entry.stat()
                    except FileNotFoundError:
                        continue
                    seen = status.st_mtime_ns, status.st_ino
                    is_same = before is not None and before[0] == seen
                    known[entry.name] = before if is_same and before else (seen, _paths(Path(entry.path)))
        self._known = known
        self._paths = frozenset().union(*(paths for _, paths in known.values()))


def _paths(place: Path) -> frozenset[str]:
    """The files that a record names, and that it named before; none where it is damaged."""
    try:
        value = recorded.load(place)
        if not isinstance(value, dict):
            return frozenset()
        values = [value, *recorded.replaced(value, place)]
        found = [path for each in values if "outputs" in each for path in recorded.outputs(each, place)]
    except recorded.Unreadable:
        return frozenset()
    return frozenset(map(os.path.abspath, found))
