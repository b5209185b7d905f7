"""HTML of which an engine sees the tags and the text: what is in the tags, and what is no text, is hidden from it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from ..markup_tokens import Token, attributes_of, tokens
from ..references import splice
from .html_form import keeps_space, script_kind

__all__ = ["hide", "show"]

_MASK = "django-static-data-"
_MASKED = re.compile(f"{_MASK}([0-9]+)-")
#: What is drawn has a language of its own, in which engines round numbers.
_FOREIGN = ("svg", "math")

#: Gives a script (``js``) or style sheet (``css``) in its smaller form.
Inner = Callable[[str, str], str]


def hide(text: str, inner: Inner) -> tuple[str, list[str]]:
    """The text with one word in each place where something is hidden, and what is to stand there in the end.

    Engines leave out attributes that are empty, round numbers of drawings, and take white space away that a ``style``
    or ``contenteditable`` says is seen; nothing of which one sees is hidden in the words. Scripts and style sheets are
    passed through ``inner``.
    """
    if _MASK in text:
        return text, []
    changes: list[tuple[int, int, str]] = []
    hidden: list[str] = []

    def put(start: int, end: int, shown: str) -> None:
        if start < end:
            changes.append((start, end, f"{_MASK}{len(hidden)}-"))
            hidden.append(shown)

    found = tokens(text)
    number = 0
    while number < len(found):
        token = found[number]
        number += 1
        if token.what == "other" and text[token.start : token.end].lower() != "<!doctype html>":
            put(token.start, token.end, text[token.start : token.end])
        if token.what != "start":
            continue
        attributes = attributes_of(token)
        given = {attribute.name: attribute.value for attribute in attributes}
        kind = {"script": script_kind(given), "style": "css"}.get(token.name, "")
        is_data = kind == "json"
        if token.name in _FOREIGN or kind or keeps_space(token.name, given):
            number = _end(found, number - 1)
        end = found[number].start if number < len(found) else len(text)
        last = found[number].end if number < len(found) else len(text)
        content = text[token.end : end]
        if token.name in _FOREIGN:
            put(token.start, last, text[token.start : last])
            number += 1
        elif kind and not (is_data and _is_json(content)):
            if kind in ("js", "css") and content.strip():
                content = inner(content, kind)
            put(token.start, last, f"{text[token.start : token.end]}{content}{text[end:last]}")
            number += 1
        elif not kind:
            if attributes:
                shown = " ".join(text[attribute.begin : attribute.end] for attribute in attributes)
                put(attributes[0].begin, attributes[-1].end, shown)
            if keeps_space(token.name, given):
                put(token.end, end, content)
    return splice(text, changes), hidden


def show(text: str, hidden: Sequence[str]) -> str:
    """A text with what was hidden from it in its place."""
    return _MASKED.sub(lambda found: hidden[int(found[1])], text) if hidden else text


def _end(found: Sequence[Token], number: int) -> int:
    """The number of the token that ends an element; that after the last one if it never ends."""
    name, depth = found[number].name, 0
    while number < len(found):
        token = found[number]
        if token.name == name and token.what in _DEPTHS:
            is_empty = name in _FOREIGN and token.raw.endswith("/>")
            depth += 0 if is_empty else _DEPTHS[token.what]
            if not depth:
                return number
        number += 1
    return number


_DEPTHS: Mapping[str, int] = {"start": 1, "end": -1}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
