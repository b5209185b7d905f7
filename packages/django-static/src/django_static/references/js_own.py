"""Scripts that take paths from their own URL which nobody can read beforehand, made to take them from the place they had.

``import.meta.url`` may be handed to anybody, and ``import(name)`` may mean any file: where such a script moves to another
folder its text is given the place of the original wherever it asks for its own. What it refers to legibly leads to
published files, before and after.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from .js_found import Found, Own, Unknown

__all__ = ["look", "relocated"]

_BLANK = r"(?:\s|/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*\n)*"
_PROPERTY = re.compile(rf"{_BLANK}\.(?!\.){_BLANK}(?P<name>[A-Za-z_$][\w$]*)")
_ASSIGNED = re.compile(r"\s*=(?![=>])")
#: What wants the script itself, and not a place to look for others from.
_TAKES_SCRIPT = re.compile(r"(?:Worker|addModule)\s*\(\s*\Z")
_ENDS_ARGUMENT = re.compile(r"\s*[,)]")
_AFTER_NEW = re.compile(r"(?<![\w$.])new\s+\Z")
_ORIGIN = r"/^(\w+:)(\/\/[^/?#]*)[^?#]*/"
_SPREAD = "..."


def look(text: str, start: int, end: int) -> Own | None:
    """What a script wants to know where ``text[start:end]`` is ``import.meta``; None where it is not its URL."""
    before = text[max(0, start - 40) : start]
    if _AFTER_NEW.search(before):
        return None
    named = _PROPERTY.match(text, end)
    if named is None:
        return Own(start, end, 0, is_whole=True)
    if named["name"] == "url":
        is_itself = _TAKES_SCRIPT.search(before) and _ENDS_ARGUMENT.match(text, named.end())
        if is_itself or _ASSIGNED.match(text, named.end()):
            return None
        return Own(start, named.end(), 0, is_whole=False)
    # Where it is called with an argument that can be read it is no candidate of this kind.
    return Own(start, end, 0, is_whole=True) if named["name"] == "resolve" else None


class _Wrap(NamedTuple):
    """What goes before and after a piece of code; of two around the same piece the one with the lower rank is outside."""

    start: int
    end: int
    rank: int
    before: str
    after: str


def relocated(text: str, found: Found, host: str, path: str) -> list[tuple[int, int, str]]:
    """What to put into a script so that it takes paths from a place that is not its own; nothing is replaced.

    Args:
        host: scheme and host of that place, ``//host``, or empty where it is that of the script.
        path: its path, percent-encoded: ``/js/app.js``.
    """
    folder = json.dumps(f"{host}{path[: path.rfind('/') + 1]}")
    target = f"{host}{path}".replace("$", "$$")
    if not host:
        target = f"$1$2{target}"
    elif host.startswith("//"):
        target = f"$1{target}"
    place = f"{_ORIGIN},{json.dumps(target)}"
    wraps = [_around(text, each, folder) for each in found.unknown if each.what != "asset" and each.end]
    name = _free_name(text)
    for own in found.own:
        if own.is_whole:
            wraps.append(_Wrap(own.start, own.end, 1, f"{name}(", ")"))
        else:
            wraps.append(_Wrap(own.start, own.end, 1, "", f".replace({place})"))
    if found.hands_on_itself:
        head = text.find("\n") + 1 if text.startswith("#!") else 0
        # A function is there from the first moment, for modules in a circle, too; and it may be called again.
        wraps.append(_Wrap(head, len(text), -1, _helper(name, place, folder), ""))
    return list(_changes(wraps))


def _helper(name: str, place: str, folder: str) -> str:
    return (
        f"function {name}(m){{if(m.url)m.url=m.url.replace({place});"
        f"if(m.resolve&&m.resolve!=={name}.r){{const r=m.resolve;"
        f"m.resolve={name}.r=u=>r({_of_module(folder)}(u))}}return m}}"
    )


def _around(text: str, place: Unknown, folder: str) -> _Wrap:
    expression = text[place.start : place.end]
    # What ends in a line comment would swallow what follows.
    line_end = "\n" if "//" in expression.rpartition("\n")[2] else ""
    if place.what == "script":
        # Workers that call it may be as old as their minifiers.
        taken = f"(function(u){{return/^(?:[a-z][\\w+.-]*:|\\/)/i.test(u)?u:{folder}+u}})"
        if expression.startswith(_SPREAD):
            return _Wrap(place.start, place.end, 0, f"{_SPREAD}[", f"{line_end}].map{taken}")
    else:
        taken = _of_module(folder)
    return _Wrap(place.start, place.end, 0, f"{taken}(", f"{line_end})")


def _of_module(folder: str) -> str:
    """A function of a specifier: what is relative is so to that folder."""
    return f"(u=>/^\\.\\.?\\//.test(u)?{folder}+u:u)"


def _changes(wraps: list[_Wrap]) -> Iterator[tuple[int, int, str]]:
    """The insertions, one for each place: what ends there, the inner first, and then what begins, the outer first."""
    pieces = [
        *(((each.end, 0, -each.start, -each.rank), each.after) for each in wraps),
        *(((each.start, 1, -each.end, each.rank), each.before) for each in wraps),
    ]
    at: dict[int, list[str]] = {}
    for (position, *_), piece in sorted(pieces, key=lambda item: item[0]):
        at.setdefault(position, []).append(piece)
    for position, texts in at.items():
        if any(texts):
            yield position, position, "".join(texts)


def _free_name(text: str) -> str:
    name = "_own"
    while name in text:
        name += "_"
    return name
