"""What is asked of a resolver, and what it answers."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping
from html import escape
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar

from .sizes import message
from .sources import is_foreign

__all__ = [
    "MOST_KEPT",
    "Address",
    "Complaints",
    "Layout",
    "Link",
    "ModuleMap",
    "Place",
    "Published",
    "Resolver",
    "remember",
    "split_names",
    "titled",
]

logger = logging.getLogger("django_static")

MOST_KEPT = 10_000

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Place(NamedTuple):
    """Where something is asked for, for messages."""

    template: str
    line: int
    tag: str
    #: The engine that the template belongs to, where another one has a template of that name, too.
    engine: str = ""

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""  # a setting has none
        tag = f"{{% {self.tag} %}}" if self.tag else ""
        return ", ".join(filter(None, (titled(self.template, self.engine), line, tag)))


class Published(NamedTuple):
    """A file that has been published."""

    #: What it was made of; the same when the originals have changed, and with them name and content.
    work: Hashable
    #: Absolute.
    path: str


class Address(NamedTuple):
    """A URL as such, and as it stands in HTML."""

    url: str
    html: str
    #: The query and fragment at the end of the URL, as the template gave them.
    suffix: str = ""
    #: What the URL leads to; None for a URL that is printed as it was given.
    file: Published | None = None
    #: The digest of what is published there; empty where nothing is, or where nobody asked for digests.
    integrity: str = ""
    #: Whether there is no such file.
    is_missing: bool = False
    #: Whether the answer will be the same as long as this resolver is in use.
    is_settled: bool = False

    @classmethod
    def of(
        cls,
        url: str,
        suffix: str = "",
        file: Published | None = None,
        integrity: str = "",
        *,
        is_missing: bool = False,
        is_settled: bool = False,
    ) -> Address:
        return cls(url, escape(url), suffix, file, integrity, is_missing, is_settled)


class Link(NamedTuple):
    """The URL of a style sheet or script in a block, and how it is written there, with its quotes."""

    address: Address
    written: str
    #: The attributes that hold a browser to the bytes, which follow the URL; empty where there are none.
    digest: str = ""


class Layout(NamedTuple):
    """A block to print."""

    text: str
    #: Whether it will be the same as long as this resolver is in use.
    is_settled: bool = False
    #: The text around the links: one piece more than there are links.
    pieces: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


class ModuleMap(NamedTuple):
    """An import map to print."""

    #: Ready to stand in HTML.
    text: str
    #: The published files whose URLs are in it, by URL, as far as somebody wants to know.
    files: Mapping[str, Published] = MappingProxyType({})


class Resolver(Protocol):
    """What a template tag may ask for."""

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        """The URL to print for a name, or for several with ``;`` between them."""

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> Layout:
        """HTML with its style sheets and scripts published and combined; ``mode``: ``async``, ``defer`` or empty."""

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        """Inline text made smaller; an empty ``kind`` is guessed."""

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> ModuleMap:
        """An import map (see :mod:`.import_maps`)."""

    def stored(self, name: str, plain: str) -> Address:
        """The URL of a file below ``STATIC_URL``, which is ``plain`` where it is published under its own name only."""


class Complaints:
    """Warnings for whoever writes the templates, each said once."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def say(self, place: Place | None, text: str) -> None:
        if text not in self._said:
            remember(self._said, text, None)
            logger.warning("%s", message(f"{place}: {text}" if place else text))


def titled(template: str, engine: str) -> str:
    """What a template is called in messages and on pages; ``engine`` as in :class:`Place`."""
    return f"{template} (engine {engine})" if engine else template


def remember(memory: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Keep a value; names and blocks may come from data and never come again, so what is kept has an end."""
    if len(memory) >= MOST_KEPT:
        memory.clear()
    memory[key] = value


def split_names(name: str) -> list[str]:
    """The names in ``"a.js;b.js"``."""
    if ";" not in name or is_foreign(name):
        return [name]
    return [part.strip() for part in name.split(";") if part.strip()]
