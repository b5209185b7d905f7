"""Scripts that look for their own ``<script>`` element, and take from its ``src`` where the rest of them is.

A published script has another name than it had, and below a prefix another folder. It is not told by the text what is
made of the URL: the last slash may count, or the name of the file. So the element says, from the first statement on, what
it would have said if nothing had been published, to whoever asks (WHATWG HTML, 4.12.1: a script that was started is not
fetched again). A module is told of no element (8.1.6.4: ``currentScript`` is null), and the one that looks may be imported
by the one that the page names: there the elements of all modules say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property

from .js_code import BLANKS, STRING
from .js_found import Candidate, Found, Look
from .patterns import has

__all__ = ["LOOKS", "Looker", "modules_posed", "places", "posed"]

#: What a place is a candidate for, as ``places`` tells.
LOOKS = ("current", "list", "selector", "sheet")

_QUOTE = "[\"'`]"
#: What is searched for begins with the same letters wherever it can: the search is fast for a fixed beginning, and it is
#: what a long script takes time for.
_CRIPT = re.compile(
    r"cript(?:(?<=currentScript)(?![\w$])(?P<current>[\"']\s*\])?"
    rf"|(?<=script)(?:(?P<named>{_QUOTE}\s*\))|(?P<all>s(?![\w$]))|(?P<selector>(?=\s*\[src))))"
)
#: The same in capitals, which few scripts have.
_CAPITALS = "SCRIPT"
_NAMED = re.compile(rf"{_CAPITALS}{_QUOTE}\s*\)")
_CALLED = re.compile(
    rf"(?:getElementsByTagName|querySelector(?:All)?|(?<![\w$.])(?:\$|jQuery))\s*\(\s*{_QUOTE}\Z"
)
_OWNER = re.compile(r"(?<![\w$])(?P<owner>[\w$]+)\s*\??\.\s*\Z")
#: ``script[src$="a.js"]``, and the sheet of a script: ``link[href$="a.css"]``.
_COMPARED = r"\s*(?P<operator>[*^$~|]?=?)\s*(?:\\?[\"'])?(?P<value>[^\"'\]\\\n]{0,200})(?:\\?[\"']?\s*\])?"
_SELECTORS = {
    "selector": re.compile(rf"script\s*\[src{_COMPARED}"),
    "sheet": re.compile(rf"link\s*\[href{_COMPARED}"),
}
#: What stands in that of a sheet, and in few scripts.
_HREF = "[href"
_START_OF_STRING = re.compile(rf"{_QUOTE}(?=[^\"'`\n]{{0,80}}\Z)")
#: The first of all is a place to put others before.
_FIRST = re.compile(r"\s*(?:\[\s*0\s*\]|\.\s*item\s*\(\s*0\s*\))(?!\s*\??\.\s*(?:src|getAttribute)\b)")
_READ_AT_ONCE = re.compile(
    r"\s*(?:!\s*)?(?:\?\.|\.)\s*(?:src(?![\w$])(?!\s*=(?!=))|getAttribute\s*\(\s*[\"']src[\"']|attributes(?![\w$]))"
    r"|\s*(?:\?\.)?\[\s*[\"']src[\"']"
)
_OTHER_MEMBER = re.compile(r"\s*(?:\?\.|\.)\s*[\w$]")
#: ``const { currentScript } = document``
_DESTRUCTURED = re.compile(r"[^{}=()]*\}\s*=\s*[\w$.]*document(?![\w$.])")
#: Asked whether it is there, and no more.
_MERE_QUESTION = re.compile(r"\s*(?:&&|[!=]=|\?(?!\.))")
_SRC = re.compile(r"src(?![\w$])")
_SET_ATTRIBUTE = re.compile(r"setAttribute\( ?[\"']\Z")
_ASSIGNED = re.compile(r"\s*=(?!=)")
#: A directive at the top, which must stay there (ECMA-262, 11.2.1), with what ends it: where that is no semicolon, and not
#: what goes on with an expression, a new line does.
_DIRECTIVE = re.compile(
    rf"{BLANKS}(?P<text>{STRING})(?P<gap>{BLANKS})(?:(?P<end>;)|\Z|(?!in(?:stanceof)?(?![\w$])|!=)[\w$\"'{{}}!~\\@#])"
)
_NEW_LINE = re.compile(r"[\n\r\u2028\u2029]")
_HASH_BANG = re.compile(r"#![^\n\r\u2028\u2029]*(?:\r\n|[\n\r\u2028\u2029])?")
_SHOWN = 80
#: What published names have that those of originals have not, as :data:`.names.FINGERPRINT` and :data:`.names.DATE` say.
_MARK = r"(?:\.nocharset)?\.(?:\d{9,11}|(?!\d{12})[0-9a-f]{12})(?:-[0-9a-f]{8})?"
#: ``var d = window.document``
_DOCUMENT = re.compile(r"document(?![\w$.])")
_GIVEN = re.compile(r"(?<![\w$.])(?P<name>[\w$]+)\s*=\s*(?:[\w$]+\s*\.\s*)?\Z")
_LONGEST_GIVEN = 100


def places(text: str) -> Iterator[Candidate]:
    """The places of a script where it may look for itself, of each kind in document order."""
    documents: set[str] = set()
    behind = 0
    for match in _CRIPT.finditer(text):
        kind = match.lastgroup
        start = match.start() - (1 if kind in ("named", "all", "selector") else len("currentS"))
        if kind == "selector":
            selector = _SELECTORS[kind].match(text, start) if start >= behind else None
            if selector is not None:
                behind = selector.end()
                yield from _selector(text, kind, selector)
        elif kind == "named":
            yield from _list_by_call(text, start, match.end())
        elif kind == "all":
            yield from _list_of_document(text, start, match.end(), documents)
        else:
            # The token of what stands in quotes begins with them.
            yield Candidate(start - bool(kind), "current", start, match.end())
    for match in _NAMED.finditer(text) if has(text, _CAPITALS) else ():
        yield from _list_by_call(text, match.start(), match.end())
    for match in _SELECTORS["sheet"].finditer(text) if has(text, _HREF) else ():
        yield from _selector(text, "sheet", match)


def _selector(text: str, kind: str, match: re.Match[str]) -> Iterator[Candidate]:
    first = max(0, match.start() - 81)
    quote = _START_OF_STRING.search(text[first : match.start()])
    if quote is not None:
        yield Candidate(first + quote.start(), kind, *match.span())


def _list_by_call(text: str, start: int, end: int) -> Iterator[Candidate]:
    """``getElementsByTagName("script")``, with the name of the element at ``start``."""
    first = max(0, start - 60)
    called = _CALLED.search(text[first:start])
    if called is not None:
        yield Candidate(first + called.start(), "list", first + called.start(), end)


def _list_of_document(text: str, start: int, end: int, documents: set[str]) -> Iterator[Candidate]:
    """``document.scripts``, with the property at ``start``; the names of the document are found out when they are needed."""
    first = max(0, start - 60)
    owner = _OWNER.search(text[first:start])
    if owner is None:
        return
    documents |= documents or _names_of_document(text)
    if owner["owner"] in documents:
        yield Candidate(start, "list", first + owner.start(), end)


class Looker:
    """Tells what a script wants to know at the places that are code."""

    def __init__(self, text: str) -> None:
        self._text = text

    def look(self, place: Candidate, *, is_member: bool) -> Look | None:
        """The look there; None where it is not for the URL of an element.

        What has to be guessed is taken for a look: without need that costs three hundred bytes, and the other way round
        files that are not found.
        """
        text, start, end, kind = self._text, place.start, place.end, place.kind
        shown = text[start:end][:_SHOWN]
        if kind in _SELECTORS:
            return self._selected(place, shown)
        if kind == "list":
            is_asked = not _FIRST.match(text, end)
        elif not is_member and not text.endswith("]", start, end):
            is_asked = _DESTRUCTURED.match(text, end) is not None
        elif _READ_AT_ONCE.match(text, end):
            return Look(start, 0, kind, shown)
        else:
            is_asked = not (_OTHER_MEMBER.match(text, end) or _MERE_QUESTION.match(text, end))
        return Look(start, 0, kind, shown) if is_asked and self._reads_src else None

    @cached_property
    def _reads_src(self) -> bool:
        return any(_is_read(self._text, match.start(), match.end()) for match in _SRC.finditer(self._text))

    def _selected(self, place: Candidate, shown: str) -> Look | None:
        match = _SELECTORS[place.kind].match(self._text, place.start)
        value = match["value"] if match is not None and match["operator"] else ""
        # What is not the name of a sheet is an icon, or a language.
        is_meant = place.kind == "selector" or ".css" in value.lower()
        return Look(place.start, 0, place.kind, shown, value) if is_meant else None


def _is_read(text: str, start: int, end: int) -> bool:
    """Whether ``src`` at a place is a property or attribute that is read: ``a.src``, ``{ src }``, ``"src"``."""
    before = text[start - 1 : start]
    if before in ("'", '"'):
        is_set = _SET_ATTRIBUTE.search(text[max(0, start - 15) : start])
        return text[end : end + 1] in ("'", '"') and not is_set
    place = start - 1
    while place >= 0 and text[place].isspace():
        place -= 1
    if place < 0 or text[place] not in ".{":
        return False
    return text[place] == "{" or not _ASSIGNED.match(text, end)


def _names_of_document(text: str) -> set[str]:
    """The names that are given the document somewhere, and its own.

    They are told by what stands before the word: a search for names of one letter would take much longer.
    """
    names = {"document"}
    for match in _DOCUMENT.finditer(text):
        start = match.start()
        before = text[start - 1 : start]
        if before in ("=", ".") or before.isspace():
            given = _GIVEN.search(text[max(0, start - _LONGEST_GIVEN) : start])
            if given is not None:
                names.add(given["name"])
    return names


def posed(text: str, found: Found, host: str, path: str) -> tuple[int, int, str]:
    """What to put into a script that looks for itself, so that it finds what it would have been without publishing.

    Args:
        host: scheme and host of the original, ``//host``, or empty where it is that of the published script.
        path: its path, percent-encoded: ``/js/app.js``.
    """
    target = f"{host}{path}".replace("$", "$$")
    if not host:
        target = f"$1$2{target}"
    elif host.startswith("//"):
        target = f"$1{target}"
    return _before_all(
        text,
        "(function(s){function f(u){return u.replace("
        rf"/^(\w+:)?(\/\/[^\/?#]*)?[^?#]*/,{json.dumps(target)})}}"
        "var u=s&&s.src,g=s&&s.getAttribute;"
        rf"if(/^\w+:\/\//.test(u)){{{_pose(found)}}}"
        '})(typeof document=="object"&&document.currentScript);',
    )


def modules_posed(text: str, found: Found, prefix: str) -> tuple[int, int, str]:
    """What to put into a module that looks for elements, so that those of modules say what they would without publishing.

    It is told by their URLs: those that stand below the prefix, or without one those with a fingerprint. Names that a
    function of the site has made up stay.
    """
    start = re.escape(prefix).replace("/", r"\/")
    mark = f"(?:{_MARK})?" if prefix else _MARK
    return _before_all(
        text,
        "(function(d){function f(u){return u.replace("
        rf'/^((?:\w+:)?\/\/[^\/?#]*)?{start}(\/[^?#]*?){mark}(\.m?js)(?=$|[?#])/i,"$1$2$3")}}'
        "function p(s){var u=s.src,g=s.getAttribute;"
        rf"if(u!==f(u)){{{_pose(found)}}}}}"
        'd&&d.querySelectorAll("script[type=module][src]").forEach(p)'
        '})(typeof document=="object"&&document);',
    )


def _pose(found: Found) -> str:
    """Statements after which the element ``s`` with the URL ``u`` says what the function ``f`` makes of it."""
    # A selector reads the attribute itself. To set it is refused under Trusted Types, and to others who compare pages it
    # is another script then: so only where it must be.
    attribute = (
        'try{s.setAttribute("src",f(g.call(s,"src")))}catch(e){}'
        if any(each.kind == "selector" for each in found.looks)
        else ""
    )
    return (
        f"{attribute}u=f(u);"
        'Object.defineProperty(s,"src",{value:u,writable:true,configurable:true});'
        's.getAttribute=function(n){return/^src$/i.test(n)?f(g.call(s,"src")):g.call(s,n)}'
    )


def _before_all(text: str, head: str) -> tuple[int, int, str]:
    """The insertion of a statement before all others."""
    start = _start(text)
    # A directive that a new line has ended would now be called.
    return start, start, f";{head}" if text[:start].endswith(("'", '"')) else head


def _start(text: str) -> int:
    """Where the first statement may stand: behind what makes a script strict."""
    found = _HASH_BANG.match(text)
    position = found.end() if found else 0
    while True:
        found = _DIRECTIVE.match(text, position)
        if found is None or not (found["end"] or _NEW_LINE.search(found["gap"]) or found.end() == len(text)):
            return position
        position = found.end() if found["end"] else found.end("text")
