"""Everything in a manifest to a store, many files at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from ..manifest import Manifest
from ..output import LockTimeout
from ..places import Places
from .addresses import key_of, url_of
from .answering import CannotTell, answers
from .clearing import Clearing
from .options import Options
from .publisher import Outcome, Publisher, What
from .referred import with_used
from .state import State
from .store import NoAddress, Store, StoreError

__all__ = ["Preview", "Publication", "Published", "wanted_of"]

#: After so many files what was done is written down, so that a killed run need not ask about all of them.
_FLUSH_EVERY = 50
_FIRST_PAUSE = 0.25
Progress = Callable[[int, int], object]


@dataclass(slots=True)
class Published:
    """What has become of the files: each is there, outdated or failed."""

    total: int = 0
    #: The keys of those that are in the store now.
    files: list[str] = field(default_factory=list)
    #: Those of them that had to be sent, with their bytes.
    sent: dict[str, int] = field(default_factory=dict)
    #: Keys with later versions.
    outdated: dict[str, str] = field(default_factory=dict)
    #: Keys with what went wrong.
    failed: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    #: URLs that have not answered.
    silent: list[str] = field(default_factory=list)
    #: What was removed since no build names it any more.
    cleared: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """What a run would do with the files, as far as is written down."""

    #: What is not known to be there, with its bytes; the store is asked before they are sent.
    sent: dict[str, int] = field(default_factory=dict)
    #: What is written down to be there, and would be asked for.
    asked: list[str] = field(default_factory=list)
    #: Keys with what is wrong.
    failed: dict[str, str] = field(default_factory=dict)


def wanted_of(manifest: Manifest, places: Places, options: Options) -> tuple[dict[str, Path], dict[str, str]]:
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
            key = key_of(public, options.prefix)
        except StoreError as error:
            wrong[public] = str(error)
        else:
            if path:
                found[key] = Path(path)
            else:
                wrong[public] = f"it lies in {place!r}, a folder the settings of this machine do not have"
    return with_used(found, options.prefix), wrong


class Publication:
    """Brings files to a store."""

    def __init__(self, store: Store, state: State, options: Options) -> None:
        self._store = store
        self._state = state
        self._options = options
        self._publisher = Publisher(store, state, options)

    def preview(self, wanted: Mapping[str, Path], *, verify: bool = False) -> Preview:
        """What :meth:`run` would do, as far as that can be said without asking anybody."""
        found = Preview()
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
        return found

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
        """Publish files; one that fails keeps no other from it."""
        done = Published(total=len(wanted))

        def tell(key: str, what: What, sent: int) -> None:
            # Whoever refers to a file may have sent it before its own turn came.
            if what is What.UPLOADED:
                done.sent[key] = sent

        pool = ThreadPoolExecutor(self._options.threads)
        try:
            running = {
                pool.submit(self._publisher.publish, key, path, verify=verify, is_swept=True, tell=tell): key
                for key, path in wanted.items()
            }
            for number, future in enumerate(as_completed(running), 1):
                key = running[future]
                try:
                    _count(done, key, future.result())
                except StoreError as error:
                    done.failed[key] = str(error)
                progress(number, len(wanted))
                if number % _FLUSH_EVERY == 0:
                    self._flush(done)
            try:
                current = {key: wanted[key] for key in sorted(done.files)}
                done.removed += self._publisher.sweep(current, done.sent)
            except StoreError as error:
                done.problems.append(f"old versions stay: {error}")
        finally:
            pool.shutdown(cancel_futures=True)
            self._flush(done)
        for key in done.failed:
            done.sent.pop(key, None)
        return done

    def ask(self, done: Published, seconds: float, probe: Callable[[str], bool] = answers) -> None:
        """Wait until the URLs of what is there answer, and write down which do.

        Args:
            seconds: the longest wait; each is asked once at least.
        """
        deadline = time.monotonic() + seconds
        waiting = self._silent(done.files)
        pause = _FIRST_PAUSE
        with ThreadPoolExecutor(self._options.threads) as pool:
            while waiting:
                told = pool.map(lambda url: _tells(probe, url), waiting.values())
                for key, has_answered in zip(waiting, told, strict=True):
                    if has_answered:
                        self._state.answers(key, time.time())
                waiting = self._silent(waiting)
                left = deadline - time.monotonic()
                if not waiting or left <= 0:
                    break
                time.sleep(min(pause, left))
                pause *= 2
        done.silent = sorted(waiting.values())
        self._flush(done)

    def clear(self, done: Published, named: Collection[str], *, removes: bool) -> None:
        """Write down what the build does not name any more and, if wanted, remove what none has named for long enough."""
        clearing = Clearing(self._store, self._state, self._options)
        clearing.mark(named)
        self._flush(done)  # so that what other processes write from now on counts
        if removes:
            done.cleared, failed = clearing.run(named)
            done.problems += [f"{key} stays on the CDN: {reason}" for key, reason in failed.items()]
        self._flush(done)

    def due(self, named: Collection[str]) -> list[str]:
        """What :meth:`clear` would remove now; nobody is asked."""
        return Clearing(self._store, self._state, self._options).due(named)

    def _silent(self, keys: Iterable[str]) -> dict[str, str]:
        """The URLs that are not known to answer, by key."""
        found = {}
        for key in keys:
            entry = self._state.get(key)
            if entry is not None and entry.url and not entry.answers:
                found[key] = entry.url
        return found

    def _flush(self, done: Published) -> None:
        try:
            self._state.flush()
        except (LockTimeout, OSError) as error:
            problem = f"what is on the CDN cannot be written down, so that pages do not know of it: {error}"
            if problem not in done.problems:
                done.problems.append(problem)


def _tells(probe: Callable[[str], bool], url: str) -> bool:
    try:
        return probe(url)
    except CannotTell:
        return False


def _count(done: Published, key: str, outcome: Outcome) -> None:
    done.removed += outcome.removed
    if outcome.what is What.OUTDATED:
        done.outdated[key] = outcome.newer
    else:
        done.files.append(key)
