"""What the template tags know: give me the text to print for a name, a block, an inline piece.

One of two resolvers is chosen once: :class:`Off` prints what it was given, :class:`Lazy` publishes at the first
request for a name and looks it up afterwards.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, NamedTuple, Protocol, TypeVar

from . import blocks, minify
from .conf import conf
from .pipeline import Pipeline
from .records import Manner, Record
from .sources import Source, SourceError, is_foreign, split_suffix

__all__ = ["Address", "Lazy", "Off", "Place", "Resolver", "current", "reset", "slimfile", "staticfile"]

logger = logging.getLogger("django_static")

#: How long a name that could not be published is printed as it was given before it is tried again.
RETRY_SECONDS = 60.0
_MOST_KEPT = 10_000

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Place(NamedTuple):
    """Where something is asked for, for messages."""

    template: str
    line: int
    tag: str

    def __str__(self) -> str:
        return f"{self.template}, line {self.line}, {{% {self.tag} %}}"


class Address(NamedTuple):
    """A URL as such, and as it stands in HTML."""

    url: str
    html: str


class Resolver(Protocol):
    """What a template tag may ask for."""

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        """The URL to print for a name, or for several with ``;`` between them."""

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> str:
        """HTML with its style sheets and scripts published and combined; ``mode``: ``async``, ``defer`` or empty."""

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        """Inline text made smaller; an empty ``kind`` is guessed."""


class Off:
    """``DJANGO_STATIC`` is off: print what was given; read nothing, write nothing."""

    def __init__(self, host: str = "") -> None:
        #: DJANGO_STATIC_MEDIA_URL where DJANGO_STATIC_MEDIA_URL_ALWAYS is set.
        self._host = host

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        url = ";".join(map(self._with_host, name.split(";"))) if self._host else name
        return Address(url, escape(url))

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> str:
        return blocks.with_urls(html, self._with_host) if self._host else html

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        return text

    def _with_host(self, name: str) -> str:
        return (
            self._host + name if self._host and name.startswith("/") and not name.startswith("//") else name
        )


class Lazy:
    """``DJANGO_STATIC`` is on: the first request for a name publishes it.

    With ``recheck`` (``DEBUG``) every request compares the originals with what was published of them; without it a name
    is settled for the life of the process.
    """

    def __init__(
        self, pipeline: Pipeline, *, recheck: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pipeline = pipeline
        self._recheck = recheck
        self._clock = clock
        self._files: tuple[dict[str, Address], dict[str, Address]] = ({}, {})
        self._blocks: dict[tuple[str, bool, str], str] = {}
        self._texts: dict[tuple[str, str], str] = {}
        self._sources: dict[str, Source] = {}
        self._records: dict[_Run, Record] = {}
        self._retry_at: dict[str | _Run, float] = {}
        self._warned: dict[str, None] = {}

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        try:
            return self._files[slim][name]
        except KeyError:
            pass
        url = self._url(name, slim, place) if name else None
        if url is None:
            return Address(name, escape(name))
        address = Address(url, escape(url))
        if not self._recheck:
            _remember(self._files[slim], name, address)
        return address

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> str:
        key = (html, slim, mode)
        known = self._blocks.get(key)
        if known is not None:
            return known
        text, is_settled = blocks.resolve(html, self._block_publisher(slim, place), mode)
        if is_settled and not self._recheck:
            _remember(self._blocks, key, text)
        return text

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        key = (text, kind)
        known = self._texts.get(key)
        if known is None:
            kind = kind or minify.guess(text)
            chain = self._pipeline.options.minifiers.get(kind, ())
            result = minify.slim(text, kind, chain)
            if result.problem:
                self._warn(place, f"inline {kind} is printed without minifying: {result.problem}")
            known = result.text
            _remember(self._texts, key, known)
        return known

    def _url(self, name: str, slim: bool, place: Place | None) -> str | None:
        """The published URL, or None when the given one is to be printed."""
        given = _split(name)
        wanted = [source for source in (self._find(each, place) for each in given) if source is not None]
        if not wanted:
            return None
        manner = Manner.USUAL
        if len(wanted) > 1:
            manner = Manner.TOGETHER
            if len({source.kind for source in wanted}) > 1 or not wanted[0].kind:
                self._warn(
                    place, f"{name} cannot be one file: only style sheets or only scripts can be combined"
                )
                return None
        record = self._publish(wanted, slim, manner, place)
        if record is None:
            return None
        return record.outputs[0].public + (split_suffix(given[0])[1] if len(given) == 1 else "")

    def _block_publisher(self, slim: bool, place: Place | None) -> blocks.Publisher:
        options = self._pipeline.options
        return blocks.Publisher(
            find=lambda name: self._find(name, place),
            publish=lambda wanted, manner: self._publish(wanted, slim, manner, place),
            is_foreign=lambda name: not self._pipeline.sources.is_ours(name),
            moves=bool(options.name_prefix),
        )

    def _find(self, name: str, place: Place | None) -> Source | None:
        """The original of a name, or None with one warning; silently None for another host."""
        known = self._sources.get(name)
        if known is not None:
            return known
        if not self._pipeline.sources.is_ours(name) or self._is_resting(name):
            return None
        try:
            found = self._pipeline.sources.find(name)
        except SourceError as error:
            self._rest(name)
            self._warn(place, f"{error}; the given URL is printed")
            return None
        if not self._recheck:
            _remember(self._sources, name, found)
        return found

    def _publish(
        self, wanted: Sequence[Source], slim: bool, manner: Manner, place: Place | None
    ) -> Record | None:
        """Publish a run of originals once; None with one warning when it cannot be done now."""
        key = _Run(tuple(source.name for source in wanted), slim, manner)
        known = self._records.get(key)
        if known is not None and not (self._recheck and not self._pipeline.is_current(known)):
            return known
        if self._is_resting(key):
            return None
        try:
            record = self._pipeline.publish(wanted, slim=slim, manner=manner)
        except Exception as error:  # noqa: BLE001 (a page never fails for what it is decorated with)
            self._rest(key)
            self._warn(
                place, f"{', '.join(key.names)} could not be published: {error}; the given URL is printed"
            )
            return None
        if known is not None:
            self._pipeline.withdraw(known, record)
        _remember(self._records, key, record)
        return record

    def _is_resting(self, key: str | _Run) -> bool:
        return not self._recheck and self._retry_at.get(key, 0.0) > self._clock()

    def _rest(self, key: str | _Run) -> None:
        _remember(self._retry_at, key, self._clock() + RETRY_SECONDS)

    def _warn(self, place: Place | None, message: str) -> None:
        if message not in self._warned:
            _remember(self._warned, message, None)
            logger.warning("%s%s", f"{place}: " if place else "", message)


class _Run(NamedTuple):
    names: tuple[str, ...]
    slim: bool
    manner: Manner


def _remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Keep a value; names and blocks may come from data and never come again, so what is kept has an end."""
    if len(memory) >= _MOST_KEPT:
        memory.clear()
    memory[key] = value


def _split(name: str) -> list[str]:
    """The names in ``"a.js;b.js"``."""
    if ";" not in name or is_foreign(name):
        return [name]
    return [part.strip() for part in name.split(";") if part.strip()]


_current: Resolver | None = None


def current() -> Resolver:
    """The resolver the settings ask for; chosen once, and again when a test changes a setting."""
    global _current
    resolver = _current
    if resolver is None:
        if conf.enabled:
            resolver = Lazy(Pipeline(conf.sources(), conf.options()), recheck=conf.debug)
        else:
            resolver = Off(conf.media_url if conf.media_url_always else "")
        _current = resolver
    return resolver


def reset(**kwargs: Any) -> None:
    """Forget what has been prepared, as a restart does; receives ``setting_changed``."""
    global _current
    _current = None


def staticfile(name: str) -> str:
    """The URL of a published file, what ``{% staticfile name %}`` prints; several names may stand with ``;`` between."""
    return current().file(str(name), False).url


def slimfile(name: str) -> str:
    """The URL of a published and minified file, what ``{% slimfile name %}`` prints."""
    return current().file(str(name), True).url
