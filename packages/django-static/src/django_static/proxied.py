"""Ask a function of the site for every URL that is printed: ``DJANGO_STATIC_FILE_PROXY``."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from . import blocks, import_maps
from .answers import Address, Layout, ModuleMap, Place, Published, Resolver, remember
from .block_memo import BlockMemo
from .conf import PREFIX
from .sizes import message, printable
from .sources import is_foreign

__all__ = ["Proxied"]

logger = logging.getLogger("django_static")

#: How long a proxy that raised is not told again of a file it has not taken.
RETRY_SECONDS = 60.0


class _Answer(NamedTuple):
    """What to print for a URL."""

    url: str
    #: Whether the bytes there are those of the published file, as far as is known.
    is_same: bool


class Proxied:
    """A resolver around another one: what that would print, the proxy is asked for, at each render.

    The proxy gets the URL, and as keywords ``new``, ``changed``, ``checked`` and ``notfound``, which are always there;
    ``filepath`` where something was done, and ``disabled=True`` where ``DJANGO_STATIC`` is off. Where it raises, or
    returns no string, the URL it was asked for is printed.

    An answer is taken for another place of the same bytes, so that their digest is printed with it; but not when it was
    the answer for other bytes, too.
    """

    def __init__(
        self,
        inner: Resolver,
        proxy: Callable[..., object],
        *,
        is_disabled: bool,
        rechecks: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._proxy = proxy
        self._always = {"disabled": True} if is_disabled else {}
        #: Whether the originals are looked at for each render.
        self._rechecks = rechecks
        self._news = _News(clock)
        self._complaints: dict[str, None] = {}
        #: The URLs that answers on another host stand for; None for an answer to several.
        self._origins: dict[str, str | None] = {}
        #: The digests of what answers stand for; empty for an answer to several files.
        self._digests: dict[str, str] = {}
        #: Blocks without the answers that are known.
        self._locals = BlockMemo()

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        return self._answered(self._inner.file(name, slim, place))

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> Layout:
        layout = self._inner.block(self._local(html), slim, mode, place)
        texts = [layout.pieces[0]] if layout.pieces else [layout.text]
        for link, piece in zip(layout.links, layout.pieces[1:], strict=True):
            answer = self._ask(link.address)
            written = link.written if answer.url == link.address.url else blocks.in_quotes(answer.url)
            texts += (written, link.digest if answer.is_same else "", piece)
        return Layout("".join(texts))

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        return self._inner.content(text, kind, place)

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> ModuleMap:
        given = self._inner.modules(specification, slim, place)
        digests = import_maps.digests(given.text)
        answers: dict[str, tuple[str, bool]] = {
            url: self._ask(Address.of(url, file=given.files.get(url), integrity=digests.get(url, "")))
            for url in import_maps.urls(given.text)
        }
        return ModuleMap(import_maps.moved(given.text, answers))

    def stored(self, name: str, plain: str) -> Address:
        return self._answered(self._inner.stored(name, plain))

    def _answered(self, address: Address) -> Address:
        given = address.url
        if address.file is None and ";" in given and not is_foreign(given):
            url = ";".join(
                self._ask(Address(each, "", is_missing=address.is_missing)).url for each in given.split(";")
            )
            is_same = True
        else:
            url, is_same = self._ask(address)
        html = address.html if url == given else escape(url)
        return Address(url, html, integrity=address.integrity if is_same else "")

    def _ask(self, address: Address) -> _Answer:
        printed = self._asked(address)
        digest = address.integrity
        if not digest:
            return _Answer(printed, is_same=True)
        known = self._digests.get(printed)
        if known is None:
            remember(self._digests, printed, digest)
        elif known != digest:
            self._digests[printed] = ""
        return _Answer(printed, is_same=known in (None, digest))

    def _asked(self, address: Address) -> str:
        url, suffix, file = address.url, address.suffix, address.file
        uri = url.removesuffix(suffix)
        if not uri:
            return url
        news = self._news.of(file, uri) if file is not None else ""
        facts: dict[str, Any] = {
            "new": news == "new",
            "changed": news == "changed",
            "checked": bool(news) or (self._rechecks and (file is not None or address.is_missing)),
            "notfound": address.is_missing,
            **self._always,
        }
        if file is not None and news:
            facts["filepath"] = file.path
        try:
            answer = self._proxy(uri, **facts)
            if not isinstance(answer, str):
                raise TypeError(f"it returned {answer!r}, not a string")
        except Exception as error:  # noqa: BLE001 (a page never fails for what it is decorated with)
            self._complain(uri, error)
            if file is not None and news:
                self._news.failed(uri, news)
            return url
        if answer == uri:
            return url
        # What is signed is not what is asked for when a query is put behind it.
        own = _fragment(suffix) if getattr(answer, "is_whole", False) else suffix
        printed = _with_suffix(str.__str__(answer), own)
        if is_foreign(printed):
            self._note(printed, url)
        return printed

    def _note(self, answer: str, url: str) -> None:
        known = self._origins.get(answer, "")
        if known == "":
            remember(self._origins, answer, url)
        elif known not in (None, url):
            self._origins[answer] = None
        else:
            return
        self._locals = BlockMemo()

    def _local(self, html: str) -> str:
        """A block with the URLs that answers stand for: ``{% static %}`` and variables in it have been asked about already,
        and a file on another host could not be combined with others."""
        if not self._origins:
            return html

        def local(html: str) -> Layout:
            return blocks.given(html, lambda url: self._origins.get(url) or url)

        return self._locals.layout(html, False, "", local).text

    def _complain(self, uri: str, error: Exception) -> None:
        if uri not in self._complaints:
            remember(self._complaints, uri, None)
            logger.warning(
                "%s_FILE_PROXY %s failed for %s: %s: %s; the local URL is printed",
                PREFIX,
                _name_of(self._proxy),
                printable(uri),
                type(error).__name__,
                message(error),
            )


class _News:
    """Which published files the proxy has not been told of."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        #: The last URL of each work, and the URLs that the proxy has taken and that nothing has replaced.
        self._last: dict[Hashable, str] = {}
        self._taken: set[str] = set()
        #: What the proxy failed at, and when to tell it again.
        self._failed: dict[str, tuple[str, float]] = {}

    def of(self, file: Published, uri: str) -> str:
        """``new``, ``changed`` or empty; of all who ask at once, one is told."""
        if self._last.get(file.work) == uri and uri in self._taken:
            return ""
        with self._lock:
            last = self._last.get(file.work)
            self._last[file.work] = uri
            if last is not None and last != uri:
                self._taken.discard(last)
            if uri in self._taken:
                return ""
            news, retry_at = self._failed.get(uri, ("new" if last is None else "changed", 0.0))
            if retry_at > self._clock():
                return ""
            self._failed.pop(uri, None)
            self._taken.add(uri)
            return news

    def failed(self, uri: str, news: str) -> None:
        """The proxy has not taken a file."""
        with self._lock:
            self._taken.discard(uri)
            self._failed[uri] = (news, self._clock() + RETRY_SECONDS)


def _fragment(suffix: str) -> str:
    _, mark, fragment = suffix.partition("#")
    return mark + fragment


def _with_suffix(url: str, suffix: str) -> str:
    """Put the query and fragment of a template behind an answer, which may have some of its own."""
    if not suffix or not any(mark in url for mark in "?#"):
        return url + suffix
    own, given = urlsplit(url), urlsplit(suffix)
    query = "&".join(filter(None, (own.query, given.query)))
    return urlunsplit(own._replace(query=query, fragment=given.fragment or own.fragment))


def _name_of(proxy: Callable[..., object]) -> str:
    name = getattr(proxy, "__qualname__", None)
    return f"{proxy.__module__}.{name}" if name else repr(proxy)
