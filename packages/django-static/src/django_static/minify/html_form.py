"""A normal form of HTML: the same elements, attributes and text, apart from white space that is not seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import Any

__all__ = ["normal_form"]

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

#: Compares the inside of a script or style sheet; gives its form.
Inner = Callable[[str, str], Any]


def normal_form(text: str, inner: Inner) -> list[Form]:
    """The tokens of a piece of HTML; ``inner(text, kind)`` gives the forms of what is script or style in it."""
    reader = _Reader(inner)
    reader.feed(text)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    def __init__(self, inner: Inner) -> None:
        super().__init__(convert_charrefs=False)
        self.inner = inner
        self.forms: list[Form] = []
        self.text = ""
        #: White space here would follow other white space, or begin a line.
        self.is_after_space = True
        self.preserved = 0
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
        if tag in ("pre", "textarea", "listing"):
            self.preserved += 1
        if tag in ("script", "style"):
            kind = (dict(attrs).get("type") or "").strip().lower()
            self.raw_kind = (
                "css" if tag == "style" else "js" if kind in _SCRIPTS else "json" if "json" in kind else "raw"
            )

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._around(tag)
        self.forms.append(
            ("start", tag, [(name, self._attribute(name, value or "")) for name, value in attrs])
        )

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.forms.append(("inside", tag, self._inside(self.raw, self.raw_kind)))
            self.raw = self.raw_kind = ""
        if tag in ("pre", "textarea", "listing"):
            self._end_text(strip=False)
            self.preserved = max(0, self.preserved - 1)
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
        if data.lstrip().startswith("["):
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
        if self.preserved:
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
            return self.inner(text, kind)
        if kind == "json":
            try:
                return repr(json.loads(text))
            except ValueError:
                return text
        return text if text.strip() else ""
