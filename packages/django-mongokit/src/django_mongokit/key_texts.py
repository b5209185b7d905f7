"""Keys of documents as text, as URLs and forms have them: one text for each key, so that none is taken for another.

A text is read as what it looks like, an ObjectId, an integer, a bool or a UUID, and else is itself: "5" is the number. A
text that is a key itself and looks like one of those is written in quotes: `"5"`. Where a class declares the type of its
`_id` that one goes before all: of a str "5" is the text, and a number that some other program has stored is `(5)`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import bson
from bson import ObjectId

from django_mongokit.places import node_at
from mongokit.structure.nodes import CustomNode, Node, OperatorNode, TypeNode

__all__ = ["has_text_key", "is_storable", "keys_of", "meanings", "text_of"]

_LARGEST = 2**63
_BOOLS = {"True": True, "False": False}
_QUOTE = '"'


def is_storable(value: Any) -> bool:
    """Return whether BSON can hold a value: not an integer beyond int64, or a text with half a surrogate pair."""
    try:
        bson.encode({"": value})
    except (OverflowError, UnicodeEncodeError):
        return False
    except Exception:  # noqa: BLE001 (of a type that the collection's codec may know)
        return True
    return True


def meanings(text: str) -> list[Any]:
    """Return all that a text may mean, for a search: itself, an ObjectId, an integer of BSON, a UUID, a bool."""
    if not is_storable(text):
        return []
    return [text, *(key for read in _READERS.values() if (key := read(text)) is not None)]


def keys_of(document: Any, text: str) -> list[Any]:
    """Return the key that a text stands for, of documents of a class; none for what can be no key.

    :param document: the class; None, or any other, where it is not known what it declares.
    """
    if not is_storable(text):
        return []
    kinds = _kinds(document)
    found = _read(kinds, text)
    if isinstance(found, str) and _has_quotes(text) and _needs_quotes(kinds, text[1:-1]):
        return [text[1:-1]]
    return [found]


def text_of(document: Any, key: Any) -> str:
    """Return the text for a key, of documents of a class; see `has_text_key` for whether it stands for the key."""
    text, kinds = str(key), _kinds(document)
    if isinstance(key, str):
        return f"{_QUOTE}{text}{_QUOTE}" if _needs_quotes(kinds, text) else text
    return f"({text})" if kinds[0] is str and _looks_like(kinds, text) is not None else text


def has_text_key(document: Mapping[str, Any]) -> bool:
    """Return whether a document is found by its key as text (`pk`), as URLs and forms have it; not by None, a dict, bytes …"""
    key, owner = document.get("_id"), type(document)
    if key is None:
        return False
    return any(isinstance(key, type(one)) and one == key for one in keys_of(owner, text_of(owner, key)))


def _object_id(text: str) -> ObjectId | None:
    return ObjectId(text) if ObjectId.is_valid(text) else None


def _integer(text: str) -> int | None:
    is_one = text.removeprefix("-").isdecimal() and str(int(text[:20])) == text
    return int(text) if is_one and -_LARGEST <= int(text) < _LARGEST else None


def _unique(text: str) -> uuid.UUID | None:
    try:
        made = uuid.UUID(text)
    except ValueError:
        return None
    return made if str(made) == text else None


_READERS: dict[type, Callable[[str], Any]] = {
    ObjectId: _object_id,
    int: _integer,
    bool: _BOOLS.get,
    uuid.UUID: _unique,
}


@cache
def _kinds(document: Any) -> tuple[type, ...]:
    """Return the types that a text is read as, the first that it fits: those that the class declares, then the others."""
    declared = _declared(node_at(document, "_id") if hasattr(document, "_structure") else None)
    kinds = (*_READERS, str)
    first = [kind for kind in kinds if any(_is_a(one, kind) for one in declared)]
    return (*first, *(kind for kind in kinds if kind not in first))


def _declared(node: Node | None) -> tuple[type, ...]:
    match node:
        case TypeNode():
            return (node.type,)
        case OperatorNode():
            return tuple(node.types or ())
        case CustomNode():
            kind = node.custom.python_type
            return (kind,) if isinstance(kind, type) else ()
    return ()


def _is_a(one: type, kind: type) -> bool:
    return issubclass(one, kind) and not (kind is int and issubclass(one, bool))


def _looks_like(kinds: tuple[type, ...], text: str) -> Any:
    """Return the key that a text looks like, of the first type that it fits; None where it is a text only."""
    reading = (_READERS[kind](text) for kind in kinds if kind is not str)
    return next((found for found in reading if found is not None), None)


def _read(kinds: tuple[type, ...], text: str) -> Any:
    """Return what a text stands for, its quotes aside."""
    if kinds[0] is not str:
        found = _looks_like(kinds, text)
    else:
        found = _looks_like(kinds, text[1:-1]) if text[:1] == "(" and text[-1:] == ")" else None
    return text if found is None else found


def _has_quotes(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] == _QUOTE


def _needs_quotes(kinds: tuple[type, ...], text: str) -> bool:
    """Return whether a text that is a key would be read as another one: as what it looks like, or without its quotes."""
    around = min(len(text) - len(text.lstrip(_QUOTE)), len(text) - len(text.rstrip(_QUOTE)))
    return not isinstance(_read(kinds, text[around : len(text) - around]), str)
