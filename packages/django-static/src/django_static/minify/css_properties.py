"""The short and long forms of the values of properties; see :mod:`.css_form`."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["written_out"]

Form = tuple[Any, ...]

_SIDES = frozenset(
    [
        "margin",
        "padding",
        "border-width",
        "border-style",
        "border-color",
        "inset",
        "scroll-margin",
        "scroll-padding",
        "border-radius",
    ]
)
_POSITIONS = {"left": 0.0, "top": 0.0, "right": 100.0, "bottom": 100.0}
_TRANSPARENT: Form = ("colour", 0, 0, 0, 0.0)
_FLEX: dict[tuple[Form, ...], list[Form]] = {
    (("ident", "auto"),): [("number", 1.0), ("number", 1.0), ("ident", "auto")],
    (("number", 0.0), ("number", 0.0), ("ident", "auto")): [("ident", "none")],
    (("number", 0.0), ("number", 1.0), ("ident", "auto")): [("ident", "initial")],
}
_USUAL_FONT = (("number", 400.0), ("ident", "normal"))
_BORDER = re.compile(r"border(-(top|right|bottom|left))?$|outline$")
_LINES = ("hidden", "dotted", "dashed", "solid", "double", "groove", "ridge", "inset", "outset", "auto")
_MEASURES = ("number", "dimension", "percentage")
_GENERIC = frozenset(
    [
        "serif",
        "sans-serif",
        "monospace",
        "cursive",
        "fantasy",
        "system-ui",
        "ui-serif",
        "ui-sans-serif",
        "ui-monospace",
        "ui-rounded",
        "math",
        "emoji",
        "blinkmacsystemfont",
        "caption",
        "icon",
        "menu",
        "message-box",
        "small-caption",
        "status-bar",
        "fangsong",
        "inherit",
        "initial",
        "unset",
        "revert",
        "revert-layer",
        "default",
        "none",
        "auto",
    ]
)


def written_out(name: str, forms: list[Form]) -> list[Form]:
    """The short forms of a property written out."""
    bare = name.removeprefix("-webkit-").removeprefix("-moz-").removeprefix("-ms-")
    if bare in _SIDES:
        return [form for part in _split(forms, "/") for form in (*_four(part), ("/",))]
    if bare in ("background", "background-position", "background-size", "box-shadow", "text-shadow"):
        return [form for layer in _split(forms, ",") for form in (*_layer(bare, layer), (",",))]
    if bare == "background-color" and forms == [("ident", "initial")]:
        return [_TRANSPARENT]
    if name in ("flex", "-webkit-flex"):
        return (
            _FLEX.get(tuple(forms), forms)
            if len(forms) > 1 or forms[:1] == [("ident", "auto")]
            else _flex(forms)
        )
    if bare == "font-family":
        return [part for form in forms for part in _family(form)]
    if bare == "font":
        return _font(forms)
    return _border(forms) if _BORDER.match(bare) and forms else forms


def _font(forms: list[Form]) -> list[Form]:
    """Before the size the usual may be left out; after it only families follow."""
    sizes = [form[0] in ("dimension", "percentage") for form in forms]
    size = sizes.index(True) if True in sizes else 0
    before = [("number", 700.0) if form == ("ident", "bold") else form for form in forms[:size]]
    kept = [form for form in before if form not in _USUAL_FONT]
    return [*kept, *(part for form in forms[size:] for part in _family(form))]


def _border(forms: list[Form]) -> list[Form]:
    """A border with the usual left out; that of a style, ``none``, where no other is given."""
    words = [form[1].lower() if form[0] == "ident" else "" for form in forms]
    usual = ["medium"] if any(word in _LINES for word in words) else ["medium", "none"]
    return [form for form, word in zip(forms, words, strict=True) if word not in usual] or [("ident", "none")]


def _flex(forms: list[Form]) -> list[Form]:
    """``flex: 1`` as browsers read it: ``1 1 0%``."""
    if len(forms) == 1 and forms[0][0] == "number":
        return [forms[0], ("number", 1.0), ("percentage", 0.0)]
    return forms


def _split(forms: list[Form], separator: str) -> list[list[Form]]:
    parts: list[list[Form]] = [[]]
    for form in forms:
        if form == ("literal", separator):
            parts.append([])
        else:
            parts[-1].append(form)
    return parts


def _four(forms: list[Form]) -> list[Form]:
    if not 0 < len(forms) <= 4 or any(form[0] == "literal" for form in forms):
        return forms
    top, right, bottom, left = {
        1: (0, 0, 0, 0),
        2: (0, 1, 0, 1),
        3: (0, 1, 2, 1),
        4: (0, 1, 2, 3),
    }[len(forms)]
    return [forms[top], forms[right], forms[bottom], forms[left]]


def _layer(name: str, forms: list[Form]) -> list[Form]:
    """One of the layers of a background, or one shadow."""
    if not forms:
        return [("nothing",)]
    if name == "background-size":
        return forms[:1] if forms[1:] == [("ident", "auto")] else forms
    if name.endswith("shadow"):
        return _shadow(forms, 4 if name == "box-shadow" else 3)
    words = [form[1] if form[0] == "ident" else None for form in forms]
    if name == "background-position":
        usual = len(forms) <= 2 and all(word in (*_POSITIONS, "center", None) for word in words)
        return _position(forms, words) if forms and usual else forms
    forms = [form for form in forms if form not in (("ident", "none"), _TRANSPARENT)]
    places = [
        form[0] in _MEASURES or (form[0] == "ident" and form[1] in (*_POSITIONS, "center")) for form in forms
    ]
    if True not in places:
        return forms
    start = places.index(True)
    count = [*places[start:], False].index(False)
    place = forms[start : start + count]
    words = [form[1] if form[0] == "ident" else None for form in place]
    place = _position(place, words) if count <= 2 else place
    rest = forms[start + count :]
    # The corner is where an image is put anyway.
    is_usual = place == [("number", 0.0)] * 2 and rest[:1] != [("literal", "/")]
    return forms[:start] + ([] if is_usual else place) + rest


def _shadow(forms: list[Form], most: int) -> list[Form]:
    """A shadow with all its lengths."""
    kinds = [form[0] in ("number", "dimension") for form in forms]
    if True not in kinds:
        return forms
    start = kinds.index(True)
    count = [*kinds[start:], False].index(False)
    return forms[: start + count] + [("number", 0.0)] * (most - count) + forms[start + count :]


def _position(forms: list[Form], words: list[Any]) -> list[Form]:
    if len(forms) == 2 and (words[0] in ("top", "bottom") or words[1] in ("left", "right")):
        forms, words = forms[::-1], words[::-1]
    if len(forms) == 1:
        middle = ("percentage", 50.0)
        forms, words = (
            ([middle, forms[0]], [None, words[0]])
            if words[0] in ("top", "bottom")
            else ([*forms, middle], [*words, None])
        )
    values = [
        ("percentage", _POSITIONS.get(word, 50.0)) if word is not None else form
        for form, word in zip(forms, words, strict=True)
    ]
    return [("number", 0.0) if value == ("percentage", 0.0) else value for value in values]


def _family(form: Form) -> list[Form]:
    """``"Open Sans"`` as the words ``open sans``, unless it would become a keyword."""
    if form[0] == "string":
        words = form[1].lower().split()
        if words and " ".join(words) == form[1].lower() and all(_is_name(word) for word in words):
            return [("word", word) for word in words]
        return [("string", form[1].lower())]
    if form[0] in ("ident", "word"):
        return [("word", form[1].lower())]
    return [form]


def _is_name(word: str) -> bool:
    return (
        word.replace("-", "a").replace("_", "a").isalnum()
        and not word.startswith(("-", *"0123456789"))
        and word not in _GENERIC
    )
