"""A normal form of HTML: the same elements, attributes and text, apart from white space that is not seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from ..markup_tokens import Parser, is_special

__all__ = ["keeps_space", "normal_form", "script_kind"]

Form = tuple[Any, ...]

_WHITESPACE = " \t\n\r\f"
#: Elements that stand on a line with the text around them; white space beside all others is not seen.
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "map",
        "mark",
        "nobr",
        "output",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "slot",
    ]
)
_SOLID = frozenset(
    [
        "audio",
        "button",
        "canvas",
        "embed",
        "iframe",
        "img",
        "input",
        "meter",
        "object",
        "picture",
        "progress",
        "select",
        "svg",
        "math",
        "textarea",
        "video",
    ]
)
_UNSEEN = frozenset(
    ["script", "style", "template", "link", "meta", "noscript", "base", "source", "track", "param"]
)
_SCRIPTS = ("", "text/javascript", "application/javascript", "module")
#: Types of scripts that hold JSON and do not say so.
_JSON = ("importmap", "speculationrules")
#: Elements whose white space is seen.
_PRESERVING = ("pre", "textarea", "listing", "xmp", "plaintext")
_PRESERVED = re.compile(r"white-space(?:-collapse)?\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")

#: Compares the inside of a script or style sheet; gives its form.
Inner = Callable[[str, str], Any]


def normal_form(text: str, inner: Inner) -> list[Form]:
    """The tokens of a piece of HTML; ``inner(text, kind)`` gives the forms of what is script or style in it."""
    reader = _Reader(inner)
    reader.feed(text)
    reader.close()
    return reader.finished()


def keeps_space(tag: str, attributes: Mapping[str, str | None]) -> bool:
    """Whether all white space in an element is seen, or edited, as far as the element itself says so."""
    if tag in _VOID:
        return False
    editable = attributes.get("contenteditable", "false") or ""
    return (
        tag in _PRESERVING
        or editable.strip(_WHITESPACE).lower() != "false"
        or _PRESERVED.search(attributes.get("style") or "") is not None
        or attributes.get("xml:space") == "preserve"
    )


def script_kind(attributes: Mapping[str, str | None]) -> str:
    """What a script element holds: ``js``, ``json``, or ``raw``, which is nobody's but the script's that reads it."""
    kind = (attributes.get("type") or "").strip().lower()
    if kind in _SCRIPTS:
        return "js"
    return "json" if "json" in kind or kind in _JSON else "raw"


class _Reader(Parser):
    def __init__(self, inner: Inner) -> None:
        super().__init__(convert_charrefs=False)
        self.inner = inner
        self.forms: list[Form] = []
        self.text = ""
        #: White space here would follow other white space, or begin a line.
        self.is_after_space = True
        #: The elements whose white space is seen, and how many of their name are open in each.
        self.preserving: list[tuple[str, int]] = []
        self.raw = ""
        self.raw_kind = ""

    def finished(self) -> list[Form]:
        self._end_text(strip=True)
        return self.forms

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._around(tag)
        self.forms.append(
            ("start", tag, [(name, self._attribute(name, value or "")) for name, value in attrs])
        )
        given = dict(attrs)
        if self.preserving and self.preserving[-1][0] == tag:
            self.preserving[-1] = (tag, self.preserving[-1][1] + 1)
        elif keeps_space(tag, given):
            self.preserving.append((tag, 1))
        if tag in ("script", "style"):
            self.raw_kind = "css" if tag == "style" else script_kind(given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._around(tag)
        self.forms.append(
            ("start", tag, [(name, self._attribute(name, value or "")) for name, value in attrs])
        )

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.forms.append(("inside", tag, self._inside(self.raw, self.raw_kind)))
            self.raw = self.raw_kind = ""
        if self.preserving and self.preserving[-1][0] == tag:
            self._end_text(strip=False)
            _, depth = self.preserving.pop()
            if depth > 1:
                self.preserving.append((tag, depth - 1))
        self._around(tag)
        self.forms.append(("end", tag))

    def handle_data(self, data: str) -> None:
        if self.raw_kind:
            self.raw += data
        else:
            self.text += data

    def handle_entityref(self, name: str) -> None:
        self.handle_data(unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.handle_data(unescape(f"&#{name};"))

    def handle_comment(self, data: str) -> None:
        if is_special(data):
            self._end_text(strip=False)
            self.forms.append(("comment", " ".join(data.split())))

    def handle_decl(self, decl: str) -> None:
        self._end_text(strip=True)
        self.forms.append(("declaration", " ".join(decl.lower().split())))

    def unknown_decl(self, data: str) -> None:
        self._end_text(strip=False)
        self.forms.append(("unknown", data))

    def handle_pi(self, data: str) -> None:
        self._end_text(strip=False)
        self.forms.append(("instruction", data))

    def _around(self, tag: str) -> None:
        """What a tag does to the white space before and after it."""
        if tag in _INLINE or tag in _UNSEEN:
            self._end_text(strip=False)
        elif tag in _SOLID:
            self._end_text(strip=False)
            self.is_after_space = False
        else:
            self._end_text(strip=True)
            self.is_after_space = True

    def _end_text(self, *, strip: bool) -> None:
        text, self.text = self.text, ""
        if self.preserving:
            if text:
                self.forms.append(("text", text.replace("\r\n", "\n")))
            return
        words = "".join(" " if character in _WHITESPACE else character for character in text)
        collapsed = " ".join(part for part in words.split(" ") if part)
        if words[:1] == " " and not self.is_after_space:
            collapsed = f" {collapsed}"
        if collapsed.strip(" ") and words[-1:] == " ":
            collapsed = f"{collapsed} "
        if strip:
            collapsed = collapsed.rstrip(" ")
            if not collapsed:
                self._strip_last()
        if collapsed:
            self.forms.append(("text", collapsed))
            self.is_after_space = collapsed.endswith(" ")

    def _strip_last(self) -> None:
        """White space at the end of a line is not seen, be it inside inline elements that end there."""
        for number in range(len(self.forms) - 1, -1, -1):
            kind = self.forms[number][0]
            if kind == "text":
                rest = self.forms[number][1].rstrip(" ")
                if rest:
                    self.forms[number] = ("text", rest)
                else:
                    del self.forms[number]
                    continue
                return
            if not (kind in ("start", "end") and self.forms[number][1] in _INLINE):
                return

    def _attribute(self, name: str, value: str) -> Any:
        if name == "class":
            return value.split()
        if name == "style":
            return self.inner(f"a{{{value}}}", "css")
        if name.startswith("on"):
            return self.inner(f"function f(){{{value.strip().removeprefix('javascript:')}\n}}", "js")
        return value.strip(_WHITESPACE)

    def _inside(self, text: str, kind: str) -> Any:
        if kind in ("css", "js") and text.strip():
            return self.inner(text, kind) or ""
        if kind == "json":
            try:
                return repr(json.loads(text))
            except ValueError:
                return text
        return text if text.strip() else ""
