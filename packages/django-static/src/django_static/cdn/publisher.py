"""Bring one published file to a store: compare, upload, write down, remove what it has replaced."""

from __future__ import annotations

import logging
import posixpath
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from ..output import LockTimeout
from .addresses import url_of
from .headers import payload_of
from .options import Options
from .referred import used
from .stamps import newer, outdated, stamp_of, versions_of
from .state import Entry, State, signature
from .store import NoAddress, Payload, Standing, Store, Stored, StoreError

__all__ = ["Outcome", "Publisher", "What"]

logger = logging.getLogger("django_static")

#: Told of each file that was seen to: its key, what became of it, and the bytes sent.
Tell = Callable[[str, "What", int], object]


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


class Publisher:
    """Safe with threads and with other processes of the site."""

    def __init__(
        self, store: Store, state: State, options: Options, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._state = state
        self._options = options
        self._clock = clock
        self._complained = threading.Event()

    def is_known(self, key: str, path: Path) -> bool:
        """Whether a file is in the store, as far as is written down; nobody is asked, the file is not read."""
        entry = self._state.get(key)
        if entry is None:
            return False
        found = signature(path)
        return found is None or found[0] == entry.size

    def is_certain(self, key: str, path: Path) -> bool:
        """Whether the file is the very one that was stored, by its size and modification time, and stored as wanted."""
        entry = self._state.get(key)
        if entry is None or entry.replaced:  # what is used again is to be written down as the current version
            return False
        found = signature(path)
        return found is None or (*found, self._is_gzip()) == (entry.size, entry.mtime_ns, entry.gzip)

    def address(self, key: str) -> str:
        """Where browsers get a file, asked of the store where only that knows, and written down.

        Raises:
            NoAddress: the store has none that a page could print.
            StoreError: it could not be found out.
        """
        try:
            url = url_of(key, self._options.base, self._store)
        except NoAddress:
            self._state.change(key, url="", answers=False)
            raise
        self._state.named(key, url, self._clock())
        return url

    def publish(
        self, key: str, path: Path, *, verify: bool = False, tell: Tell = lambda key, what, sent: None
    ) -> Outcome:
        """Bring a file to the store, after all that it refers to.

        Args:
            verify: ask the store also where the file is written down to be there.
            tell: called for it and for each of those, in this thread.

        Raises:
            StoreError: it could not be done; nothing but the whole file is ever in the store under its name.
        """
        try:
            url = self.address(key)
        except NoAddress:
            raise
        except StoreError:
            url = ""  # some storages know the URLs of what is there only
        outcome = self._publish(key, path, verify, tell, {key})
        entry = self._state.get(key)
        if url:
            self._state.named(key, url, self._clock())
        elif entry is not None and not entry.url:
            self.address(key)
        return outcome

    def _publish(self, key: str, path: Path, verify: bool, tell: Tell, seen: set[str]) -> Outcome:
        try:
            payload = payload_of(path, with_gzip=self._is_gzip())
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
        if not verify and self._is_same(key, payload):
            self._note(key, payload)
            tell(key, What.THERE, 0)
            return Outcome(What.THERE)
        removed = []
        for other, place in used(key, path):
            # A circle is closed by the file that is asked for first.
            if other not in seen:
                seen.add(other)
                outcome = self._publish(other, place, verify, tell, seen)
                removed += outcome.removed
                if outcome.what is What.OUTDATED:
                    # It would look there for what is on the site only.
                    tell(key, outcome.what, 0)
                    return Outcome(outcome.what, outcome.newer, removed)
        try:
            # As long as another process may take with all its tries.
            with self._state.locked(key, self._options.read_timeout * self._options.attempts * 2):
                self._state.refresh()
                outcome = self._locked(key, payload, verify)
        except LockTimeout as error:
            raise StoreError(f"another process takes too long to store {key}: {error}") from error
        tell(key, outcome.what, payload.size if outcome.what is What.UPLOADED else 0)
        outcome.removed[:0] = removed
        return outcome

    def _locked(self, key: str, payload: Payload, verify: bool) -> Outcome:
        if not verify and self._is_same(key, payload):
            self._note(key, payload)
            return Outcome(What.THERE)
        standing = self._store.standing(key, payload)
        if standing is Standing.OTHER:
            raise StoreError(
                f"{key} is there with another content, which caches may keep for ever under that name; "
                "give the original another modification time, or set DJANGO_STATIC_FINGERPRINT = 'hash'"
            )
        if standing is Standing.SAME:
            self._note(key, payload)
            return Outcome(What.THERE)
        versions, refusal = self._versions(key)
        later = newer(key, versions, self._state)
        if later:
            self._state.note(key, None)
            return Outcome(What.OUTDATED, later)
        self._store.put(key, payload)
        self._note(key, payload, is_new=True)
        if refusal is not None:  # had the upload been refused as well, that would have been said
            self._complain(refusal)
        return Outcome(What.UPLOADED, removed=self._remove(key, versions))

    def sweep(self, keys: Collection[str]) -> list[str]:
        """Remove versions that these files have replaced long enough ago.

        Raises:
            StoreError: the store cannot be asked.
        """
        current = set(keys)
        versions: dict[tuple[str, str], list[Stored]] = {}
        for folder in sorted({posixpath.dirname(key) for key in keys}):
            for each in self._store.list(f"{folder}/" if folder else ""):
                stamp = stamp_of(each.key)
                if stamp is not None:
                    versions.setdefault((stamp.stem, stamp.extension), []).append(each)
        removed = []
        for key in keys:
            own = stamp_of(key)
            if own is not None:
                there = versions.get((own.stem, own.extension), [])
                removed += self._remove(
                    key, [each for each in there if each.key == key or each.key not in current]
                )
        return removed

    def _remove(self, key: str, versions: list[Stored]) -> list[str]:
        keep = self._options.keep_days
        if keep is None:
            return []
        removed = []
        now = self._clock()
        for old in outdated(key, versions, keep, now, self._replaced(key, versions, now)):
            try:
                self._store.delete(old)
            except StoreError as error:
                self._complain(error)
                break
            self._state.note(old, None)
            removed.append(old)
        return removed

    def _replaced(self, key: str, versions: list[Stored], now: float) -> dict[str, float]:
        """When the versions that are written down were replaced; those that were current until now are, now."""
        found = {}
        for _, other in versions_of(key, versions, self._state):
            entry = self._state.get(other.key)
            if entry is not None:
                found[other.key] = entry.replaced or now
                self._state.change(other.key, replaced=found[other.key])
        return found

    def _versions(self, key: str) -> tuple[list[Stored], StoreError | None]:
        """What is there under names that begin alike, and why that cannot be said."""
        stamp = stamp_of(key)
        if stamp is None:
            return [], None
        try:
            return list(self._store.list(f"{stamp.stem}.")), None
        except StoreError as error:
            return [], error

    def _complain(self, error: StoreError) -> None:
        if not self._complained.is_set():
            self._complained.set()
            logger.warning("old versions stay on the CDN: %s", error)

    def _is_same(self, key: str, payload: Payload) -> bool:
        entry = self._state.get(key)
        return entry is not None and (entry.digest, entry.encoding) == (
            payload.digest,
            payload.content_encoding,
        )

    def _note(self, key: str, payload: Payload, *, is_new: bool = False) -> None:
        """Write down that a file is there, and the current version; since when, if that was known before."""
        found = signature(payload.path)
        if found is None:
            return
        before = self._state.get(key)
        known = before if before is not None and not is_new and self._is_same(key, payload) else None
        new = Entry(
            payload.digest,
            *found,
            since=known.since if known else self._clock(),
            encoding=payload.content_encoding,
            gzip=self._is_gzip(),
            answers=known is not None and known.answers,
            url=before.url if before else "",
        )
        if new != before:
            self._state.note(key, new)

    def _is_gzip(self) -> bool:
        return self._options.gzip and self._store.takes_encodings
