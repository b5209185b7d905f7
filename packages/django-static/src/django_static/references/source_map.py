"""Source maps (ECMA-426): what they refer to, how they move, and one for files that were joined."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit

__all__ = ["Section", "SourceMapError", "dump", "identity", "index_map", "moved", "read", "sources"]

#: A map as it is in JSON.
SourceMap = Mapping[str, Any]

#: Stands for the host of URLs that have none.
_SITE = "http://site.invalid"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class SourceMapError(ValueError):
    """A file that is no source map, or one that nobody could follow."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a joined file: where it begins, both counted from 0, and what maps it to its sources.

    ``column`` counts UTF-16 code units, as columns in source maps do.
    """

    line: int
    column: int
    #: None for a part without one: each of its lines is then mapped to the same line of ``source``.
    map: SourceMap | None
    #: Its URL, relative to the map that is made.
    source: str = ""
    #: How many lines such a part has.
    lines: int = 1


def read(data: str | bytes) -> dict[str, Any]:
    """Parse a map, one with the prefix ``)]}'`` that keeps it from being run as a script included.

    Raises:
        SourceMapError: it is no JSON, no UTF-8, or not of version 3.
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        if text.startswith(")]}'"):
            text = text.partition("\n")[2]
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceMapError(f"no source map: {error}") from error
    _check(found)
    checked: dict[str, Any] = found
    return checked


def _check(found: object, depth: int = 0) -> None:
    if not isinstance(found, dict):
        raise SourceMapError(f"no source map: an object is expected, not {type(found).__name__}")
    if found.get("version") != 3:
        raise SourceMapError(
            f"a source map of version {found.get('version')!r}; only version 3 is understood"
        )
    if "sections" in found:
        sections = found["sections"]
        if not isinstance(sections, list) or depth > 20:
            raise SourceMapError("a source map whose sections are no list, or too deep")
        for section in sections:
            offset = section.get("offset") if isinstance(section, dict) else None
            numbers = (offset.get("line"), offset.get("column")) if isinstance(offset, dict) else (None,)
            if not all(isinstance(number, int) and number >= 0 for number in numbers):
                raise SourceMapError("a section of a source map without the line and column it begins at")
            _check(section.get("map"), depth + 1)
        return
    for name in ("sources", "sourcesContent"):
        values = found.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str | None) for value in values):
            raise SourceMapError(f"a source map whose {name} are no list of texts")
    if not isinstance(found.get("sourceRoot"), str | None) or not isinstance(found.get("mappings", ""), str):
        raise SourceMapError("a source map whose sourceRoot or mappings are no text")


def dump(source_map: SourceMap) -> str:
    """A map as JSON without needless blanks."""
    return json.dumps(source_map, ensure_ascii=False, separators=(",", ":"))


def sources(source_map: SourceMap) -> list[str]:
    """The URLs a debugger fetches, relative to that of the map: of sources whose content the map does not hold."""
    found: dict[str, None] = {}
    for part in _parts(source_map):
        contents = part.get("sourcesContent") or []
        for number, name in enumerate(part.get("sources") or []):
            if name is not None and (number >= len(contents) or contents[number] is None):
                found[_rooted(part, name)] = None
    return list(found)


def moved(source_map: SourceMap, old: str, new: str, *, file: str | None = None) -> dict[str, Any]:
    """A map as it must read at another URL, with its sources where they were.

    Args:
        source_map: the map; it is not changed.
        old: its URL, or the path of it from the root of the site.
        new: the same for where it goes.
        file: the name of the file it is for, if that has another now.
    """
    result = dict(source_map)
    if file is not None:
        result["file"] = file
    if "sections" in source_map:
        result["sections"] = [
            {**section, "map": moved(section["map"], old, new)} for section in source_map["sections"]
        ]
        return result
    old, new = urljoin(_SITE, old), urljoin(_SITE, new)
    if urljoin(old, ".") == urljoin(new, "."):
        return result
    result.pop("sourceRoot", None)
    result["sources"] = [
        name if name is None else _from_elsewhere(_rooted(source_map, name), old, new)
        for name in source_map.get("sources", ())
    ]
    return result


def index_map(sections: Sequence[Section], *, file: str | None = None) -> dict[str, Any]:
    """The map of a file that was joined from others.

    The maps of the parts must be as they read at the URL of the new one (see ``moved``). An index map among them is
    taken apart, since not every debugger follows one within another.

    Raises:
        SourceMapError: the sections are not in ascending order.
    """
    found: list[dict[str, Any]] = []
    for section in sections:
        inner = section.map if section.map is not None else identity(section.source, section.lines)
        for line, column, part in _sections(inner):
            column += section.column if line == 0 else 0
            found.append({"offset": {"line": section.line + line, "column": column}, "map": part})
    starts = [(part["offset"]["line"], part["offset"]["column"]) for part in found]
    if any(second <= first for first, second in pairwise(starts)):
        raise SourceMapError(f"sections of a source map must begin one after the other, not at {starts}")
    return {"version": 3, **({} if file is None else {"file": file}), "sections": found}


def identity(
    source: str, lines: int, content: str | None = None, *, start: tuple[int, int] = (0, 0)
) -> dict[str, Any]:
    """A map from each line to the same line of a source, whose content may be put into the map.

    ``start`` is the line and column of the source, from 0, that the first line begins with.
    """
    held = {} if content is None else {"sourcesContent": [content]}
    # Base64 VLQ: the column, and then the source, the line, the column of the original, each against the one before.
    line, column = start
    first = f"AA{_vlq(line)}{_vlq(column)}"
    second = [f"AAC{_vlq(-column)}"] if lines > 1 else []
    mappings = ";".join([first, *second, *["AACA"] * (lines - 2)])
    return {"version": 3, "sources": [source], **held, "names": [], "mappings": mappings}


def _vlq(number: int) -> str:
    """A number in base64 with a sign in the lowest bit, five bits at a time (ECMA-426, 5.3)."""
    rest = (-number << 1) | 1 if number < 0 else number << 1
    digits = ""
    while True:
        rest, low = rest >> 5, rest & 31
        digits += _BASE64[low | (32 if rest else 0)]
        if not rest:
            return digits


def _parts(source_map: SourceMap) -> Iterator[SourceMap]:
    for _, _, part in _sections(source_map):
        yield part


def _sections(source_map: SourceMap, line: int = 0, column: int = 0) -> Iterator[tuple[int, int, SourceMap]]:
    """The plain maps of a map, with the line and column where each begins."""
    if "sections" not in source_map:
        yield line, column, source_map
        return
    for section in source_map["sections"]:
        offset = section["offset"]
        inner = offset["column"] + (column if offset["line"] == 0 else 0)
        yield from _sections(section["map"], line + offset["line"], inner)


def _rooted(source_map: SourceMap, name: str) -> str:
    """A source with the root in front, as debuggers put it there: as a folder."""
    root = source_map.get("sourceRoot") or ""
    if not root or name.startswith("/") or _SCHEME.match(name):
        return name
    return root + name if root.endswith("/") else f"{root}/{name}"


def _from_elsewhere(name: str, old: str, new: str) -> str:
    """A source named from one URL as it is named from another; what does not depend on the place stays as it is."""
    if name.startswith("/") or _SCHEME.match(name):
        return name
    url, base = urlsplit(urljoin(old, name)), urlsplit(new)
    if (url.scheme, url.netloc) != (base.scheme, base.netloc):
        return url.geturl().removeprefix(_SITE)
    path = posixpath.relpath(url.path or "/", posixpath.dirname(base.path) or "/")
    if ":" in path.partition("/")[0]:
        path = f"./{path}"  # or it would be taken for a scheme
    return url._replace(scheme="", netloc="", path=path).geturl()
