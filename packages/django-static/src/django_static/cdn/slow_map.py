"""A map whose values appear only after a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

__all__ = ["SlowMap"]

logger = logging.getLogger("django_static")

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Default = TypeVar("_Default")
#: Seconds; a key that was not read for longer was not watched.
_WATCHED = 60.0
#: Seconds; a value that may appear at once is not given up at the first no.
_HOLD = 600.0
#: Runs something off the thread that asks.
Start = Callable[[Callable[[], None]], object]


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="SlowMap probe", daemon=True).start()


@dataclass(slots=True)
class _Probing:
    """What is known from the probe of one value."""

    #: The pair in ``guard`` that is asked about.
    entry: tuple[Any, float]
    wait: float
    next_at: float
    #: When the key was read last.
    read_at: float
    #: False once it has been; None where the probe could not tell so far (it raised).
    said: bool | None = None
    was_asked: bool = False
    #: For how long the value was held back beyond its time, after a probe and with readers.
    held: float = 0.0


class SlowMap(Generic[_Key, _Value]):
    """A value that is set can be read once ``timeout_seconds`` have gone; until then there is nothing.

    Made for URLs that are known before they answer: ``urls.get(uri, uri)`` is the old one until the new one may be used.
    A key that is set again keeps its old value until the time of the new one has gone. Safe with threads.

    With ``probe`` a value also appears as soon as ``probe(value)`` is true, and stays away while it is false, for
    ``hold_seconds`` more at most: then the value is given up, with a warning, and the key is what it was before. Of that
    time only what follows the first probe counts, and of a time in which nobody reads the key one minute. Where the probe
    raises nothing is known; if it has done nothing else, the time alone counts. It is asked when somebody reads the key,
    off that thread, at once and then after longer and longer pauses, never twice at a time for one key. Where no thread can
    be started for it, nothing is known either, and there is one warning.

    Args:
        timeout_seconds: how long a value stays away.
        probe: whether a value can be used; may take its time.
        clock: seconds that never go back.
        first_pause: seconds between the first probe of a value and the second; doubled each time.
        longest_pause: seconds.
        hold_seconds: ten times ``timeout_seconds`` unless given; ten minutes where that is 0.
        start: runs the probe; in a thread of its own unless given.

    Raises:
        TypeError: a time is no number, such as ``"10"`` or None.
        ValueError: it is negative, or NaN.
    """

    def __init__(
        self,
        timeout_seconds: float,
        probe: Callable[[_Value], object] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        first_pause: float = 1.0,
        longest_pause: float = 60.0,
        hold_seconds: float | None = None,
        start: Start = _in_a_thread,
    ) -> None:
        self.timeout = _seconds("timeout_seconds", timeout_seconds)
        #: Values whose time has not come, with the time of the clock when it will have.
        self.guard: dict[_Key, tuple[_Value, float]] = {}
        #: Values that can be read.
        self.data: dict[_Key, _Value] = {}
        self._probe = probe
        self._clock = clock
        self._first_pause = _seconds("first_pause", first_pause)
        self._longest_pause = _seconds("longest_pause", longest_pause)
        self._hold = (
            (self.timeout * 10 or _HOLD) if hold_seconds is None else _seconds("hold_seconds", hold_seconds)
        )
        self._start = start
        self._lock = threading.Lock()
        self._probing: dict[_Key, _Probing] = {}
        #: Keys a probe is under way for.
        self._running: set[_Key] = set()
        self._has_complained = False

    @overload
    def get(self, key: _Key) -> _Value | None: ...

    @overload
    def get(self, key: _Key, default: _Default) -> _Value | _Default: ...

    def get(self, key: _Key, default: Any = None) -> Any:
        """The value of a key, or ``default`` where there is none, or not yet."""
        entry = self.guard.get(key)
        if entry is not None:
            self._look(key, entry)
        # What leaves the guard is in the data before.
        return self.data.get(key, default)

    def __getitem__(self, key: _Key) -> _Value | None:
        """The value of a key, or None where there is none, or not yet."""
        return self.get(key)

    def __setitem__(self, key: _Key, value: _Value) -> None:
        self.set(key, value)

    def __contains__(self, key: _Key) -> bool:
        """Whether the key has a value that can be read."""
        nothing = object()
        return self.get(key, nothing) is not nothing

    def __iter__(self) -> Iterator[_Key]:
        """The keys with values that can be read."""
        return iter([key for key in list({**self.data, **self.guard}) if key in self])

    def set(self, key: _Key, value: _Value, timeout_seconds: float | None = None) -> None:
        """Set a value with a time of its own, such as what is left of it after a restart."""
        wait = self.timeout if timeout_seconds is None else _seconds("timeout_seconds", timeout_seconds)
        self.get(key)  # one whose time has come unnoticed is the value to keep
        with self._lock:
            self.guard[key] = (value, self._clock() + wait)

    def release(self, key: _Key, value: _Value) -> None:
        """Set a value that can be read at once."""
        with self._lock:
            self.data[key] = value
            self.guard.pop(key, None)
            self._probing.pop(key, None)

    def discard(self, key: _Key) -> None:
        """Forget a key."""
        with self._lock:
            self.guard.pop(key, None)
            self.data.pop(key, None)
            self._probing.pop(key, None)

    def _look(self, key: _Key, entry: tuple[_Value, float]) -> None:
        """See whether the time of a value has come, or whether it is time to probe it."""
        with self._lock:
            if self.guard.get(key) is not entry:
                return
            now = self._clock()
            is_over = entry[1] <= now
            if self._probe is None:
                if is_over:
                    self._move(key, entry)
                return
            known = self._probing.get(key)
            if known is None or known.entry is not entry:
                known = self._probing[key] = _Probing(entry, self._first_pause, now, now)
            if is_over and known.said is False:
                since = now - max(known.read_at, entry[1])
                known.held += min(since, max(_WATCHED, self._longest_pause))
            known.read_at = now
            if key in self._running:
                return
            if is_over and known.was_asked and known.said is None:
                self._move(key, entry)
                return
            if known.next_at > now:
                return
            self._running.add(key)
            known.was_asked = True
        try:
            self._start(lambda: self._ask(key, entry))
        except Exception as error:  # noqa: BLE001 (no memory, no more threads: whoever reads is not to blame)
            self._answer(key, entry, None)
            self._complain(error)
        except BaseException:
            self._answer(key, entry, None)
            raise

    def _ask(self, key: _Key, entry: tuple[_Value, float]) -> None:
        said: bool | None = None
        try:
            said = bool(self._probe(entry[0])) if self._probe else None
        except Exception as error:  # noqa: BLE001 (a probe may be anything)
            logger.debug("the probe of %r could not tell: %s: %s", entry[0], type(error).__name__, error)
        finally:
            self._answer(key, entry, said)

    def _answer(self, key: _Key, entry: tuple[_Value, float], said: bool | None) -> None:
        with self._lock:
            self._running.discard(key)
            known = self._probing.get(key)
            if self.guard.get(key) is not entry or known is None or known.entry is not entry:
                return  # the key was set again meanwhile
            if said:
                self._move(key, entry)
                return
            if said is False:
                known.said = said
            is_given_up = known.said is False and entry[1] <= self._clock() and known.held >= self._hold
            if is_given_up:
                del self.guard[key]
                del self._probing[key]
            else:
                known.next_at = self._clock() + known.wait
                known.wait = min(known.wait * 2, self._longest_pause)
        if is_given_up:  # without the lock: readers do not wait for those who write logs
            logger.warning(
                "%r has not answered, %g seconds beyond its wait of %g, and is given up; %r is printed as before until "
                "it is set again",
                entry[0],
                self._hold,
                self.timeout,
                key,
            )

    def _complain(self, error: Exception) -> None:
        with self._lock:
            if self._has_complained:
                return
            self._has_complained = True
        logger.warning(
            "values cannot be probed, and appear by their time alone: %s: %s", type(error).__name__, error
        )

    def _move(self, key: _Key, entry: tuple[_Value, float]) -> None:
        self.data[key] = entry[0]
        del self.guard[key]
        self._probing.pop(key, None)


def _seconds(name: str, value: float) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{name} is {value!r}, which is no number; give seconds, 0 or more")
    if not value >= 0:  # nor is NaN
        raise ValueError(f"{name} is {value!r}; give seconds, 0 or more")
    return value
