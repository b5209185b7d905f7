"""What a class says in the place of validation's own texts: ``error_messages``, checked once, merged over its bases.

Imported only for classes that have some.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mongokit.errors import StructureError
from mongokit.guessing import meant

__all__ = [
    "EVERY",
    "KINDS",
    "check_messages",
    "filled",
    "kinds_of",
    "over",
    "placeholders_of",
    "text_of",
    "united",
    "with_embedded",
]

EVERY = "*"
"""Stands for every kind that has no text of its own."""

KINDS: Mapping[str, str | None] = MappingProxyType(
    {
        "required": None,
        "missing": "required",
        "invalid_type": None,
        "invalid_choice": "invalid_type",
        "invalid_element": "invalid_type",
        "invalid_length": "invalid_type",
        "no_time_zone": "invalid_type",
        "unauthorized_type": "invalid_type",
        "invalid_key": None,
        "unknown": None,
        "unstorable": None,
        "validator": None,
    }
)
"""Each kind of error, with the one whose text is used where it has none."""

PLACEHOLDERS = ("path", "field", "value", "accepted")
"""What a text may have in braces."""
_PARTS = re.compile(r"\{\{|\}\}|\{(" + "|".join(PLACEHOLDERS) + r")\}")
_BRACES = {"{{": "{", "}}": "}"}


def united(owner: str, given: Iterable[Any]) -> dict[str, Any]:
    """Return the messages of a class and its bases, nearest last: per path, and there per kind.

    Raises StructureError for what is no dict.
    """
    union: dict[str, Any] = {}
    for declared in given:
        if declared is None:
            continue
        if not isinstance(declared, dict):
            raise StructureError(
                f"{owner}: error_messages must be a dict, not {type(declared).__name__}: {declared!r}"
            )
        for path, said in declared.items():
            union[path] = over(union.get(path), said)
    return union


def over(inner: Any, outer: Any) -> Any:
    """Return what is said of a path twice: kinds are added, while a text alone stands for every kind."""
    if not isinstance(outer, dict):
        return outer
    return {**(kinds_of(inner) if inner is not None else {}), **outer}


def with_embedded(outer: Mapping[str, Any], path: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the messages of a class with those of one that is embedded at a path: the outer goes before."""
    found = dict(outer)
    for one, said in inner.items():
        place = ".".join(part for part in (path, one) if part)
        found[place] = over(said, outer[place]) if place in outer else said
    return found


def kinds_of(said: Any) -> dict[str, Any]:
    """Return what is said of a path by kind."""
    return dict(said) if isinstance(said, dict) else {EVERY: said}


def text_of(messages: Mapping[str, Any], kind: str) -> Any:
    """Return the text for a kind of error, as it was declared; None where there is none."""
    named: str | None = kind
    while named is not None:
        if named in messages:
            return messages[named]
        named = KINDS[named]
    return messages.get(EVERY)


def filled(text: Any, value_of: Callable[[str], str]) -> str:
    """Return a text with what is asked for in its braces. What is put there is not looked into; a brace in a
    translation that asks for nothing stays.

    :param value_of: makes the text for one of ``PLACEHOLDERS``.
    """
    return _PARTS.sub(lambda found: _BRACES.get(found[0]) or value_of(found[1]), str(text))


def placeholders_of(text: Any) -> set[str]:
    """Return the names of what a text asks for."""
    return {found[1] for found in _PARTS.finditer(str(text)) if found[1]}


def check_messages(owner: str, known: Collection[str], messages: Mapping[Any, Any]) -> None:
    """Raise StructureError for what is no path, no kind, or no text; for a text with other braces too.

    :param known: the paths of the structure.
    """
    for path, said in messages.items():
        if not isinstance(path, str) or (path and path not in known):
            raise StructureError(
                f"Error in error_messages: can't find {path} in structure (of {owner}){meant(path, known)}"
            )
        for kind, text in kinds_of(said).items():
            place = f"{owner}: error_messages: {path or repr(path)}"
            if kind != EVERY and kind not in KINDS:
                raise StructureError(
                    f"{place}: {kind!r} is no kind of error{meant(kind, KINDS)}; accepted are {', '.join(KINDS)}, "
                    f"and {EVERY!r} for all others"
                )
            if kind != EVERY or isinstance(said, dict):
                place += f": {kind}"
            _check_text(place, text)


def _check_text(place: str, text: Any) -> None:
    if not _is_text(text):
        raise StructureError(
            f"{place}: {text!r} is no text; accepted are a str, one that is translated when it is asked for, and for a "
            "path a dict of kinds with such texts"
        )
    # What a translation says is known only when it is asked for.
    stray = re.search(r"[{}]", _PARTS.sub("", text)) if isinstance(text, str) else None
    if stray is not None:
        names = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise StructureError(
            f"{place}: {text!r} has a {stray[0]!r} that belongs to no placeholder; accepted are {names}, and {{{{ and "
            "}} for the braces themselves"
        )


def _is_text(given: Any) -> bool:
    """Return whether it is a str, or an object that makes one when it is asked: of a class with a ``__str__`` that is
    neither Python's nor BSON's."""
    if isinstance(given, str):
        return True
    author = next(cls for cls in type(given).__mro__ if "__str__" in vars(cls))
    root = author.__module__.partition(".")[0]
    return root not in sys.stdlib_module_names and root != "bson"
