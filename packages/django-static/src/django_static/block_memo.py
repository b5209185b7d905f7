"""Blocks that have been resolved, kept without what differs from request to request, such as the nonce of a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from . import markup
from .answers import Layout, remember

__all__ = ["BlockMemo"]

#: Values of attributes that no file depends on, without what could end them whatever they stand in.
_VARYING = re.compile(
    r"""(?<=[ \t\n\r\f"'])(?:nonce|data-[a-z0-9_.:-]+)=(?:"(?P<double>[^"'<>\uFDD0\uFDD1]*)"|'(?P<single>[^"'<>\uFDD0\uFDD1]*)')""",
    re.IGNORECASE,
)
#: Non-characters, which no page may hold (Unicode 16, 23.7), around a number.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_HOLE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


class BlockMemo:
    """Finds the layout of a block again, also when its nonce is another one.

    A block with values that vary is resolved and kept with numbers in their place: equal values have one number, since
    elements are combined by whether their attributes are equal, not by what is in them.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool, str], Layout] = {}

    def layout(
        self,
        html: str,
        slim: bool,
        mode: str,
        resolve: Callable[[str], Layout],
        *,
        keep: bool = True,
    ) -> Layout:
        """What to print for a block; ``resolve`` gives it, and it is kept if it is settled."""
        key = (html, slim, mode)
        known = self._known.get(key)
        if known is not None:
            return known
        values: dict[str, str] = {}
        shape = _shape(html, values)
        found: list[str] = []
        if values:
            known = self._known.get((shape, slim, mode))
            if known is not None or _is_in_attributes(shape):
                key = (shape, slim, mode)
                found = list(values)
        if known is None:
            known = resolve(key[0])
            if keep and known.is_settled:
                remember(self._known, key, known)
        return _filled(known, found) if found else known


def _filled(layout: Layout, values: Sequence[str]) -> Layout:
    """A layout with the values that vary in it; they stand around the links, and never in them."""
    pieces = tuple(_HOLE.sub(lambda hole: values[int(hole[1])], piece) for piece in layout.pieces)
    texts = [pieces[0]]
    for link, piece in zip(layout.links, pieces[1:], strict=True):
        texts += (link.written, link.digest, piece)
    return layout._replace(text="".join(texts), pieces=pieces)


def _shape(html: str, values: dict[str, str]) -> str:
    """The HTML with numbers for the values that vary, which are put into the dictionary in the order of the numbers."""
    if _OPEN in html or _CLOSE in html:
        return html

    def numbered(found: re.Match[str]) -> str:
        group = "double" if found["double"] is not None else "single"
        value = found[group]
        hole = values.setdefault(value, f"{_OPEN}{len(values)}{_CLOSE}")
        start, end = found.span(group)
        whole = found.start()
        return f"{found[0][: start - whole]}{hole}{found[0][end - whole :]}"

    return _VARYING.sub(numbered, html)


def _is_in_attributes(shape: str) -> bool:
    """Whether each number is the value of an attribute, or stands where there are none: in text, comments, other tags."""
    for element in markup.read(shape):
        inside = len(_HOLE.findall(shape, element.start, element.end))
        whole = sum(_HOLE.fullmatch(attribute.value or "") is not None for attribute in element.attributes)
        if element.attributes and inside != whole:
            return False
    return True
