"""What a page prints for a published file, and what is to be done for the next page to print more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ..names import quoted
from .addresses import key_of
from .answering import CannotTell, answers, is_gone
from .background import Background
from .complaints import Complaints
from .options import Options
from .outcomes import OUTDATED_ADVICE, What
from .patience import patience
from .publisher import Publisher
from .rests import Rests
from .signing import sign_of
from .slow_map import SlowMap
from .state import Entry, State
from .store import NoAddress, Store, StoreError

__all__ = ["Proxy"]

#: How long a URL that has answered is believed to do so; and how often it is seen to which are believed no longer, and to
#: what others have come to doubt.
TRUST_SECONDS = 86_400.0
LOOK_SECONDS = 900.0


class Proxy:
    """Answers at once from what is known; everything that takes time is done in a few threads.

    Args:
        options: the settings.
        store: where files go.
        folder: where what is known of the store is written down.
        bare: the URL of a file as if the site were at the root; called in the thread of a page.
    """

    def __init__(
        self,
        options: Options,
        store: Store,
        folder: Path,
        *,
        bare: Callable[[str], str] = str,
        probe: Callable[[str], bool] = answers,
        gone: Callable[[str], bool] = is_gone,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Raises:
            StoreError: there is nothing to sign URLs with where they are to be signed.
        """
        self._options = options
        self._store = store
        self._bare = bare
        self._sign = sign_of(options)
        self._probe = probe
        self._gone = gone
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
        self._rests = Rests(clock, patience(options.threads))
        self._complaints = Complaints(clock)
        self._look_at = clock() + LOOK_SECONDS
        self._keys: dict[str, str] = {}
        #: The keys of the files that pages have named, by their URLs on the site.
        self._names: dict[str, str] = {}

    def __call__(self, uri: str, filepath: str | None = None) -> str:
        """The URL to print for a file of the site.

        Args:
            uri: the URL on the site.
            filepath: where the file lies, when something was done for it.

        Raises:
            StoreError: it could not be signed.
        """
        work = None
        if filepath is not None:
            work = self._take(uri, filepath)
        elif uri in self._rests:
            work = self._try_again(uri)
        url = self.urls.get(uri, uri)
        if work is not None:
            self._submit(work, uri)
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + LOOK_SECONDS
            self._submit(self._look_again, uri)
        return url if url == uri else self._sign(url)

    def _submit(self, work: Callable[[], None], uri: str) -> None:
        try:
            self.background.submit(work)
        except RuntimeError as error:  # of threads: the page has its URL, and this is tried again
            self._rests.begin(uri)
            self._complaints.say(f"nothing can be done off the request: {error}")

    def _look_again(self) -> None:
        """See, off the request, whether what pages name is still what it was when its URL answered."""
        self.state.refresh()
        with self._lock:
            taken = list(self.taken.items())
        # First: for this nobody need be asked, who might take long to answer.
        for uri, _ in taken:
            self._drop_doubted(uri)
        if self._is_probing:
            self._ask_again(taken)
        self._flush()

    def _drop_doubted(self, uri: str) -> None:
        """Name a file no more that another process has found wrong, or missing, or referring to what is, whatever its URL
        answers; a page that wants it has it brought to the store again."""
        # In this order: what leaves the guard is in the data before.
        url = self.urls.guard.get(uri, ("",))[0] or self.urls.data.get(uri)
        if url and self._is_doubted(self._names[uri]):
            self.urls.discard(uri)
            self._rests.end(uri)
            self._complaints.say(
                f"{url} may not be what it should, and is not named until the store has it as it is here"
            )

    def _ask_again(self, taken: Iterable[tuple[str, str]]) -> None:
        """Ask for the URLs that have answered long ago: what was there may have been removed."""
        for uri, filepath in taken:
            url = self.urls.data.get(uri)
            if url is None:
                continue
            key = self._names[uri]
            if self._rests.rests(uri, key):
                continue
            try:
                entry = self.state.get(key)
                now = self._wall_clock()
                if entry is not None and (entry.url != url or _is_believed(entry, now)):
                    continue
                is_gone = self._gone(self._sign(url))
                self.state.change(key, asked=now)
                if is_gone:
                    self._bring_back(uri, key, url, Path(filepath))
            except CannotTell:
                break  # nor any other
            except StoreError as error:
                self._refused(uri, self._names[uri], error)

    def _bring_back(self, uri: str, key: str, url: str, path: Path) -> None:
        """Store again what is gone; until it answers pages name the site.

        Raises:
            StoreError: it cannot be stored.
        """
        self.urls.discard(uri)
        self.state.doubt(key)
        self._flush()  # for other processes, whether or not it can be sent
        self._complaints.say(f"{url} is gone, and is sent again if the store has lost it")
        if self.publisher.publish(key, path, verify=True).what is not What.OUTDATED:
            self._show(uri, key, url)

    def _take(self, uri: str, filepath: str) -> Callable[[], None] | None:
        """Note a file; what is to be done for it off the request, if anything is."""
        if not self._options.wants(filepath):
            return None
        with self._lock:
            self.taken[uri] = filepath
        try:
            key = self._names.setdefault(uri, key_of(self._bare(uri), self._options.prefix))
        except StoreError as error:
            self._complaints.of(error, uri)
            return None
        path = Path(filepath)
        if self.publisher.is_known(key, path):
            url = self._foreseen(key)
            if url and not self.publisher.is_replaced(key):
                self._show(uri, key, url)
            if self.publisher.is_certain(key, path):
                entry = self.state.get(key)
                is_settled = self._options.base and entry is not None and entry.url == url
                return None if is_settled else lambda: self._find(uri, key, path, url)
        return lambda: self._publish(uri, key, path)

    def _foreseen(self, key: str) -> str:
        """The URL of a stored file as far as it can be said at once; a store that knows it may have to be waited for."""
        entry = self.state.get(key)
        known = entry.url if entry is not None else ""
        if not self._options.base:
            return known
        url = f"{self._options.base}/{quoted(key)}"
        return url if self._store.is_placed or known in ("", url) else ""

    def _try_again(self, uri: str) -> Callable[[], None] | None:
        with self._lock:
            filepath = self.taken.get(uri)
        if filepath is None or not self._rests.is_over(uri, self._names.get(uri, uri)):
            return None
        return self._take(uri, filepath)

    def _publish(self, uri: str, key: str, path: Path) -> None:
        """Bring a file to the store, off the request."""
        if self._is_put_off(uri, key, path):
            return
        try:
            outcome = self.publisher.publish(key, path)
            self._flush()
            self._rests.done(uri, key, is_taken=True)
            self._complaints.are_over(uri, key)
            entry = self.state.get(key)
            if outcome.what is What.OUTDATED:
                self.urls.discard(uri)
                self._complaints.say(
                    f"{uri} stays on the site, since there is a later {outcome.newer} on the CDN; {OUTDATED_ADVICE}"
                )
            elif entry is not None:
                self._show(uri, key, entry.url)
        except StoreError as error:
            self._flush()
            self.urls.discard(uri)
            self._refused(uri, key, error)
        except Exception:
            self._rests.begin(uri, key, is_general=True)
            raise

    def _is_put_off(self, uri: str, key: str, path: Path) -> bool:
        """Whether a file is left alone, since what it needs, or those beside it, were refused."""
        if not self._rests.is_calm:
            for each in (key, *self.publisher.needed(key, path)):
                if self._rests.puts_off(uri, each):
                    return True
        self._rests.presume(key)
        return False

    def _refused(self, uri: str, key: str, error: StoreError, *, is_told: bool = True) -> None:
        is_own = self._rests.begin(
            uri, error.refused or key, is_general=error.is_general, is_denied=error.is_denied
        )
        if is_told:
            self._complaints.of(error, uri, key, is_own=is_own)

    def _find(self, uri: str, key: str, path: Path, shown: str) -> None:
        """Find out the URL of a stored file, off the request; it may have changed since it was written down, and the file
        not be there."""
        if self._rests.puts_off(uri, key):
            return
        try:
            url = self.publisher.address(key)
        except StoreError as error:
            if isinstance(error, NoAddress):
                self.urls.discard(uri)
                shown = ""
            elif self._is_doubted(key):  # it has said that the file is not there
                self._find_doubted(uri, key, path)
                return
            # What has been written down stands until it is known to be another.
            self._refused(uri, key, error, is_told=not shown)
        else:
            self._rests.done(uri, is_taken=False)
            if self._is_doubted(key):
                self._find_doubted(uri, key, path)
                return
            self._show(uri, key, url)
        self._flush()

    def _find_doubted(self, uri: str, key: str, path: Path) -> None:
        """Bring a file to where its URL leads now; until it is there nobody is sent to where it was, or will be."""
        self.urls.discard(uri)
        self._publish(uri, key, path)

    def _is_doubted(self, key: str) -> bool:
        entry = self.state.get(key)
        return entry is not None and entry.doubted

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
        if not self._probe(self._sign(url)):
            return False
        with self._lock:
            key = self._keys.pop(url, None)
        if key is not None:
            self.state.answers(key, self._wall_clock())
            self._flush()
        return True

    def _flush(self) -> None:
        if self.background.is_waiting():
            return  # the last one writes for all
        try:
            self.state.flush()
        except OSError as error:
            self._complaints.say(
                f"what is on the CDN cannot be written down, and is asked for again at each start: "
                f"{self.state.path}: {error.strerror or error}"
            )


def _is_believed(entry: Entry, now: float) -> bool:
    """Whether a URL that is printed need not be asked for; another process may have sent its file again."""
    return entry.answers and now - max(entry.since, entry.asked) < TRUST_SECONDS
