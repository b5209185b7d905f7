"""A block of HTML with its style sheets and scripts published, and combined where nothing stands between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Generic, TypeVar

from .answers import Address, Layout, Link
from .records import Manner, Printed
from .references import html as markup
from .sources import is_foreign, split_suffix

__all__ = ["Publisher", "given", "in_quotes", "names", "resolve"]

#: What a publisher knows a file by.
File = TypeVar("File")

#: What is put in place of a piece of a block.
_Change = tuple[int, int, "str | Link"]


@dataclass(frozen=True)
class Publisher(Generic[File]):
    """How a block gets its files published; the callables warn where something fails, and then return None."""

    find: Callable[[str], File | None]
    publish: Callable[[Sequence[File], Manner], Sequence[Printed] | None]
    is_foreign: Callable[[str], bool]
    #: Whether published files get another URL folder than their originals.
    moves: bool


@dataclass(frozen=True)
class _Member(Generic[File]):
    element: markup.Element
    file: File


def resolve(html: str, publisher: Publisher[File], mode: str = "") -> Layout:
    """The block to print; it is not settled when something could not be published now.

    Runs of links, or of scripts, with the same attributes become one element in the place of the first. Whatever else
    stands between two of them, and may take part in the cascade or run, keeps them apart. ``mode`` is an attribute,
    ``async`` or ``defer``, that classic scripts with neither get.
    """
    changes: list[_Change] = []
    runs: list[tuple[object, list[_Member[File]]]] = []
    is_settled = True
    is_open = False
    for element in markup.read(html):
        if element.kind == "blank":
            continue
        file = None
        if element.kind in ("css", "js", "module"):
            name = (element.location.value or "").strip()
            file = publisher.find(name)
            if file is None:
                is_missing = not publisher.is_foreign(name)
                is_settled = is_settled and not is_missing
                changes.append(_kept(html, element, is_missing=is_missing))
        if file is None:
            is_open = False
            continue
        key = _attributes_key(element)
        member = _Member(element, file)
        if is_open and key is not None and runs[-1][0] == key:
            runs[-1][1].append(member)
        else:
            runs.append((key, [member]))
        is_open = key is not None
    for _, run in runs:
        manner = _manner(run[0], publisher.moves)
        printed = publisher.publish([member.file for member in run], manner) if manner else None
        if manner is not None and printed is None:
            is_settled = False
        if printed is not None:
            changes += _replaced(html, run, printed, mode)
        else:
            changes += [_kept(html, member.element) for member in run]
    return _layout(html, changes, is_settled=is_settled)


def names(html: str) -> list[str]:
    """The URLs of the style sheets and scripts in a block."""
    return [
        (element.location.value or "").strip()
        for element in markup.read(html)
        if element.kind in ("css", "js", "module")
    ]


def given(html: str, change: Callable[[str], str] = lambda url: url) -> Layout:
    """The block as it is, but for the URL of each style sheet and script, which is passed through a function."""
    changes: list[_Change] = []
    for element in markup.read(html):
        if element.kind in ("css", "js", "module"):
            start, end, link = _kept(html, element)
            url = change(link.address.url)
            if url != link.address.url:
                link = Link(Address.of(url, link.address.suffix), in_quotes(url))
            changes.append((start, end, link))
    return _layout(html, changes, is_settled=True)


def in_quotes(url: str) -> str:
    """A URL as the value of an attribute."""
    return f'"{escape(url)}"'


def _attributes_key(element: markup.Element) -> object:
    """Elements with the same key may be combined; None for one that must stand alone."""
    values: dict[str, str | None] = {}
    for attribute in element.attributes:
        name, value = attribute.name, attribute.value
        if name in ("integrity", "id", "charset") or name.startswith("on"):
            return None  # a hash of one file, an element others look for, a handler that runs once per file
        if name == "rel":
            value = " ".join((value or "").lower().split())
        if name not in ("href", "src", "type"):
            values[name] = value
    return None if element.kind == "module" else (element.kind, frozenset(values.items()))


def _manner(member: _Member[File], moves: bool) -> Manner | None:
    """How a single element or run is published; None for one that is left as it is."""
    if member.element.get("integrity") is not None:
        # The references of a style sheet cannot be corrected under a hash.
        return None if moves and member.element.kind == "css" else Manner.VERBATIM
    return Manner.USUAL


def _replaced(
    html: str, run: Sequence[_Member[File]], printed: Sequence[Printed], mode: str
) -> list[_Change]:
    changes: list[_Change] = []
    position = 0
    for output in printed:
        first, *others = (member.element for member in run[position : position + output.parts])
        position += output.parts
        location = first.location
        # What a script reads of its own URL; of several in one file nobody knows whose it would be.
        suffix = "" if others else split_suffix((location.value or "").strip())[1]
        url = output.public + suffix
        address = Address.of(url, suffix, file=output.file, integrity=output.integrity)
        link = Link(address, in_quotes(url), _digest(output, first))
        changes.append((location.start, location.end, link))
        if mode and first.kind == "js" and first.get("async") is None and first.get("defer") is None:
            start = first.start + len("<script")
            changes.append((start, start, f" {mode}"))
        for element in others:
            start = element.start
            while start > 0 and html[start - 1].isspace():
                start -= 1
            changes.append((start, element.end, ""))
    return changes


def _digest(output: Printed, element: markup.Element) -> str:
    """The attributes by which a browser looks at the bytes; a digest of the author's stays alone."""
    if not output.integrity or element.get("integrity") is not None:
        return ""
    # Without it a file from another host cannot be looked at, and is not run.
    origin = "" if element.get("crossorigin") else ' crossorigin="anonymous"'
    return f' integrity="{output.integrity}"{origin}'


def _kept(html: str, element: markup.Element, *, is_missing: bool = False) -> tuple[int, int, Link]:
    """The URL of an element, left as it is."""
    location = element.location
    url = (location.value or "").strip()
    suffix = "" if is_foreign(url) else split_suffix(url)[1]
    link = Link(Address.of(url, suffix, is_missing=is_missing), html[location.start : location.end])
    return location.start, location.end, link


def _layout(html: str, changes: Sequence[_Change], *, is_settled: bool) -> Layout:
    pieces: list[str] = []
    links: list[Link] = []
    texts: list[str] = []
    since = position = 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        texts.append(html[position:start])
        position = end
        if isinstance(new, str):
            texts.append(new)
        else:
            pieces.append("".join(texts[since:]))
            links.append(new)
            texts.append(new.written + new.digest)
            since = len(texts)
    texts.append(html[position:])
    pieces.append("".join(texts[since:]))
    return Layout("".join(texts), is_settled, tuple(pieces), tuple(links))
