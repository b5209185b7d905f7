"""The versions of a file in a store: which is the current one, and which are to be removed."""

from __future__ import annotations

import logging
import posixpath
import threading
from collections.abc import Callable, Collection, Container, Iterable

from .stamps import came_later, outdated, stamp_of, versions_of
from .state import Entry, State
from .store import Payload, Store, Stored, StoreError

__all__ = ["Versions"]

logger = logging.getLogger("django_static")


class Versions:
    """Other machines publish, too, and know nothing of what is written down here: they go by the dates in the store. So a
    version that is used again is made to come again."""

    def __init__(
        self,
        store: Store,
        state: State,
        keep_days: float | None,
        clock: Callable[[], float],
        *,
        owns_all: bool,
    ) -> None:
        """``keep_days`` is how long a version stays after it was replaced, or None for ever; with ``owns_all`` nobody else
        has files in this place, and what looks like one of ours is, whichever of the site's machines has sent it."""
        self._store = store
        self._state = state
        self._keep_days = keep_days
        self._clock = clock
        self._owns_all = owns_all
        self._complained = threading.Event()

    def there(self, key: str) -> tuple[list[Stored], StoreError | None]:
        """What is there under names that begin alike, and why that cannot be said."""
        stamp = stamp_of(key)
        if stamp is None:
            return [], None
        try:
            return list(self._store.list(f"{stamp.stem}.")), None
        except StoreError as error:
            return [], error

    def used_again(self, key: str, payload: Payload) -> None:
        """See to it that a file that is there is the current version by the dates of the store.

        Raises:
            StoreError: it cannot be made to count as that.
        """
        versions, refusal = self.there(key)
        if refusal is not None:  # then nobody with these rights removes anything either
            self.complain(refusal)
        elif came_later(key, versions):
            self._renew(key, payload, versions)

    def sweep(
        self, keys: Collection[str], sent: Container[str], payload: Callable[[str], Payload]
    ) -> list[str]:
        """See to it that these files are the current versions by the dates of the store, and remove those that they have
        replaced long enough ago.

        Args:
            keys: all that is current.
            sent: those of them that came just now.
            payload: what is stored of each.

        Raises:
            StoreError: the store cannot be asked, or a file cannot be made to count as current.
        """
        versions: dict[tuple[str, str], list[Stored]] = {}
        for folder in sorted({posixpath.dirname(key) for key in keys}):
            for each in self._store.list(f"{folder}/" if folder else ""):
                stamp = stamp_of(each.key)
                if stamp is not None:
                    versions.setdefault((stamp.stem, stamp.extension), []).append(each)
        removed = []
        for key in keys:
            own = stamp_of(key)
            if own is None:
                continue
            there = versions.get((own.stem, own.extension), [])
            there = [each for each in there if each.key == key or each.key not in keys]
            if key not in sent and came_later(key, there):
                self._renew(key, payload(key), there)
                there = [each for each in there if each.key != key]  # it came now
            removed += self.remove(key, there)
        return removed

    def remove(self, key: str, versions: list[Stored]) -> list[str]:
        """Remove what a file has replaced long enough ago; one that is not among those that are there came now."""
        keep = self._keep_days
        removed: list[str] = []
        others = versions_of(key, versions, self._state)
        if keep is None or not others:
            return removed
        try:
            is_dated = self._store.can_renew(others[0].stored.key)
            now = self._now()
            replaced = self._replaced([each.stored.key for each in others], now, is_dated=is_dated)
            for old in outdated(key, versions, keep, now, replaced, is_dated=is_dated):
                if not self.is_ours(old.key):
                    continue
                # Another machine may have gone back to it since the store was asked.
                if old in self._store.list(old.key):
                    self._store.delete(old.key)
                    self._state.note(old.key, None)
                    removed.append(old.key)
        except StoreError as error:
            self.complain(error)
        return removed

    def is_ours(self, key: str) -> bool:
        """Whether a file may be removed: another site may live on what it has sent, and look just like this one."""
        entry = self._state.get(key)
        return self._owns_all or (entry is not None and entry.sent)

    def complain(self, error: StoreError) -> None:
        """Warn once that nothing is removed."""
        if not self._complained.is_set():
            self._complained.set()
            logger.warning("old versions stay on the CDN: %s", error)

    def _renew(self, key: str, payload: Payload, versions: Iterable[Stored]) -> None:
        """A version takes the place of those that had been published in its place."""
        is_dated = self._store.can_renew(key)
        if is_dated:
            self._store.renew(key, payload)
        others = versions_of(key, versions, self._state)
        self._replaced([each.stored.key for each in others], self._now(), is_dated=is_dated)

    def _replaced(self, keys: Iterable[str], now: float, *, is_dated: bool) -> dict[str, float]:
        """When the versions that are written down were replaced; those that were current until now are, now.

        Where the store does not tell when a version came again, those of others are written down as well: for all that is
        known they were current until now.
        """
        found = {}
        for key in keys:
            entry = self._state.get(key)
            if entry is None and not is_dated:
                entry = Entry("", -1, 0, self._clock())
                self._state.note(key, entry)
            if entry is not None:
                found[key] = entry.replaced or now
                self._state.change(key, replaced=found[key])
        return found

    def _now(self) -> float:
        """The time by the clock that dates what is in the store; by ours where that is not known."""
        told = self._store.now()
        return self._clock() if told is None else told
