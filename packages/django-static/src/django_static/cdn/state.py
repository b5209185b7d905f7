"""What is known to be in a store: a file beside the manifest, which all processes of a site share."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from .. import output
from ..names import digest

__all__ = ["Entry", "State", "signature"]

_FORMAT = 1
_LOCK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that is in the store."""

    #: SHA-256 of the file, hexadecimal.
    digest: str
    #: Bytes of the file.
    size: int
    #: Modification time of the file that was looked at, in nanoseconds.
    mtime_ns: int
    #: When it was found to be there, or got another URL, in seconds of the epoch.
    since: float
    #: How it was stored.
    encoding: str = ""
    #: Whether text was to be stored in gzip then.
    gzip: bool = False
    #: Whether its URL has answered.
    answers: bool = False
    #: Where browsers get it; empty while nobody knows.
    url: str = ""
    #: When another version was published in its place, or no build named it any more, in seconds of the epoch; 0 while
    #: neither was so.
    replaced: float = 0.0
    #: Whether it was sent from here; another site, or another machine, may have sent what was found there.
    sent: bool = False
    #: Whether it was sent by hand: no build names it, and it is to stay.
    by_hand: bool = False
    #: When its URL was asked for last, in seconds of the epoch; 0 before.
    asked: float = 0.0
    #: Whether it may be missing: the store is to be asked before anybody names it.
    doubted: bool = False


class State:
    """The entries of one store by their keys; what others write is seen when it is read again.

    What cannot be read counts as nothing known: the store is asked then.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        mark = digest(identity)[:8]
        self.path = folder / f"cdn-{mark}.json"
        self._locks = folder / f"cdn-{mark}"
        self._lock = threading.Lock()
        #: What came to be known, or, with None, to be gone, and is not written down yet.
        self._unwritten: dict[str, Entry | None] = {}
        #: What of it is news: the rest of an entry others may be changing, too.
        self._changes: dict[str, dict[str, Any]] = {}
        self._is_swept = self._is_moved = False
        #: For threads, where the folder cannot be written to.
        self._thread_locks: dict[str, threading.Lock] = {}
        #: The state of the file that was read last.
        self._seen: tuple[int, int] | None = None
        #: Where the files of the store were when that was last looked at; empty while nobody has.
        self._place = ""
        self._entries = self._load()

    def get(self, key: str) -> Entry | None:
        return self._entries.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def keys(self) -> list[str]:
        return list(self._entries)

    def refresh(self) -> None:
        """Take in what other processes have written."""
        with self._lock:
            if signature(self.path) != self._seen:
                self._entries = self._with_unwritten(self._load())

    def is_elsewhere(self, place: str) -> bool:
        """Whether the store has said that it is somewhere else before."""
        return bool(place) and self._place not in ("", place)

    def settle(self, place: str) -> None:
        """The store has said where it is: what was sent to another place may be missing, or be what others have sent."""
        if self.is_elsewhere(place):
            for key in self.keys():
                self.change(key, doubted=True, answers=False, sent=False)
        with self._lock:
            if place and place != self._place:
                self._place, self._is_moved = place, True

    def note(self, key: str, entry: Entry | None) -> None:
        """Something came to be known, or, with None, to be gone; written down by :meth:`flush`."""
        with self._lock:
            self._note(key, entry)

    def change(self, key: str, **values: Any) -> None:
        """Something else came to be known of a file that is there; nothing is done for one that is not."""
        with self._lock:
            entry = self.get(key)
            if entry is None or (changed := replace(entry, **values)) == entry:
                return
            self._entries[key] = changed
            self._changes.setdefault(key, {}).update(values)
            if key in self._unwritten:
                self._unwritten[key] = changed

    def named(self, key: str, url: str, now: float, *, is_placed: bool = True) -> None:
        """The URL of a file came to be known; another one than before has not answered yet.

        Unless the store ``is_placed`` it may lie where the file is not, or is one that others have sent.
        """
        entry = self.get(key)
        if entry is not None and entry.url != url:
            fresh: dict[str, Any] = {"since": now, "answers": False} if entry.url else {}
            if fresh and not is_placed:
                fresh |= {"doubted": True, "sent": False}
            self.change(key, url=url, **fresh)

    def answers(self, key: str, now: float) -> None:
        """The URL of a file has answered."""
        self.change(key, answers=True, asked=now)

    def doubt(self, key: str) -> None:
        """A file may be missing, whatever is known of it; so its URL counts as one that has not answered."""
        self.change(key, doubted=True, answers=False)

    def _note(self, key: str, entry: Entry | None) -> None:
        if entry is None:
            self._changes.pop(key, None)
            self._entries.pop(key, None)
        else:
            is_gone = self._unwritten.get(key, entry) is None
            news = _news({} if is_gone else _values(self.get(key)), asdict(entry))
            self._changes.setdefault(key, {}).update(news)
            self._entries[key] = entry
        self._unwritten[key] = entry

    def flush(self) -> None:
        """Write down what is new.

        Raises:
            OSError: the folder cannot be written to; it is tried again with the next.
        """
        with self._lock:
            if not self._unwritten and not self._changes and not self._is_moved:
                return
            with output.locked(self.path.with_suffix(".lock"), _LOCK_SECONDS) as held:
                if held and not self._is_swept:
                    self._sweep()
                entries = self._with_unwritten(self._load())
                value = {key: asdict(entry) for key, entry in sorted(entries.items())}
                output.store(self.path, {"format": _FORMAT, "place": self._place, "objects": value})
                self._seen = signature(self.path)
            self._entries = entries
            self._unwritten = {}
            self._changes = {}
            self._is_moved = False

    def _sweep(self) -> None:
        """Remove what killed processes have left half written: whoever writes now holds the lock."""
        self._is_swept = True
        half = re.compile(rf"{re.escape(self.path.name)}-\d+-\d+\.tmp")
        for path in self.path.parent.iterdir():
            if half.fullmatch(path.name):
                output.remove(path)

    @contextlib.contextmanager
    def locked(self, key: str, seconds: float) -> Iterator[None]:
        """Keep other processes from storing the same file meanwhile; where there are no locks it is stored twice.

        Raises:
            LockTimeout: another one takes too long.
        """
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(output.locked(self._locks / f"{digest(key)[:16]}.lock", seconds))
            except output.LockTimeout:
                raise
            except OSError:
                # A folder that cannot be written to: between processes the store alone says what is there.
                lock = self._thread_locks.setdefault(key, threading.Lock())
                if not lock.acquire(timeout=seconds):
                    raise output.LockTimeout(f"another thread has held {key} for {seconds:g} s") from None
                stack.callback(lock.release)
            yield

    def _with_unwritten(self, entries: Mapping[str, Entry]) -> dict[str, Entry]:
        found = dict(entries)
        for key, entry in self._unwritten.items():
            if entry is None:
                found.pop(key, None)
            else:
                found.setdefault(key, entry)
        for key, values in self._changes.items():
            if key in found:
                found[key] = replace(found[key], **values)
        return found

    def _load(self) -> dict[str, Entry]:
        # Before: what is written meanwhile is read the next time.
        self._seen = signature(self.path)
        value: Any = output.load(self.path)
        try:
            if value["format"] != _FORMAT:
                return {}
            if not self._is_moved:
                self._place = str(value.get("place", ""))
            return {str(key): _entry(**entry) for key, entry in value["objects"].items()}
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return {}


def _values(entry: Entry | None) -> dict[str, Any]:
    """What is known of a file; of one that nobody knew, that nothing is known beyond what makes an entry."""
    if entry is not None:
        return asdict(entry)
    return {each.name: each.default for each in fields(Entry) if each.default is not MISSING}


def _news(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in now.items() if name not in before or before[name] != value}


def _entry(**values: Any) -> Entry:
    entry = Entry(**values)
    return Entry(
        str(entry.digest),
        int(entry.size),
        int(entry.mtime_ns),
        float(entry.since),
        str(entry.encoding),
        bool(entry.gzip),
        bool(entry.answers),
        str(entry.url),
        float(entry.replaced),
        bool(entry.sent),
        bool(entry.by_hand),
        float(entry.asked),
        bool(entry.doubted),
    )


def signature(path: Path) -> tuple[int, int] | None:
    """Size and modification time of a file; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns
