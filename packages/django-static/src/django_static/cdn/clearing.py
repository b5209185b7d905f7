"""What this site has sent and no build names any more: since when that is so, and its removal."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Container

from .options import Options
from .state import Entry, State
from .store import Store, StoreError

__all__ = ["Clearing"]

_DAY_SECONDS = 86_400


class Clearing:
    """Goes by the records of this site alone: what is not in them may be anybody's.

    Pages in caches, and other machines with an earlier release, may name a file for some time after the last build that
    did; it stays as long as a version that was replaced.
    """

    def __init__(
        self, store: Store, state: State, options: Options, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._state = state
        self._prefix = options.prefix
        self._keep_days = options.keep_days
        self._clock = clock

    def mark(self, named: Container[str]) -> None:
        """Write down of what the build does not name that it is so from now on."""
        now = self._clock()
        for key, entry in self._candidates(named):
            if not entry.replaced:
                self._state.change(key, replaced=now)

    def due(self, named: Container[str]) -> list[str]:
        """What has been named by no build for long enough, as far as is written down; nobody is asked."""
        if self._keep_days is None:
            return []
        now = self._clock()
        latest = now - self._keep_days * _DAY_SECONDS
        # What is not marked yet will be by the run itself.
        return [key for key, entry in self._candidates(named) if (entry.replaced or now) <= latest]

    def run(self, named: Container[str]) -> tuple[list[str], dict[str, str]]:
        """Remove what is due and marked; the keys, and what went wrong with others."""
        removed: list[str] = []
        failed: dict[str, str] = {}
        folders: dict[str, dict[str, float]] = {}
        for key in self.due(named):
            folder = posixpath.dirname(key)
            try:
                if folder not in folders:
                    there = self._store.list(f"{folder}/" if folder else "")
                    folders[folder] = {each.key: each.modified for each in there}
                if self._removed(key, folders[folder].get(key)):
                    removed.append(key)
            except (OSError, StoreError) as error:
                failed[key] = str(error)
        return removed, failed

    def _removed(self, key: str, modified: float | None) -> bool:
        with self._state.locked(key, 30):
            self._state.refresh()
            entry = self._state.get(key)
            if entry is None or not entry.replaced:
                return False  # another process has done it, or has gone back to it
            if modified is not None and modified > entry.replaced:
                # Another machine has gone back to it since.
                self._state.change(key, replaced=modified)
                return False
            self._store.delete(key)
            self._state.note(key, None)
            return modified is not None

    def _candidates(self, named: Container[str]) -> list[tuple[str, Entry]]:
        found = []
        for key in sorted(self._state.keys()):
            entry = self._state.get(key)
            if entry is None or not entry.digest or entry.by_hand or key in named:
                continue
            if key.startswith(f"{self._prefix}/") if self._prefix else entry.sent:
                found.append((key, entry))
        return found
