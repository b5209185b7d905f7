"""A block of HTML with its style sheets and scripts published, and combined where nothing stands between them.

Preloads in it lead to what its style sheets and scripts have become: one that led to an original would be fetched for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Generic, TypeVar

from . import markup
from .answers import Address, Layout, Link
from .records import Manner, Printed
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
    hints: list[_Member[File]] = []
    is_settled = True
    is_open = False
    for element in markup.read(html):
        if element.kind == "blank":
            continue
        file = None
        if element.kind in markup.LOADING:
            name = (element.location.value or "").strip()
            file = publisher.find(name)
            if file is None:
                is_missing = not publisher.is_foreign(name)
                is_settled = is_settled and not is_missing
                changes.append(_kept(html, element, is_missing=is_missing))
        if element.kind == "hint":
            is_open = is_open and not _is_scripted(element)
            hints += [] if file is None else [_Member(element, file)]
            continue
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
    placed: list[tuple[_Member[File], Printed | None]] = []
    for _, run in runs:
        manner = _manner(run[0], publisher.moves)
        printed = publisher.publish([member.file for member in run], manner) if manner else None
        if manner is not None and printed is None:
            is_settled = False
        if printed is not None:
            changes += _replaced(html, run, printed, mode)
            which = (output for output in printed for _ in range(output.parts))
            placed += zip(run, which, strict=True)
        else:
            changes += [_kept(html, member.element) for member in run]
            placed += [(member, None) for member in run]
    seen: set[object] = set()
    for hint in hints:
        found = _followed(hint, placed)
        if found is None:
            manner = _manner(hint, publisher.moves)
            alone = publisher.publish([hint.file], manner) if manner else None
            is_settled = is_settled and not (manner is not None and alone is None)
            found = hint, alone[0] if alone else None
        changes += _hinted(html, hint.element, *found, seen)
    return _layout(html, changes, is_settled=is_settled)


def _followed(
    hint: _Member[File], placed: Sequence[tuple[_Member[File], Printed | None]]
) -> tuple[_Member[File], Printed | None] | None:
    """The style sheet or script of the block that a preload is of, and what has become of it."""
    if _is_scripted(hint.element):
        return None  # what it does is done once for each file
    same = [each for each in placed if each[0].file == hint.file]
    has_digest = hint.element.get("integrity") is not None
    alike = [each for each in same if (each[0].element.get("integrity") is not None) == has_digest]
    return next(iter([*alike, *same]), None)


def _hinted(
    html: str, hint: markup.Element, followed: _Member[File], output: Printed | None, seen: set[object]
) -> list[_Change]:
    """A preload of what a file has become; nothing for one more of the same, where several files became one."""
    if output is None:
        return [_kept(html, hint)]
    location = hint.location
    suffix = "" if output.parts > 1 else split_suffix((location.value or "").strip())[1]
    url = output.public + suffix
    said = frozenset(
        (each.name, each.value) for each in hint.attributes if each.name not in ("href", "integrity")
    )
    if output.parts > 1 and (url, said) in seen:
        return [_removed(html, hint)]
    seen.add((url, said))
    changes: list[_Change] = []
    own = hint.get("integrity")
    if own is not None and followed.element.get("integrity") is None:
        changes.append((len(html[: own.begin].rstrip()), own.end, ""))  # it is that of the original
    digest = _digest(output, followed.element, hint)
    address = Address.of(url, suffix, file=output.file, integrity=output.integrity)
    return [*changes, (location.start, location.end, Link(address, in_quotes(url), digest))]


def names(html: str) -> list[str]:
    """The URLs of the style sheets and scripts in a block, and of its preloads."""
    return [
        (element.location.value or "").strip()
        for element in markup.read(html)
        if element.kind in markup.LOADING
    ]


def given(html: str, change: Callable[[str], str] = lambda url: url) -> Layout:
    """The block as it is, but for the URL of each style sheet, script and preload, which is passed through a function."""
    changes: list[_Change] = []
    for element in markup.read(html):
        if element.kind in markup.LOADING:
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
    if _is_scripted(element):
        return None
    for attribute in element.attributes:
        name, value = attribute.name, attribute.value
        if name in ("integrity", "charset"):
            return None  # a hash of one file
        if name == "rel":
            value = " ".join((value or "").lower().split())
        if name not in ("href", "src", "type"):
            values[name] = value
    return None if element.kind == "module" else (element.kind, frozenset(values.items()))


def _is_scripted(element: markup.Element) -> bool:
    """Whether others look for the element, or it has a handler that runs once per file."""
    return any(each.name == "id" or each.name.startswith("on") for each in element.attributes)


def _is_sheet(element: markup.Element) -> bool:
    destination = element.get("as")
    return element.kind == "css" or (
        element.kind == "hint" and destination is not None and (destination.value or "").lower() == "style"
    )


def _manner(member: _Member[File], moves: bool) -> Manner | None:
    """How a single element or run is published; None for one that is left as it is."""
    if member.element.get("integrity") is not None:
        # The references of a style sheet cannot be corrected under a hash.
        return None if moves and _is_sheet(member.element) else Manner.VERBATIM
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
        link = Link(address, in_quotes(url), _digest(output, first, first))
        changes.append((location.start, location.end, link))
        if mode and first.kind == "js" and first.get("async") is None and first.get("defer") is None:
            start = first.start + len("<script")
            changes.append((start, start, f" {mode}"))
        changes += [_removed(html, element) for element in others]
    return changes


def _removed(html: str, element: markup.Element) -> _Change:
    """Nothing in place of an element and the white space before it."""
    return len(html[: element.start].rstrip()), element.end, ""


def _digest(output: Printed, using: markup.Element, element: markup.Element) -> str:
    """The attributes by which a browser looks at the bytes that an element uses; a digest of the author's stays alone."""
    if not output.integrity or using.get("integrity") is not None:
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
