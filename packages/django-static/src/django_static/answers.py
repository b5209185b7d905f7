"""What is asked of a resolver, and what it answers."""

from __future__ import annotations

import logging
from typing import NamedTuple, Protocol, TypeVar

from .sources import is_foreign

__all__ = ["MOST_KEPT", "Address", "Complaints", "Place", "Resolver", "remember", "split_names"]

logger = logging.getLogger("django_static")

MOST_KEPT = 10_000

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
    #: The digest of what is published there; empty where nothing is, or where nobody asked for digests.
    integrity: str = ""


class Resolver(Protocol):
    """What a template tag may ask for."""

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        """The URL to print for a name, or for several with ``;`` between them."""

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> str:
        """HTML with its style sheets and scripts published and combined; ``mode``: ``async``, ``defer`` or empty."""

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        """Inline text made smaller; an empty ``kind`` is guessed."""

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> str:
        """The text of an import map (see :mod:`.import_maps`), ready to stand in HTML."""

    def stored(self, name: str, plain: str) -> str:
        """The URL of a file below ``STATIC_URL``, which is ``plain`` where it is published under its own name only."""


class Complaints:
    """Warnings for whoever writes the templates, each said once."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def say(self, place: Place | None, message: str) -> None:
        if message not in self._said:
            remember(self._said, message, None)
            logger.warning("%s%s", f"{place}: " if place else "", message)


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
