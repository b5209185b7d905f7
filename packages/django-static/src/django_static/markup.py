"""The style sheets and scripts of a piece of HTML, found by parsing it."""

from __future__ import annotations

from dataclasses import dataclass

from .markup_tokens import WHITESPACE, Attribute, attributes_of, tokens

__all__ = ["LOADING", "Attribute", "Element", "Inline", "inline", "read"]

_SCRIPT_TYPES = (
    "",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "text/ecmascript",
)
#: What a preload may be of (its ``as``) that is published under another name; pictures have a ``srcset`` besides.
_PRELOADED = ("style", "script", "font")
#: The kinds of elements that load a file.
LOADING = ("css", "js", "module", "hint")
#: Elements whose content is text, whatever it looks like.
_TEXT_ONLY = ("textarea", "title", "iframe", "xmp", "noembed", "noframes", "plaintext")


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of the HTML.

    ``kind`` is ``css`` (a style sheet link), ``js`` (a classic script with a source), ``module``, ``hint`` (a link that has a
    style sheet, script, module or font loaded early), ``blank`` (white space and comments: nothing that takes part in the
    cascade or runs) or ``other``.
    """

    kind: str
    start: int
    end: int
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        return next((attribute for attribute in self.attributes if attribute.name == name), None)

    @property
    def location(self) -> Attribute:
        """The attribute with the URL; only of the kinds in :data:`LOADING`."""
        found = self.get("href" if self.kind in ("css", "hint") else "src")
        assert found is not None  # noqa: S101 (the kinds say so)
        return found


@dataclass(frozen=True, slots=True)
class Inline:
    """A style sheet (``kind`` is ``css``), script (``js``) or import map (``importmap``) that stands in the HTML itself.

    It begins at ``start``, in an attribute with its quote; ``text`` is without that and without character references.
    """

    kind: str
    #: ``<script>``, ``<style>`` or ``style=``.
    inside: str
    start: int
    text: str


def read(html: str) -> list[Element]:
    """Split HTML into elements that lie end to end: ``html[element.start:element.end]``."""
    all_tokens = tokens(html)
    elements: list[Element] = []
    number = 0
    text_only = ""
    while number < len(all_tokens):
        token = all_tokens[number]
        number += 1
        kind, end, attributes = "other", token.end, tuple[Attribute, ...]()
        if text_only:
            text_only = "" if (token.what, token.name) == ("end", text_only) else text_only
        elif token.what == "comment" or (token.what == "data" and not token.raw.strip(WHITESPACE)):
            kind = "blank"
        elif token.what == "start" and token.name in _TEXT_ONLY:
            text_only = token.name
        elif token.what == "start" and token.name == "link":
            attributes = attributes_of(token)
            kind = _link_kind(attributes)
        elif token.what == "start" and token.name == "script":
            attributes = attributes_of(token)
            blank = True
            while number < len(all_tokens):
                inner = all_tokens[number]
                number += 1
                end = inner.end
                if (inner.what, inner.name) == ("end", "script"):
                    kind = _script_kind(attributes) if blank else "other"
                    break
                blank = blank and not html[inner.start : inner.end].strip(WHITESPACE)
        elements.append(Element(kind, token.start, end, attributes))
    return elements


def inline(html: str) -> list[Inline]:
    """The style sheets, scripts, modules among them, and import maps that stand in the HTML itself."""
    all_tokens = tokens(html)
    found: list[Inline] = []
    text_only = ""
    for number, token in enumerate(all_tokens):
        if text_only:
            text_only = "" if (token.what, token.name) == ("end", text_only) else text_only
            continue
        if token.what != "start":
            continue
        if token.name in _TEXT_ONLY:
            text_only = token.name
        attributes = {attribute.name: attribute for attribute in attributes_of(token)}
        style = attributes.get("style")
        if style is not None and style.value:
            found.append(Inline("css", "style=", style.start, style.value))
        if token.name not in ("script", "style"):
            continue
        text_only = token.name
        kind = (attributes["type"].value or "" if "type" in attributes else "").strip(WHITESPACE).lower()
        if "src" in attributes or kind not in (
            ("", "text/css") if token.name == "style" else (*_SCRIPT_TYPES, "module", "importmap")
        ):
            continue
        following = number + 1
        while following < len(all_tokens) and all_tokens[following].what != "end":
            following += 1
        last = all_tokens[following].start if following < len(all_tokens) else len(html)
        start = token.start + len(token.raw)
        what = "css" if token.name == "style" else kind if kind == "importmap" else "js"
        found.append(Inline(what, f"<{token.name}>", start, html[start:last]))
    return found


def _link_kind(attributes: tuple[Attribute, ...]) -> str:
    values = {attribute.name: (attribute.value or "").strip(WHITESPACE) for attribute in attributes}
    relations = values.get("rel", "").lower().split()
    usual = values.get("type", "").lower().split(";")[0].strip() in ("", "text/css")
    if not values.get("href"):
        return "other"
    if "stylesheet" in relations:
        return "css" if usual else "other"
    is_followed = "preload" in relations and values.get("as", "").lower() in _PRELOADED
    return "hint" if is_followed or "modulepreload" in relations else "other"


def _script_kind(attributes: tuple[Attribute, ...]) -> str:
    values = {attribute.name: (attribute.value or "").strip(WHITESPACE) for attribute in attributes}
    if not values.get("src"):
        return "other"
    kind = values.get("type", "").lower()
    if kind == "module":
        return "module"
    return "js" if kind in _SCRIPT_TYPES else "other"
