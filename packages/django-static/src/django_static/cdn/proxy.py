"""The file proxy: what a page prints for a published file, and what is to be done for the next page to print more."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.signals import setting_changed

from ..conf import PREFIX, conf
from ..names import quoted
from .addresses import key_of
from .answering import answers
from .background import Background
from .options import Options
from .publisher import OUTDATED_ADVICE, Publisher, What
from .slow_map import SlowMap
from .state import State
from .store import NoAddress, Store, StoreError
from .stores import store_of

__all__ = ["Proxy", "current", "file_proxy", "reset"]

logger = logging.getLogger("django_static")

#: How long a file that could not be stored stays as it is before it is tried again; all of them, if the store is to blame.
RETRY_SECONDS = 60.0


class Proxy:
    """Answers at once from what is known; everything that takes time is done in a few threads.

    Args:
        options: the settings.
        store: where files go.
        folder: where what is known of the store is written down.
    """

    def __init__(
        self,
        options: Options,
        store: Store,
        folder: Path,
        *,
        probe: Callable[[str], bool] = answers,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._options = options
        self._store = store
        self._probe = probe
        self._clock = clock
        self._wall_clock = wall_clock
        self.state = State(folder, store.identity)
        self.publisher = Publisher(store, self.state, options, clock=wall_clock)
        self.background = Background(options.threads)
        self._probes = Background(1)
        self._is_probing = options.probe and options.wait_seconds > 0
        self.urls = SlowMap[str, str](
            options.wait_seconds,
            self._has_answered if self._is_probing else None,
            clock=clock,
            start=self._probes.submit,
        )
        self._lock = threading.Lock()
        #: The files that pages have named, by URL.
        self.taken: dict[str, str] = {}
        #: When a file is tried again.
        self._retry_at: dict[str, float] = {}
        self._rests_until = 0.0
        self._complaints: set[str] = set()
        self._keys: dict[str, str] = {}

    def __call__(self, uri: str, filepath: str | None = None) -> str:
        """The URL to print for a file of the site.

        Args:
            uri: the URL on the site.
            filepath: where the file lies, when something was done for it.
        """
        work = None
        if filepath is not None:
            work = self._take(uri, filepath)
        elif uri in self._retry_at:
            work = self._try_again(uri)
        url = self.urls.get(uri, uri)
        if work is not None:
            try:
                self.background.submit(work)
            except RuntimeError as error:  # of threads: the page has its URL, and this is tried again
                self._rest(uri)
                self._say(f"nothing can be done off the request: {error}")
        return url

    def _take(self, uri: str, filepath: str) -> Callable[[], None] | None:
        """Note a file; what is to be done for it off the request, if anything is."""
        if not self._options.wants(filepath):
            return None
        with self._lock:
            self.taken[uri] = filepath
        try:
            key = key_of(uri)
        except StoreError as error:
            self._complain(error)
            return None
        path = Path(filepath)
        if self.publisher.is_known(key, path):
            url = self._foreseen(key)
            if url and not self.publisher.is_replaced(key):
                self._show(uri, key, url)
            if self.publisher.is_certain(key, path):
                entry = self.state.get(key)
                is_settled = self._options.base and entry is not None and entry.url == url
                return None if is_settled else lambda: self._find(uri, key, url)
        return lambda: self._publish(uri, key, path)

    def _foreseen(self, key: str) -> str:
        """The URL of a stored file as far as it can be said at once; a store that knows it may have to be waited for."""
        if self._options.base:
            return f"{self._options.base}/{quoted(key)}"
        entry = self.state.get(key)
        return entry.url if entry is not None else ""

    def _try_again(self, uri: str) -> Callable[[], None] | None:
        now = self._clock()
        with self._lock:
            retry_at = self._retry_at.get(uri)
            filepath = self.taken.get(uri)
            if retry_at is None or filepath is None or max(retry_at, self._rests_until) > now:
                return None
            del self._retry_at[uri]
        return self._take(uri, filepath)

    def _publish(self, uri: str, key: str, path: Path) -> None:
        """Bring a file to the store, off the request."""
        if self._rests_until > self._clock():
            self._rest(uri)
            return
        try:
            outcome = self.publisher.publish(key, path)
            self._flush()
            self._complaints.discard("")
            entry = self.state.get(key)
            if outcome.what is What.OUTDATED:
                self.urls.discard(uri)
                self._say(
                    f"{uri} stays on the site, since there is a later {outcome.newer} on the CDN; {OUTDATED_ADVICE}"
                )
            elif entry is not None:
                self._show(uri, key, entry.url)
        except StoreError as error:
            self._flush()
            self.urls.discard(uri)
            self._rest(uri, is_general=error.is_general)
            self._complain(error)
        except Exception:
            self._rest(uri, is_general=True)
            raise

    def _find(self, uri: str, key: str, shown: str) -> None:
        """Find out the URL of a stored file, off the request; it may have changed since it was written down."""
        if self._rests_until > self._clock():
            self._rest(uri)
            return
        try:
            url = self.publisher.address(key)
        except StoreError as error:
            if isinstance(error, NoAddress):
                self.urls.discard(uri)
                shown = ""
            self._rest(uri, is_general=error.is_general)
            if not shown:  # what has been written down stands until it is known to be another
                self._complain(error)
        else:
            self._show(uri, key, url)
        self._flush()

    def _show(self, uri: str, key: str, url: str) -> None:
        """Print the URL of a stored file from the time on when it answers."""
        entry = self.state.get(key)
        if entry is None or url in (self.urls.data.get(uri), self.urls.guard.get(uri, ("",))[0]):
            return
        with self._lock:
            self._keys[url] = key
        is_same = entry.url in ("", url)
        wait = self._options.wait_seconds
        left = min(max(entry.since + wait - self._wall_clock(), 0.0), wait) if is_same else wait
        # What has answered is not asked again after each restart; what has not is, however long ago it was stored.
        if (entry.answers and is_same) or not (left or self._is_probing):
            self.urls.release(uri, url)
        else:
            if uri in self.urls.data:
                self.urls.discard(uri)  # it has moved: where it was nothing may be
            self.urls.set(uri, url, left)

    def _has_answered(self, url: str) -> bool:
        if not self._probe(url):
            return False
        with self._lock:
            key = self._keys.pop(url, None)
        if key is not None:
            self.state.answers(key)
            self._flush()
        return True

    def _flush(self) -> None:
        if self.background.is_waiting():
            return  # the last one writes for all
        try:
            self.state.flush()
        except OSError as error:
            self._say(
                f"what is on the CDN cannot be written down, and is asked for again at each start: {error}"
            )

    def _rest(self, uri: str, *, is_general: bool = False) -> None:
        with self._lock:
            self._retry_at[uri] = self._clock() + RETRY_SECONDS
            if is_general:
                self._rests_until = self._clock() + RETRY_SECONDS

    def _complain(self, error: StoreError) -> None:
        self._say(f"{error}; pages print the local URL", is_general=error.is_general)

    def _say(self, message: str, *, is_general: bool = False) -> None:
        """Warn once; of what concerns all files alike, once in all until it is over."""
        with self._lock:
            known = "" if is_general else message
            if known in self._complaints:
                return
            self._complaints.add(known)
        logger.warning("%s_FILE_PROXY django_static.cdn.file_proxy: %s", PREFIX, message)


_lock = threading.Lock()
_chosen: Proxy | None = None
#: What the parent of this process has been told of, and this process will not be told again.
_inherited: dict[str, str] = {}
_is_watching = False


def current() -> Proxy:
    """The proxy of the settings, made when it is first needed.

    Raises:
        StoreError: the settings do not name a store.
    """
    global _chosen, _is_watching
    chosen = _chosen
    if chosen is None:
        with _lock:
            if _chosen is None:
                options = conf.cdn
                made = Proxy(options, store_of(options), conf.manifest_file.parent)
                while _inherited:
                    made(*_inherited.popitem())
                _chosen = made
                if not _is_watching:
                    _is_watching = True
                    setting_changed.connect(reset, dispatch_uid="django_static.cdn.reset")
                    if hasattr(os, "register_at_fork"):
                        os.register_at_fork(after_in_child=_after_fork)
            chosen = _chosen
    return chosen


def reset(**kwargs: Any) -> None:
    """Forget the settings and what is known, as a restart does; receives ``setting_changed``."""
    global _chosen
    _chosen = None


def _after_fork() -> None:
    """In a child of a fork: its parent's threads are not here, and their locks may be held for ever."""
    global _lock, _chosen
    _lock = threading.Lock()
    if _chosen is not None:
        _inherited.update(_chosen.taken)
        _chosen = None


def file_proxy(
    uri: str, new: bool = False, filepath: str | None = None, changed: bool = False, **kwargs: Any
) -> str:
    """``DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"``: files of ``DJANGO_STATIC_CDN_TYPES`` on a CDN.

    Prints the URL of the copy once it is there and answers, until then, and where that fails, the local one. Never
    raises, never waits.
    """
    if kwargs.get("disabled"):
        return uri
    try:
        return current()(uri, filepath if new or changed else None)
    except StoreError as error:
        _say_once(str(error))
    except Exception as error:  # noqa: BLE001 (a page never fails for what it is decorated with)
        _say_once(f"{type(error).__name__}: {error}")
    return uri


_said: set[str] = set()


def _say_once(message: str) -> None:
    if message not in _said:
        _said.add(message)
        logger.warning(
            "%s_FILE_PROXY django_static.cdn.file_proxy: %s; pages print the local URL", PREFIX, message
        )
