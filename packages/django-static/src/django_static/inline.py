"""What style sheets and scripts refer to that stand in the templates themselves, and in no file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import markup
from .answers import titled
from .references import css, js
from .scan.literals import HOLE, Literal
from .sources import is_foreign

__all__ = ["Mention", "mentions"]


class Mention(NamedTuple):
    """A URL and the place in a template that it stands at."""

    template: str
    line: int
    #: The element or attribute: ``<script>``, ``<style>``, ``style=``.
    inside: str
    url: str
    #: As in :class:`django_static.answers.Place`.
    engine: str = ""

    def __str__(self) -> str:
        return f"{titled(self.template, self.engine)}, line {self.line}, {self.inside}"


def mentions(texts: Iterable[Literal]) -> Iterator[Mention]:
    """The URLs in ``<style>``, ``<script>``, import maps and ``style`` attributes that are known beforehand.

    Only those are that have no tag or variable in them, and begin with a slash or name a host: what is relative depends on
    the URL of the page.
    """
    for text in texts:
        for inline in markup.inline(text.text):
            for position, url in _addresses(inline.text) if inline.kind == "importmap" else _urls(inline):
                if HOLE not in url and (url.startswith("/") or is_foreign(url)):
                    # In an attribute character references hide where exactly.
                    offset = 0 if inline.inside == "style=" else position
                    line = text.line(inline.start + offset)
                    yield Mention(text.template, line, inline.inside, url, text.engine)


def _urls(inline: markup.Inline) -> Iterator[tuple[int, str]]:
    """The URLs of a style sheet or script with their positions."""
    for reference in (css if inline.kind == "css" else js).references(inline.text):
        if reference.what != "map":
            yield reference.start, reference.url.strip()


def _addresses(text: str) -> Iterator[tuple[int, str]]:
    """The addresses of modules in an import map (WHATWG HTML 8.1.6.2), those of its scopes too; folders are none.

    Nothing is said of one that cannot be read, or has a tag where an entry would stand.
    """
    try:
        value = json.loads(text)
        entries = [value.get("imports", {}), *value.get("scopes", {}).values()]
        found = [str(address) for each in entries for address in each.values() if address]
    except (AttributeError, RecursionError, ValueError):
        return
    for address in dict.fromkeys(found):
        if not address.endswith("/"):
            # One that is written with escapes is told with the line of the map.
            yield max(text.find(f'"{address}"'), 0), address
