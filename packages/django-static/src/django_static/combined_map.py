"""The source map of a file that was joined from several parts.

Only what is known is mapped: a part that stands in the file as its author wrote it, line by line or by the map it
brought along. Of a minified part nothing is known, since the engines make no maps, and that is said, too: without
it a debugger would take the part before for its source.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from . import names
from .joining import Joined, map_comment
from .parts import Part
from .references import source_map
from .references.source_map import Section, SourceMapError

__all__ = ["comment", "map_of"]

#: One segment of one field (ECMA-426, 8.2): from here on there is no source.
_UNMAPPED: Mapping[str, Any] = {"version": 3, "sources": [], "names": [], "mappings": "A"}

_DATA = re.compile(r"data:application/json(?:;charset=[\w-]+)?(;base64)?,(.*)", re.IGNORECASE)
#: What is put in front of a text that could not be minified.
_REASON = re.compile(r"\n?/\* django-static: not minified: .*? \*/\n")


def map_of(
    group: Sequence[Part], rendered: Sequence[str], texts: Sequence[str], joined: Joined, folder: str
) -> bytes | None:
    """The map of a joined file; None if nothing of it can be mapped.

    Args:
        group: the parts.
        rendered: the text of each with the references it has in the joined file.
        texts: what was made of each before they were joined; the same where nothing was minified.
        joined: what they were joined to.
        folder: the URL path of the folder that both will lie in, with a slash at its end.
    """
    if group[-1].source.kind == "css" and not group[-1].sheet.is_closed:
        return None  # the comment that names the map would be a part of something else
    sections: list[Section] = []
    line, column = 0, len(joined.head)
    for part, before, text, body in zip(group, rendered, texts, joined.bodies, strict=True):
        if not body:
            continue
        reason = _REASON.search(text) if text != before else None
        whole = text if reason is None else text[: reason.start()] + text[reason.end() :]
        found = _map_of_part(part, whole, _without(body, reason), folder) if whole == before else None
        skipped = 1 if reason and found else 0
        if skipped:
            sections.append(Section(line, column, _UNMAPPED))
        sections.append(
            Section(line + skipped, 0 if skipped else column, _UNMAPPED if found is None else found)
        )
        line, column = line + body.count("\n"), 0
    if all(section.map is _UNMAPPED for section in sections):
        return None
    return source_map.dump(source_map.index_map(sections)).encode()


def comment(kind: str, url: str) -> str:
    """What ends a file that has a map (ECMA-426, 11.1)."""
    return f"\n/*# sourceMappingURL={url} */" if kind == "css" else f"//# sourceMappingURL={url}\n"


def _without(body: str, reason: re.Match[str] | None) -> str:
    """A body without the reason why it was not minified, which begins it."""
    return body if reason is None else body.removeprefix(reason[0].lstrip("\n"))


def _map_of_part(part: Part, text: str, body: str, folder: str) -> Mapping[str, Any] | None:
    """What maps a body to its sources; None where that is not known."""
    if part.inlined or text.count("\n") != part.text.count("\n"):
        return None
    # What was added at its end is not the author's.
    core = body.rstrip().rstrip(";").rstrip()
    start = text.find(core)
    if not core or start < 0:
        return None
    first_line = text.count("\n", 0, start)
    first_column = start - (text.rfind("\n", 0, start) + 1)
    if not start:
        found = _own_map(part, text, folder)
        if found is not None:
            return found
    return source_map.identity(
        part.source.host + names.quoted(part.source.url),
        body.count("\n") + (not body.endswith("\n")),
        part.text,
        start=(first_line, first_column),
    )


def _own_map(part: Part, text: str, folder: str) -> dict[str, Any] | None:
    """The map that the author put beside a file, as it must read in another folder; None if it is not right any more."""
    end, now = (map_comment(each, part.source.kind) for each in (part.text, text))
    if end is None or now is None or part.text[: end.start] != text[: now.start]:
        return None  # columns have moved
    data = _DATA.fullmatch(end.url)
    place = part.source.url
    try:
        if data is not None:
            content = base64.b64decode(data[2]) if data[1] else unquote_to_bytes(data[2])
        else:
            reference = next(each for each in reversed(part.references) if each.what == "map")
            target = part.targets[reference.start]
            place, content = target.url, target.path.read_bytes()
        found = source_map.moved(source_map.read(content), names.quoted(place), folder)
        source_map.index_map([Section(0, 0, found)])
    except (StopIteration, KeyError, ValueError, OSError, SourceMapError):
        return None
    return found
