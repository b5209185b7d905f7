"""Everything in a manifest to a store, many files at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from ..manifest import Manifest
from ..output import LockTimeout
from ..places import Places
from .addresses import key_of, url_of
from .answering import answers
from .options import Options
from .publisher import Outcome, Publisher, What
from .state import State
from .store import Store, StoreError

__all__ = ["Publication", "Published", "wanted_of"]

#: After so many files what was done is written down, so that a killed run need not ask about all of them.
_FLUSH_EVERY = 50
_FIRST_PAUSE = 0.25
Progress = Callable[[int, int], object]


@dataclass(slots=True)
class Published:
    """What has become of the files."""

    total: int = 0
    #: The keys of those that are in the store now.
    files: list[str] = field(default_factory=list)
    uploads: int = 0
    sent: int = 0
    there: int = 0
    #: Keys with later versions.
    outdated: dict[str, str] = field(default_factory=dict)
    #: Keys with what went wrong.
    failed: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    #: URLs that have not answered.
    silent: list[str] = field(default_factory=list)


def wanted_of(manifest: Manifest, places: Places, options: Options) -> tuple[dict[str, Path], dict[str, str]]:
    """The files of a manifest that are to be on the CDN, by key; and what is wrong with those that cannot be, by URL."""
    found: dict[str, Path] = {}
    wrong: dict[str, str] = {}
    for public, place in sorted(manifest.files.items()):
        if not options.wants(place):
            continue
        path = places.path(place)
        try:
            key = key_of(public)
        except StoreError as error:
            wrong[public] = str(error)
        else:
            if path:
                found[key] = Path(path)
            else:
                wrong[public] = f"it lies in {place!r}, a folder the settings of this machine do not have"
    return found, wrong


class Publication:
    """Brings files to a store."""

    def __init__(self, store: Store, state: State, options: Options) -> None:
        self._store = store
        self._state = state
        self._options = options
        self._publisher = Publisher(store, state, options)

    def missing(self, wanted: Mapping[str, Path]) -> list[tuple[str, Path]]:
        """What is not written down to be there; nobody is asked."""
        return [(key, path) for key, path in wanted.items() if not self._publisher.is_known(key, path)]

    def run(
        self,
        wanted: Mapping[str, Path],
        progress: Progress = lambda done, total: None,
        *,
        verify: bool = False,
    ) -> Published:
        """Publish files; one that fails keeps no other from it."""
        done = Published(total=len(wanted))
        pool = ThreadPoolExecutor(self._options.threads)
        try:
            running = {
                pool.submit(self._publisher.publish, key, path, verify=verify): key
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
                done.removed += self._publisher.sweep(sorted(done.files))
            except StoreError as error:
                done.problems.append(f"old versions stay: {error}")
        finally:
            pool.shutdown(cancel_futures=True)
            self._flush(done)
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
                for key, has_answered in zip(waiting, pool.map(probe, waiting.values()), strict=True):
                    if has_answered:
                        self._state.answers(key)
                waiting = self._silent(waiting)
                left = deadline - time.monotonic()
                if not waiting or left <= 0:
                    break
                time.sleep(min(pause, left))
                pause *= 2
        done.silent = sorted(waiting.values())
        self._flush(done)

    def _silent(self, keys: Iterable[str]) -> dict[str, str]:
        """The URLs that are not known to answer, by key."""
        found = {}
        for key in keys:
            entry = self._state.get(key)
            if entry is not None and not entry.answers:
                found[key] = url_of(key, self._options.base, self._store)
        return found

    def _flush(self, done: Published) -> None:
        try:
            self._state.flush()
        except (LockTimeout, OSError) as error:
            problem = f"what is on the CDN cannot be written down, so that pages do not know of it: {error}"
            if problem not in done.problems:
                done.problems.append(problem)


def _count(done: Published, key: str, outcome: Outcome) -> None:
    done.uploads += outcome.uploads
    done.sent += outcome.sent
    done.removed += outcome.removed
    if outcome.what is What.OUTDATED:
        done.outdated[key] = outcome.newer
        return
    done.files.append(key)
    if outcome.what is What.THERE:
        done.there += 1
