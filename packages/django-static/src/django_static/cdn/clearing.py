"""What this site has sent and no build names any more: since when that is so, and its removal."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Container

from .options import Options
from .stamps import days_have_gone
from .state import Entry, State
from .store import Store, StoreError

__all__ = ["Clearing"]


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
        now = self._now()
        for key, entry in self._unnamed(named):
            # Of what others have sent, too: they may remove it, so it is asked for when a build names it again.
            if not entry.replaced:
                self._state.change(key, replaced=now)

    def due(self, named: Container[str]) -> list[str]:
        """What has been named by no build for long enough, as far as is written down; nobody is asked."""
        if self._keep_days is None:
            return []
        now = self._now()
        # What is not marked yet will be by the run itself.
        return [
            key
            for key, entry in self._unnamed(named)
            if self._is_ours(key, entry) and days_have_gone(self._keep_days, entry.replaced or now, now)
        ]

    def run(self, named: Container[str]) -> tuple[list[str], dict[str, str]]:
        """Remove what is due and marked, and written down as such; the keys, and what went wrong with others."""
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

    def _unnamed(self, named: Container[str]) -> list[tuple[str, Entry]]:
        found = []
        for key in sorted(self._state.keys()):
            entry = self._state.get(key)
            if entry is not None and entry.digest and not entry.by_hand and key not in named:
                found.append((key, entry))
        return found

    def _is_ours(self, key: str, entry: Entry) -> bool:
        return key.startswith(f"{self._prefix}/") if self._prefix else entry.sent

    def _now(self) -> float:
        """The time by the clock that dates what is in the store; by ours where that is not known."""
        told = self._store.now()
        return self._clock() if told is None else told
