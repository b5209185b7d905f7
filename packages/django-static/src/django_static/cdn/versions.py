"""The versions of a file in a store: which is the current one, and which are to be removed."""

from __future__ import annotations

import itertools
import logging
import posixpath
import threading
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence

from .stamps import came_later, outdated, stamp_of, versions_of
from .state import Entry, State
from .store import Payload, Store, Stored, StoreError

__all__ = ["Listing", "Versions"]

logger = logging.getLogger("django_static")


class Listing:
    """What a store has said that it has in some folders."""

    def __init__(self, folders: Mapping[str, Sequence[Stored]]) -> None:
        """``folders`` are those that could be listed."""
        self._keys = {folder: {each.key for each in there} for folder, there in folders.items()}
        self._versions: dict[tuple[str, str], list[Stored]] = {}
        for each in itertools.chain.from_iterable(folders.values()):
            stamp = stamp_of(each.key)
            if stamp is not None:
                self._versions.setdefault((stamp.stem, stamp.extension), []).append(each)

    def lacks(self, key: str) -> bool:
        """Whether a file is not there, as far as was said."""
        there = self._keys.get(posixpath.dirname(key))
        return there is not None and key not in there

    def versions(self, stem: str, extension: str) -> list[Stored]:
        return self._versions.get((stem, extension), [])


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

    def listing(self, keys: Iterable[str]) -> Listing:
        """What is there in the folders of these files: one question for each.

        Raises:
            StoreError: the store cannot be asked.
        """
        folders = {}
        for folder in sorted({posixpath.dirname(key) for key in keys}):
            there = list(self._store.list(f"{folder}/" if folder else ""))
            if self._store.can_list:
                folders[folder] = there
        return Listing(folders)

    def sweep(
        self,
        keys: Collection[str],
        listed: Listing,
        sent: Container[str],
        payload: Callable[[str], Payload],
    ) -> list[str]:
        """See to it that these files are the current versions by the dates of the store, and remove those that they have
        replaced long enough ago.

        Args:
            keys: all that is current.
            listed: what was there when all of it had been seen to.
            sent: those of them that came just now.
            payload: what is stored of each.

        Raises:
            StoreError: a file cannot be made to count as current.
        """
        old: list[Stored] = []
        for key in keys:
            own = stamp_of(key)
            if own is None:
                continue
            there = listed.versions(own.stem, own.extension)
            there = [each for each in there if each.key == key or each.key not in keys]
            if key not in sent and came_later(key, there):
                self._renew(key, payload(key), there)
                there = [each for each in there if each.key != key]  # it came now
            old += self._outdated(key, there)
        return self._removed(old)

    def written_outdated(self, keys: Collection[str]) -> list[str]:
        """Which versions :meth:`sweep` would remove by what is written down alone; nobody is asked."""
        written = Listing({"": [Stored(key, 0.0) for key in sorted(self._state.keys())]})
        now = self._now()
        found: list[str] = []
        for key in keys:
            own = stamp_of(key)
            if own is None or self._keep_days is None:
                continue
            there = [each for each in written.versions(own.stem, own.extension) if each.key not in keys]
            entries = {each.key: self._state.get(each.key) for each in there}
            # What is current until then is replaced only when its successor is there.
            replaced = {other: entry.replaced or now for other, entry in entries.items() if entry is not None}
            old = outdated(key, there, self._keep_days, now, replaced, is_dated=False)
            found += [each.key for each in old if self.is_ours(each.key)]
        return found

    def remove(self, key: str, versions: list[Stored]) -> list[str]:
        """Remove what a file has replaced long enough ago; one that is not among those that are there came now."""
        return self._removed(self._outdated(key, versions))

    def _outdated(self, key: str, versions: list[Stored]) -> list[Stored]:
        keep = self._keep_days
        others = versions_of(key, versions, self._state)
        if keep is None or not others:
            return []
        try:
            is_dated = self._store.can_renew(others[0].stored.key)
        except StoreError as error:
            self.complain(error)
            return []
        now = self._now()
        replaced = self._replaced([each.stored.key for each in others], now, is_dated=is_dated)
        found = outdated(key, versions, keep, now, replaced, is_dated=is_dated)
        return [each for each in found if self.is_ours(each.key)]

    def _removed(self, versions: list[Stored]) -> list[str]:
        """Remove versions; before the first one goes it is written down of all that nobody may take them to be there."""
        removed: list[str] = []
        if not versions:
            return removed
        for each in versions:
            self._state.doubt(each.key)
        try:
            self._state.flush()
            for each in versions:
                # Another machine may have gone back to it since the store was asked.
                if each in self._store.list(each.key):
                    self._store.delete(each.key)
                    self._state.note(each.key, None)
                    removed.append(each.key)
        except (OSError, StoreError) as error:
            self.complain(error)
        return removed

    def is_ours(self, key: str) -> bool:
        """Whether a file may be removed: another site may live on what it has sent, and look just like this one."""
        entry = self._state.get(key)
        return self._owns_all or (entry is not None and entry.sent)

    def complain(self, error: Exception) -> None:
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
