"""Everything in a manifest to a store, many files at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from functools import partial
from pathlib import Path

from ..manifest import Manifest
from ..mount import Mount
from ..places import Places
from .addresses import bare, key_of, url_of
from .answering import CannotTell, answers, status
from .background import Background
from .clearing import Clearing
from .options import Options
from .outcomes import Outcome, What
from .patience import Exhausted, Patience, patience
from .published import Interrupted, Preview, Published
from .publisher import Publisher
from .referred import referrers, with_used
from .signing import sign_of
from .state import State
from .store import NoAddress, Store, StoreError
from .waiting import Probe, wait_for

__all__ = ["Publication", "wanted_of"]

#: After so many files what was done is written down, so that a killed run need not ask about all of them.
_FLUSH_EVERY = 50
#: How long, in seconds, somebody who interrupts a run waits for what is nearly done; and again for it to be written down.
_LAST_SECONDS = 0.8
Progress = Callable[[int, int], object]


def wanted_of(
    manifest: Manifest, places: Places, options: Options, mounts: Sequence[Mount] = ()
) -> tuple[dict[str, Path], dict[str, str]]:
    """The files of a manifest that are to be on the CDN, by key; and what is wrong with those that cannot be, by URL.

    What they refer to is among them, whatever its type, before what refers to it.
    """
    found: dict[str, Path] = {}
    wrong: dict[str, str] = {}
    for public, place in sorted(manifest.files.items()):
        if not options.wants(place):
            continue
        path = places.path(place)
        try:
            key = key_of(bare(public, mounts), options.prefix)
        except StoreError as error:
            wrong[public] = str(error)
        else:
            if path:
                found[key] = Path(path)
            else:
                wrong[public] = f"it lies in {place!r}, a folder the settings of this machine do not have"
    return with_used(found, options.prefix), wrong


class Publication:
    """Brings files to a store.

    Raises:
        StoreError: URLs are to be signed, and there is nothing to do that.
    """

    def __init__(self, store: Store, state: State, options: Options) -> None:
        self._sign = sign_of(options)
        self._store = store
        self._state = state
        self._options = options
        self._publisher = Publisher(store, state, options)

    def preview(self, wanted: Mapping[str, Path], *, verify: bool = False) -> Preview:
        """What :meth:`run` would do, as far as that can be said without asking anybody."""
        found = Preview()
        verify = verify or self._seems_moved(wanted)
        for key, path in wanted.items():
            try:
                outlook = self._publisher.outlook(key, path, verify=verify)
            except StoreError as error:
                found.failed[key] = str(error)
                continue
            if outlook is not None and outlook.is_known:
                found.asked.append(key)
            elif outlook is not None:
                found.sent[key] = outlook.size
        found.removed = self._publisher.outdated([key for key in wanted if key not in found.failed])
        return found

    def _seems_moved(self, wanted: Iterable[str]) -> bool:
        """Whether the storage is elsewhere, or the URL of the first file another one, than is written down: one speaks for all."""
        with contextlib.suppress(StoreError):  # that is told when something is sent
            if self._state.is_elsewhere(self._store.place()):
                return True
        known = ((key, entry.url) for key in wanted if (entry := self._state.get(key)) and entry.url)
        key, url = next(known, ("", ""))
        if not url or self._store.is_placed:
            return False
        try:
            return url_of(key, self._options.base, self._store) != url
        except StoreError as error:
            return error.is_missing

    def foresee(self, wanted: Mapping[str, Path]) -> None:
        """See whether pages could print URLs of the files once they are there.

        Raises:
            NoAddress: they could not.
        """
        for key in wanted:
            try:
                url_of(key, self._options.base, self._store)
            except NoAddress:
                raise
            except StoreError:
                pass  # its own trouble, which is told when it is stored
            return  # one speaks for all

    def run(
        self,
        wanted: Mapping[str, Path],
        progress: Progress = lambda done, total: None,
        *,
        verify: bool = False,
    ) -> Published:
        """Publish files; one that fails keeps no other from it.

        Raises:
            Interrupted: as soon as somebody interrupts it, whatever the store keeps waiting.
        """
        done = Published(total=len(wanted))
        with self._interruptible(done):
            self._take_back(wanted, done)
            self._publisher.settle()
            self._publish(wanted, done, progress, verify=verify)
            try:
                there = self._publisher.listing(done.files)
                lost = self._publisher.lost((key for key in done.files if key not in done.sent), there)
                if lost:
                    done.files = [key for key in done.files if key not in lost]
                    self._flush(done)  # pages name them no more
                    again = {key: wanted[key] for key in wanted if key in lost}
                    self._publish(again, done, progress, verify=False)
                current = {key: wanted[key] for key in sorted(done.files)}
                done.removed += self._publisher.sweep(current, done.sent, there)
            except StoreError as error:
                done.problems.append(f"old versions stay: {error}")
            self._doubt_referrers(wanted, done)
        for key in (*done.failed, *done.untried):
            done.sent.pop(key, None)
        return done

    def _publish(
        self, files: Mapping[str, Path], done: Published, progress: Progress, *, verify: bool
    ) -> None:
        waiting = Patience(patience(self._options.threads))

        def tell(key: str, what: What, sent: int) -> None:
            # Whoever refers to a file may have sent it before its own turn came.
            if what is What.UPLOADED:
                done.sent[key] = sent

        def publish(key: str, path: Path) -> Outcome:
            return self._publisher.publish(key, path, verify=verify, is_swept=True, tell=tell)

        def bring(key: str, path: Path) -> Outcome:
            if not verify and self._publisher.is_certain(key, path):
                return publish(key, path)  # nobody is asked
            if not waiting.is_calm and any(map(waiting.is_over, (key, *self._publisher.needed(key, path)))):
                waiting.skip(key)
                raise Exhausted
            try:
                outcome = publish(key, path)
            except StoreError as error:
                (waiting.refused if error.is_general else waiting.taken)(error.refused or key)
                raise
            waiting.taken(key)
            return outcome

        background = Background(self._options.threads)
        running = {key: background.begin(partial(bring, key, path)) for key, path in files.items()}
        keys = {future: key for key, future in running.items()}
        try:
            for number, future in enumerate(as_completed(keys), 1):
                key = keys[future]
                _count(done, key, running.pop(key))
                progress(number, len(files))
                if number % _FLUSH_EVERY == 0:
                    self._flush(done)
        except BaseException:
            background.drop()
            background.wait(_LAST_SECONDS)
            for key, future in running.items():
                if future.done():
                    _count(done, key, future)
            raise

    @contextlib.contextmanager
    def _interruptible(self, done: Published) -> Iterator[None]:
        """Write down what was done, however it ends.

        Raises:
            Interrupted: by Ctrl-C.
        """
        try:
            try:
                yield
            except Exception:
                self._flush(done)
                raise
            self._flush(done)
        except KeyboardInterrupt:
            try:
                self._flush_soon(done)
            except KeyboardInterrupt:
                _unwritten(done, InterruptedError("interrupted once more"))
            raise Interrupted(done) from None

    def ask(self, done: Published, seconds: float, probe: Probe = answers) -> None:
        """Wait until the URLs of what is there answer, and write down which do: :func:`.waiting.wait_for`.

        Raises:
            StoreError: they could not be signed.
        """

        def signed(url: str, seconds: float) -> bool:
            return probe(self._sign(url), seconds)

        with self._interruptible(done):
            done.silent = wait_for(
                done.files, self._state, seconds, threads=self._options.threads, probe=signed
            )
            if done.silent:
                with contextlib.suppress(CannotTell):
                    done.status = status(self._sign(done.silent[0]), _LAST_SECONDS)

    def clear(self, done: Published, named: Collection[str], *, removes: bool) -> None:
        """Write down what the build does not name any more and, if wanted, remove what none has named for long enough."""
        clearing = Clearing(self._store, self._state, self._options)
        with self._interruptible(done):
            clearing.mark(named)
            # So that what other processes write from now on counts, and that nothing is removed which they take to be there.
            if self._flush(done) and removes:
                done.cleared, failed = clearing.run(named)
                done.uncleared = sorted(failed)
                done.problems += [f"{key} stays on the CDN: {reason}" for key, reason in failed.items()]

    def due(self, named: Collection[str]) -> list[str]:
        """What :meth:`clear` would remove now; nobody is asked."""
        return Clearing(self._store, self._state, self._options).due(named)

    def _doubt_referrers(self, wanted: Mapping[str, Path], done: Published) -> None:
        """See to it that no page names a file whose readers would look on the CDN for what is not there."""
        if not done.failed:
            return
        there = {key: wanted[key] for key in done.files}
        found = referrers(there, self._is_doubted, self._options.prefix)
        for key, other in found.items():
            self._state.doubt(key)
            done.failed[key] = f"it refers to {other}, which is not there as it should be"
        done.files = [key for key in done.files if key not in found]

    def _is_doubted(self, key: str) -> bool:
        entry = self._state.get(key)
        return entry is not None and entry.doubted

    def _take_back(self, wanted: Iterable[str], done: Published) -> None:
        try:
            self._publisher.take_back(wanted)
        except OSError as error:
            _unwritten(done, error)

    def _flush(self, done: Published) -> bool:
        try:
            self._state.flush()
        except OSError as error:
            _unwritten(done, error)
            return False
        return True

    def _flush_soon(self, done: Published) -> None:
        """In a thread, since others may keep the records locked for longer than anybody waits who is about to leave."""
        try:
            Background(1).begin(partial(self._flush, done)).result(_LAST_SECONDS)
        except TimeoutError:
            _unwritten(done, TimeoutError("another process keeps the records locked"))
        except RuntimeError as error:  # of threads
            _unwritten(done, error)


def _unwritten(done: Published, error: Exception) -> None:
    done.is_written = False
    problem = f"what is on the CDN cannot be written down, so that pages do not know of it: {error}"
    if problem not in done.problems:
        done.problems.append(problem)


def _count(done: Published, key: str, future: Future[Outcome]) -> None:
    try:
        outcome = future.result()
    except Exhausted:
        done.untried.append(key)
    except StoreError as error:
        done.failed[key] = str(error)
    else:
        done.removed += outcome.removed
        if outcome.what is What.OUTDATED:
            done.outdated[key] = outcome.newer
        else:
            done.files.append(key)
