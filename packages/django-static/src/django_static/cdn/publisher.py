"""Bring one published file to a store: compare, upload, write down."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..output import LockTimeout
from .addresses import url_of
from .headers import payload_of
from .options import Options
from .outcomes import Outcome, Outlook, Tell, What
from .referred import used
from .stamps import newer, stamp_of
from .state import Entry, State, signature
from .store import NoAddress, Payload, Standing, Store, StoreError
from .versions import Listing, Versions

__all__ = ["Publisher"]


class _How(NamedTuple):
    """How a file, and those it refers to, are brought to a store: see :meth:`Publisher.publish`."""

    verify: bool
    is_swept: bool
    tell: Tell


class Publisher:
    """Safe with threads and with other processes of the site."""

    def __init__(
        self, store: Store, state: State, options: Options, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._state = state
        self._options = options
        self._clock = clock
        self._settling, self._is_settled = threading.Lock(), False
        self._versions = Versions(store, state, options.keep_days, clock, owns_all=bool(options.prefix))

    def settle(self) -> None:
        """See, once for all files, whether the store is where it was when they were sent.

        If it cannot be asked that is said of what is sent, and it is asked again then.
        """
        with self._settling, contextlib.suppress(StoreError):
            if not self._is_settled:
                self._state.settle(self._store.place())
                self._is_settled = True

    def is_known(self, key: str, path: Path) -> bool:
        """Whether a file is in the store, as far as is written down; nobody is asked, the file is not read."""
        entry = self._state.get(key)
        if entry is None or not entry.digest or entry.doubted:
            return False
        found = signature(path)
        return found is None or found[0] == entry.size

    def is_replaced(self, key: str) -> bool:
        """Whether another version was published in the place of one that is written down: it may be gone by now."""
        entry = self._state.get(key)
        return entry is not None and bool(entry.replaced)

    def is_certain(self, key: str, path: Path) -> bool:
        """Whether the file is the very one that was stored, by its size and modification time, and stored as wanted."""
        entry = self._state.get(key)
        # What is used again is to be seen to be there, and to be current.
        if entry is None or entry.doubted or entry.replaced:
            return False
        found = signature(path)
        return found is None or (*found, self._is_gzip()) == (entry.size, entry.mtime_ns, entry.gzip)

    def needed(self, key: str, path: Path) -> Iterator[str]:
        """What a file refers to that is not known to be there; nobody is asked, the file is read."""
        for other, place in used(key, path, self._options.prefix):
            if not self.is_certain(other, place):
                yield other

    def outlook(self, key: str, path: Path, *, verify: bool = False) -> Outlook | None:
        """What :meth:`publish` would begin with, by the file and what is written down; None if there is nothing to do.

        Raises:
            StoreError: the file cannot be read.
        """
        payload = self._payload(path)
        if not verify and self._is_current(key, payload):
            return None
        return Outlook(payload.size, self._is_same(key, payload))

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
        except StoreError as error:
            if error.is_missing:
                self._state.doubt(key)
            raise
        self._named(key, url)
        return url

    def _named(self, key: str, url: str) -> None:
        self._state.named(key, url, self._clock(), is_placed=self._store.is_placed)

    def publish(
        self,
        key: str,
        path: Path,
        *,
        verify: bool = False,
        is_swept: bool = False,
        tell: Tell = lambda key, what, sent: None,
    ) -> Outcome:
        """Bring a file to the store, after all that it refers to.

        Of a file that is doubted these are, too: it may be the whole store that is another one.

        Args:
            verify: ask the store also where the file is written down to be there.
            is_swept: :meth:`sweep` follows, which sees to the versions of all files together.
            tell: called for it and for each of those, in this thread.

        Raises:
            StoreError: it could not be done; nothing but the whole file is ever in the store under its name.
        """
        self.settle()
        is_missing = False
        try:
            url = self.address(key)
        except NoAddress:
            raise
        except StoreError as error:
            url = ""  # some storages know the URLs of what is there only
            is_missing = error.is_missing
        entry = self._state.get(key)
        verify = verify or (entry is not None and entry.doubted)
        outcome = self._publish(key, path, _How(verify, is_swept, tell), {key})
        entry = self._state.get(key)
        if url:
            self._named(key, url)
        elif entry is not None and (is_missing or not entry.url):
            self.address(key)
        return outcome

    def _publish(self, key: str, path: Path, how: _How, seen: set[str]) -> Outcome:
        payload = self._payload(path)
        if not how.verify and self._is_current(key, payload):
            self._note(key, payload)
            how.tell(key, What.THERE, 0)
            return Outcome(What.THERE)
        try:
            return self._brought(key, path, payload, how, seen)
        except StoreError:
            # Nobody has seen it there, with all that it refers to; so no page is to name it.
            self._state.doubt(key)
            raise

    def _brought(self, key: str, path: Path, payload: Payload, how: _How, seen: set[str]) -> Outcome:
        removed = []
        for other, place in used(key, path, self._options.prefix):
            # A circle is closed by the file that is asked for first.
            if other not in seen:
                seen.add(other)
                try:
                    outcome = self._publish(other, place, how, seen)
                except StoreError as error:
                    error.refused = error.refused or other
                    raise
                removed += outcome.removed
                if outcome.what is What.OUTDATED:
                    # It would look there for what is on the site only.
                    how.tell(key, outcome.what, 0)
                    return Outcome(outcome.what, outcome.newer, removed)
        try:
            # As long as another process may take with all its tries.
            with self._state.locked(key, self._options.read_timeout * self._options.attempts * 2):
                self._state.refresh()
                outcome = self._locked(key, payload, how)
        except LockTimeout as error:
            raise StoreError(f"another process takes too long to store {key}: {error}") from error
        how.tell(key, outcome.what, payload.size if outcome.what is What.UPLOADED else 0)
        outcome.removed[:0] = removed
        return outcome

    def _locked(self, key: str, payload: Payload, how: _How) -> Outcome:
        if not how.verify and self._is_current(key, payload):
            self._note(key, payload)
            return Outcome(What.THERE)
        standing = self._store.standing(key, payload)
        if standing is not Standing.SAME:
            # Whatever becomes of it now: no page is to name it until the right file has been seen there.
            self._state.doubt(key)
        if standing is Standing.OTHER:
            stamp = stamp_of(key)
            advice = (
                "give the original another modification time, or set DJANGO_STATIC_FINGERPRINT = 'hash'"
                if stamp is not None and stamp.time is not None
                else "give it another name"
            )
            raise StoreError(
                f"{key} is there with another content, which caches may keep for ever under that name; {advice}"
            )
        if standing is Standing.SAME:
            if not how.is_swept:
                self._versions.used_again(key, payload)
            self._note(key, payload)
            return Outcome(What.THERE)
        versions, refusal = self._versions.there(key)
        if any(each.key == key for each in versions):
            self._see_whether_it_shows(key, payload)
        later = newer(key, versions, self._state)
        if later:
            self._state.note(key, None)
            return Outcome(What.OUTDATED, later)
        self._store.put(key, payload)
        self._note(key, payload, is_new=True)
        if refusal is not None:  # had the upload been refused as well, that would have been said
            self._versions.complain(refusal)
        return Outcome(What.UPLOADED, removed=[] if how.is_swept else self._versions.remove(key, versions))

    def outdated(self, keys: Collection[str]) -> list[str]:
        """Which old versions of these files would be removed once they are current, as far as is written down."""
        return self._versions.written_outdated(keys)

    def _see_whether_it_shows(self, key: str, payload: Payload) -> None:
        """
        Raises:
            StoreError: what is listed cannot be looked at, and might be another file.
        """
        if self._store.standing(key, payload) is Standing.ABSENT:
            raise StoreError(
                f"{key} is there, and the store does not show it, so that nobody can say what it is; allow reading it "
                "(S3: s3:GetObject)"
            )

    def lost(self, keys: Iterable[str], there: Listing) -> list[str]:
        """Of what was taken to be there what is not, as far as a listing made later says; it is to be published again."""
        lost = [key for key in keys if there.lacks(key)]
        for key in lost:
            self._state.doubt(key)
        return lost

    def listing(self, keys: Iterable[str]) -> Listing:
        """What the store has in the folders of these files: :meth:`.versions.Versions.listing`."""
        return self._versions.listing(keys)

    def sweep(
        self, files: Mapping[str, Path], sent: Container[str] = (), listed: Listing | None = None
    ) -> list[str]:
        """See to the versions of all that is current: :meth:`.versions.Versions.sweep`; it is listed unless it was."""

        def payload(key: str) -> Payload:
            found = self._payload(files[key])
            if not self._is_same(key, found):
                raise StoreError(f"{files[key]} has changed meanwhile")
            return found

        return self._versions.sweep(files, listed or self.listing(files), sent, payload)

    def _is_current(self, key: str, payload: Payload) -> bool:
        """Whether a content is written down to be there, beyond doubt, and nothing to have been published in its place."""
        entry = self._state.get(key)
        is_doubtful = entry is None or entry.doubted or bool(entry.replaced)
        return not is_doubtful and self._is_same(key, payload)

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
            sent=is_new or (known is not None and known.sent),
            by_hand=before is not None and before.by_hand,
            asked=known.asked if known else 0.0,
        )
        if new != before:
            self._state.note(key, new)
        if before is not None and before.replaced:
            # At once: what goes by the records removes it else. Whoever writes them next says that it cannot be done.
            with contextlib.suppress(OSError):
                self._state.flush()

    def take_back(self, keys: Iterable[str]) -> None:
        """Write down that files are wanted again that others have replaced, or no build named: none is to be removed now.

        Raises:
            OSError: it cannot be written down.
        """
        taken = [key for key in keys if self.is_replaced(key)]
        for key in taken:
            self._state.change(key, replaced=0.0, doubted=True)
        if taken:
            self._state.flush()

    def _payload(self, path: Path) -> Payload:
        try:
            return payload_of(path, with_gzip=self._is_gzip())
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from error

    def _is_gzip(self) -> bool:
        return self._options.gzip and self._store.takes_encodings
