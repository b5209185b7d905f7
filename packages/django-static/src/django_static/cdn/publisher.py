"""Bring one published file to a store: compare, upload, write down, remove what it has replaced."""

from __future__ import annotations

import logging
import posixpath
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..output import LockTimeout
from ..references import css, js
from ..sources import is_foreign
from .headers import payload_of
from .options import Options
from .stamps import newer, outdated, stamp_of
from .state import Entry, State, signature
from .store import Payload, Standing, Store, Stored, StoreError

__all__ = ["Outcome", "Publisher", "What"]

logger = logging.getLogger("django_static")

_READERS = {".css": css.references, ".js": js.references, ".mjs": js.references}


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
    #: Bytes sent.
    sent: int = 0
    #: Files that had to be sent; those that are referred to count.
    uploads: int = 0
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
        if entry is None:
            return False
        found = signature(path)
        return found is None or (*found, self._is_gzip()) == (entry.size, entry.mtime_ns, entry.gzip)

    def publish(self, key: str, path: Path, *, verify: bool = False) -> Outcome:
        """Bring a file to the store, after all that it refers to.

        Args:
            verify: ask the store also where the file is written down to be there.

        Raises:
            StoreError: it could not be done; nothing but the whole file is ever in the store under its name.
        """
        return self._publish(key, path, verify, {key})

    def _publish(self, key: str, path: Path, verify: bool, seen: set[str]) -> Outcome:
        try:
            payload = payload_of(path, with_gzip=self._is_gzip())
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
        if not verify and self._is_same(key, payload):
            self._note(key, payload)
            return Outcome(What.THERE)
        outcome = Outcome(What.UPLOADED)
        for other, place in _used(key, path):
            # A circle is closed by the file that is asked for first.
            if other not in seen:
                seen.add(other)
                used = self._publish(other, place, verify, seen)
                outcome.sent += used.sent
                outcome.uploads += used.uploads
                outcome.removed += used.removed
                if used.what is What.OUTDATED:
                    # It would look there for what is on the site only.
                    outcome.what, outcome.newer = used.what, used.newer
                    return outcome
        try:
            # As long as another process may take with all its tries.
            with self._state.locked(key, self._options.read_timeout * self._options.attempts * 2):
                self._state.refresh()
                return self._locked(key, payload, verify, outcome)
        except LockTimeout as error:
            raise StoreError(f"another process takes too long to store {key}: {error}") from error

    def _locked(self, key: str, payload: Payload, verify: bool, outcome: Outcome) -> Outcome:
        if not verify and self._is_same(key, payload):
            self._note(key, payload)
            outcome.what = What.THERE
            return outcome
        standing = self._store.standing(key, payload)
        if standing is Standing.OTHER:
            raise StoreError(
                f"{key} is there with another content, which caches may keep for ever under that name; "
                "give the original another modification time, or set DJANGO_STATIC_FINGERPRINT = 'hash'"
            )
        if standing is Standing.SAME:
            self._note(key, payload)
            outcome.what = What.THERE
            return outcome
        versions = self._versions(key)
        outcome.newer = newer(key, versions)
        if outcome.newer:
            outcome.what = What.OUTDATED
            self._state.note(key, None)
            return outcome
        self._store.put(key, payload)
        self._note(key, payload, is_new=True)
        outcome.sent += payload.size
        outcome.uploads += 1
        outcome.removed += self._remove(key, versions)
        return outcome

    def sweep(self, keys: list[str]) -> list[str]:
        """Remove versions that these files have replaced long enough ago.

        Raises:
            StoreError: the store cannot be asked.
        """
        versions: dict[tuple[str, str], list[Stored]] = {}
        for folder in {posixpath.dirname(key) for key in keys}:
            for each in self._store.list(f"{folder}/" if folder else ""):
                stamp = stamp_of(each.key)
                if stamp is not None:
                    versions.setdefault((stamp.stem, stamp.extension), []).append(each)
        removed = []
        for key in keys:
            own = stamp_of(key)
            if own is not None:
                removed += self._remove(key, versions.get((own.stem, own.extension), []))
        return removed

    def _remove(self, key: str, versions: list[Stored]) -> list[str]:
        keep = self._options.keep_days
        if keep is None:
            return []
        removed = []
        for old in outdated(key, versions, keep, self._clock()):
            try:
                self._store.delete(old)
            except StoreError as error:
                self._complain(error)
                break
            self._state.note(old, None)
            removed.append(old)
        return removed

    def _versions(self, key: str) -> list[Stored]:
        stamp = stamp_of(key)
        if stamp is None:
            return []
        try:
            return list(self._store.list(f"{stamp.stem}."))
        except StoreError as error:
            self._complain(error)
            return []

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
        """Write down that a file is there; since when, if that was known before."""
        found = signature(payload.path)
        if found is None:
            return
        entry = None if is_new or not self._is_same(key, payload) else self._state.get(key)
        since, answers = (entry.since, entry.answers) if entry else (self._clock(), False)
        new = Entry(payload.digest, *found, since, payload.content_encoding, self._is_gzip(), answers)
        if new != entry:
            self._state.note(key, new)

    def _is_gzip(self) -> bool:
        return self._options.gzip and self._store.takes_encodings


def _used(key: str, path: Path) -> Iterator[tuple[str, Path]]:
    """The files a style sheet or script names by a relative URL, which is looked for on the CDN, too."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        return
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for reference in reader(text):
        url = urlsplit(reference.url).path if not is_foreign(reference.url) else ""
        if not url or url.startswith("/") or reference.is_bare:
            continue
        name = unquote(url, errors="surrogateescape")
        other = posixpath.normpath(posixpath.join(posixpath.dirname(key), name))
        place = path.parent / name
        if not other.startswith("../") and "\0" not in name and place.is_file():
            yield other, place
