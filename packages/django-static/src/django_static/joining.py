"""Several parts in one file: whether they may be, and how they are put there."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .parts import Part, without_charset
from .references import css, js

__all__ = ["Joined", "MapComment", "apart", "join", "lapses", "map_comment", "obstacle"]

#: The comment at the end of a file that names its source map (ECMA-426, 11.1). A string, a template, a regular expression
#: or a comment around it would have to end in it.
_OF_SCRIPT = re.compile(
    r"(?:\A|(?<=[\s;}]))(?://[#@][ \t]*sourceMappingURL=(?P<line>(?:(?!\*/)[^\s'\"`\]])+)"
    r"|/\*[#@]\s*sourceMappingURL=(?P<block>[^\s*'\"`\]]+)\s*\*/)\s*\Z"
)
_OF_SHEET = re.compile(r"(?:\A|(?<=[\s;}]))/\*[#@]\s*sourceMappingURL=(?P<block>[^\s*]+)\s*\*/\s*\Z")


class MapComment(NamedTuple):
    """The comment that ends a file and names its source map."""

    #: Where it begins.
    start: int
    url: str


def obstacle(group: Sequence[Part], part: Part) -> str:
    """Why a part cannot follow a group in one file; empty when it can."""
    last = group[-1]
    if not (last.is_text and part.is_text) or last.is_finished or part.is_finished:
        return "one of them is to stay as it is"
    if last.source.kind != part.source.kind or last.source.host != part.source.host:
        return "they are of different kinds or hosts"
    if not (last.is_certain and part.is_certain):
        return "the encoding of one of them is not known"
    if part.source.kind == "css":
        if last.sheet.has_namespace or not last.sheet.is_closed:
            return f"{last.source.name} has an @namespace or is not closed"
        return (
            ""
            if part.fits_anywhere
            else f"{part.source.name} must come first: see its @import, @namespace, blocks"
        )
    if any(each.found.looks_for_itself for each in (*group, part)):
        return "one of them looks for its own script element, and takes its place from that"
    for each in (*group, part):
        reason = _stands_alone(each.script)
        if reason:
            return f"{each.source.name} {reason}"
    known: frozenset[str] = frozenset()
    for other in group:
        reason = js.clash(other.script, part.script, known)
        if reason:
            return reason
        known |= other.script.makes
    return ""


def _stands_alone(script: js.Script) -> str:
    """Why a script is in no file with others; empty when it may be."""
    if script.has_errors:
        return "has a syntax error"
    if script.is_module:
        return "is a module"
    return "looks at its own script element or URL" if script.knows_itself or script.is_relative else ""


def apart(parts: Sequence[Part]) -> str:
    """Why no browser would run one file of these scripts, as a list of names asks for; empty where it would.

    Nobody knows of a list whether a page loads it as a module; then modules in it are run.
    """
    if len(parts) < 2 or parts[0].source.kind != "js":
        return ""
    for number, part in enumerate(parts):
        for other in parts[:number]:
            twice = js.declared_twice(other.script, part.script)
            if twice:
                return f"{other.source.name} and {part.source.name}: both declare {', '.join(sorted(twice))}"
    return ""


def lapses(parts: Sequence[Part]) -> Iterator[tuple[Part, str]]:
    """The parts of a list that would be apart in a block, and why; together they may do something else than one by one."""
    for number, part in enumerate(parts[1:], 1):
        reason = obstacle(parts[:number], part)
        if reason:
            text = f"is put into one file with {parts[0].source.name}, as it was asked for, although {reason}"
            yield part, f"{text}; separate tags or a block would keep them apart"


class Joined(NamedTuple):
    """Several texts in one: what stands before them, and then what has become of each."""

    head: str
    bodies: list[str]
    has_bom: bool

    def encode(self, tail: str = "") -> bytes:
        data = "".join((self.head, *self.bodies, tail)).encode()
        return codecs.BOM_UTF8 + data if self.has_bom else data


def join(group: Sequence[Part], texts: Sequence[str]) -> Joined:
    """The parts as one file; each begins a line, but for the head."""
    if group[0].source.kind == "css":
        bodies = _css_bodies(texts)
        declared = any(part.has_bom or part.sheet.charset_end or part.needs_charset for part in group)
        is_ascii = all(map(str.isascii, bodies))
        return Joined('@charset "utf-8";' if declared and not is_ascii else "", bodies, has_bom=False)
    bodies = [_js_body(text, is_first=not number) for number, text in enumerate(texts)]
    strict = [part.script.is_strict for part, body in zip(group, bodies, strict=True) if body]
    head = ""
    if strict and strict[0] and not all(strict):
        # A list may have both. Code that is not strict may die of being so, and hardly any does of not being it.
        head = ";"
        bodies = [_js_body(text, is_first=False) for text in texts]
    is_ascii = all(map(str.isascii, bodies))
    return Joined(
        head, bodies, has_bom=any(part.has_bom or part.is_foreign for part in group) and not is_ascii
    )


def _css_bodies(texts: Sequence[str]) -> list[str]:
    bodies = [_closed(without_charset(_without_map(text, "css"))) for text in texts]
    last = max((number for number, body in enumerate(bodies) if body), default=0)
    return [f"{body}\n" if body and number < last else body for number, body in enumerate(bodies)]


def _closed(text: str) -> str:
    """The text of a sheet that is closed, with the semicolon that a minifier leaves out at the end of a file."""
    return text if text.rstrip().endswith(("}", ";")) or css.read(text).is_closed else f"{text};"


def _js_body(text: str, *, is_first: bool) -> str:
    body = _without_map(text, "js").strip()
    if not is_first and body.startswith("#!"):
        body = body.partition("\n")[2].strip()
    if not body:
        return ""
    last_line = body.rpartition("\n")[2]
    if "//" in last_line or "--" in last_line or last_line.startswith("#!"):
        return f"{body}\n;\n"  # a comment would swallow what follows
    return f"{body}\n" if body.endswith(";") else f"{body};\n"


def map_comment(text: str, kind: str) -> MapComment | None:
    """The comment at the end of a script or style sheet that names its source map; what only looks like one is none."""
    last = text.rfind("sourceMappingURL=")
    if last < 0:
        return None
    match = (_OF_SHEET if kind == "css" else _OF_SCRIPT).search(text, max(0, last - 1000))
    if match is None or (match["block"] and _ends_in_comment(text[: match.start()], kind)):
        return None
    return MapComment(match.start(), match[match.lastgroup or 0])


def _ends_in_comment(text: str, kind: str) -> bool:
    """Whether the text may end within a comment, which what follows would close; of a sheet it is certain."""
    start = text.rfind("/*")
    return start >= 0 and "*/" not in text[start + 2 :] and (kind != "css" or not css.read(text).is_closed)


def _without_map(text: str, kind: str) -> str:
    """A text without the comment that names its source map: that of one part is wrong for the whole."""
    comment = map_comment(text, kind)
    return text if comment is None else text[: comment.start]
