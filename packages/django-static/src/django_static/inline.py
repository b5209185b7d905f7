"""What style sheets and scripts refer to that stand in the templates themselves, and in no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .references import css, html, js
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

    def __str__(self) -> str:
        return f"{self.template}, line {self.line}, {self.inside}"


def mentions(texts: Iterable[Literal]) -> Iterator[Mention]:
    """The URLs in ``<style>``, ``<script>`` and ``style`` attributes that are known beforehand.

    Only those are that have no tag or variable in them, and begin with a slash or name a host: what is relative depends on
    the URL of the page.
    """
    for text in texts:
        for inline in html.inline(text.text):
            for reference in (css if inline.kind == "css" else js).references(inline.text):
                url = reference.url.strip()
                if HOLE in url or reference.what == "map" or not (url.startswith("/") or is_foreign(url)):
                    continue
                # In an attribute character references hide where exactly.
                offset = 0 if inline.inside == "style=" else reference.start
                yield Mention(text.template, text.line(inline.start + offset), inline.inside, url)
