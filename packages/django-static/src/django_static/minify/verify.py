"""The judge: whether a minified text still means what the original did.

Both are read by a parser of their language and brought into a normal form in which all that honest minifiers change is
alike. The forms must be equal; a text that cannot be read is never judged to be equal to another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from . import css_form, html_form, js_form, js_tree

__all__ = ["Judge", "difference", "is_script", "is_style"]

_SHOWN = 60
_TAG = re.compile(r"</?script|<!--", re.IGNORECASE)
_STYLE_END = re.compile(r"</style", re.IGNORECASE)


class Judge:
    """Compares results with a text, which is read once for all of them."""

    def __init__(self, text: str, kind: str) -> None:
        self._text = text
        self._kind = kind

    def difference(self, after: str) -> str:
        """What makes a result mean something else than the text; empty when it means the same."""
        before = self._text
        if self._kind == "js":
            if not _licences(before) <= _licences(after):
                return "a licence comment is missing"
            if len(_TAG.findall(after)) > len(_TAG.findall(before)):
                return "the result would end or begin an element if it stood in HTML"
            try:
                return self._of_scripts(after)
            except RecursionError:
                return "the script is nested too deeply to be compared"
        if self._kind == "css" and len(_STYLE_END.findall(after)) > len(_STYLE_END.findall(before)):
            return "the result would end an element if it stood in HTML"
        return _first_difference(self._form, _form(after, self._kind))

    def _of_scripts(self, after: str) -> str:
        if self._form is None:
            return "the original has syntax errors"
        result = _form(after, "js")
        return "the result has syntax errors" if result is None else _first_difference(self._form, result)

    @cached_property
    def _form(self) -> Any:
        return _form(self._text, self._kind)


def difference(before: str, after: str, kind: str) -> str:
    """What makes the second text mean something else than the first; empty when it means the same."""
    return Judge(before, kind).difference(after)


def is_script(text: str) -> bool:
    """Whether a text reads as JavaScript without an error."""
    return js_tree.read(text) is not None


def is_style(text: str) -> bool:
    """Whether a text reads as rules of CSS without an error."""
    forms = css_form.normal_form(text)
    return bool(forms) and "('error',)" not in repr(forms)


def _form(text: str, kind: str) -> Any:
    """The normal form of a text; None for a script with syntax errors."""
    if kind == "html":
        return html_form.normal_form(text, _inner)
    return js_form.normal_form(text) if kind == "js" else css_form.normal_form(text)


def _licences(text: str) -> set[str]:
    """The comments that begin with ``/*!``, without their white space."""
    if "/*!" not in text:
        return set()
    return {"".join(part.split("*/")[0].split()) for part in text.split("/*!")[1:]}


def _inner(text: str, kind: str) -> Any:
    """The form of a script or style sheet in HTML; one that cannot be read must stay as it is."""
    form = _form(text, "css" if kind == "css" else "js")
    return text if form is None else form


def _first_difference(before: Sequence[Any], after: Sequence[Any]) -> str:
    if before == after:
        return ""
    for number, (first, second) in enumerate(zip(before, after, strict=False)):
        if first != second:
            shown = [_shown(before, number, first), _shown(after, number, second)]
            if not isinstance(first, str) and not isinstance(second, str):
                shown = [_words(piece) for piece in _narrowed(first, second)]
            return f"the result means something else: {shown[0]!r} became {shown[1]!r}"
    return f"the result means something else: {len(before)} parts became {len(after)}"


def _narrowed(first: Any, second: Any) -> tuple[Any, Any]:
    """The innermost parts of two forms that hold all that differs, unless too little would be left to be recognised."""
    while isinstance(first, tuple | list) and isinstance(second, tuple | list) and len(first) == len(second):
        differing = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
        if len(differing) != 1 or isinstance(differing[0][0], str) or isinstance(differing[0][1], str):
            break
        first, second = differing[0]
    return first, second


def _shown(form: Sequence[Any], number: int, piece: Any) -> str:
    """A piece of a form for people: around the place in a list of words, or the part itself, cut."""
    if isinstance(piece, str):
        return " ".join(part for part in form[max(0, number - 6) : number + 6] if isinstance(part, str))[
            :_SHOWN
        ]
    return _words(piece)


def _words(form: Any) -> str:
    """What a form says, cut."""
    words: list[str] = []
    pending = [form]
    while pending and sum(map(len, words)) < _SHOWN:
        piece = pending.pop()
        if isinstance(piece, tuple | list):
            pending += reversed(piece)
        else:
            words.append(str(piece))
    return " ".join(words)[:_SHOWN]
