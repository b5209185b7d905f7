"""Whether the URLs of what is in a store answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from .answering import CannotTell, answers
from .background import Background
from .state import State

__all__ = ["Probe", "wait_for"]

_FIRST_PAUSE = 0.25
#: How long a URL is waited for, in seconds, that is asked when there is no time left.
_LAST_SECONDS = 1.0
Probe = Callable[[str, float], bool]


def wait_for(
    keys: Iterable[str], state: State, seconds: float, *, threads: int, probe: Probe = answers
) -> list[str]:
    """Wait until the URLs of files answer, and note which do; those that have not, sorted.

    Args:
        seconds: the longest wait. Each is asked once also when that is over, as long as those that are asked then answer
            one way or another within a second.
        threads: how many are asked at a time.
        probe: given a URL and for how many seconds it is waited for.
    """
    deadline = time.monotonic() + seconds
    is_mute = threading.Event()

    def tells(url: str) -> bool:
        left = deadline - time.monotonic()
        if left <= 0 and is_mute.is_set():
            return False
        begun = time.monotonic()
        try:
            return probe(url, max(left, _LAST_SECONDS))
        except CannotTell:
            return False
        finally:
            if time.monotonic() - begun >= _LAST_SECONDS:
                is_mute.set()

    waiting = _silent(keys, state)
    pause = _FIRST_PAUSE
    # Its threads keep nobody from ending who is interrupted while a URL does not answer.
    background = Background(threads)
    while waiting:
        told = {key: background.begin(partial(tells, url)) for key, url in waiting.items()}
        for key, has_answered in told.items():
            if has_answered.result():
                state.answers(key, time.time())
        waiting = _silent(waiting, state)
        left = deadline - time.monotonic()
        if not waiting or left <= 0:
            break
        time.sleep(min(pause, left))
        pause *= 2
    return sorted(waiting.values())


def _silent(keys: Iterable[str], state: State) -> dict[str, str]:
    """The URLs that are not known to answer, by key."""
    found = {}
    for key in keys:
        entry = state.get(key)
        if entry is not None and entry.url and not entry.answers:
            found[key] = entry.url
    return found
