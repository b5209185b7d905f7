"""What is typed into the search box, as a query."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bson import ObjectId
from django.utils.text import smart_split, unescape_string_literal

from django_mongokit.document import DjangoDocument
from django_mongokit.key_texts import meanings
from django_mongokit.places import node_at, python_type

__all__ = ["number_of", "search_query"]

LONGEST = 1000
"""Characters of one search, and of the pattern for a word: the embedded server refuses longer ones."""
_NOTHING: dict[str, Any] = {"_id": {"$in": []}}


def search_query(document: type[DjangoDocument], fields: Iterable[str], text: str) -> dict[str, Any]:
    """Return the query for documents that have each word in one of the fields, as Django's admin looks for them.

    Words in quotes belong together. A word is looked for anywhere in a text, whatever its case; with "^" in front of
    a field's name at its beginning, with "=" as the whole of it. Numbers and keys are found by their whole value.
    What is typed is never a pattern or an operator.
    """
    if len(text) > LONGEST:
        return _NOTHING
    words = [
        unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] and len(word) > 1 else word
        for word in smart_split(text)
    ]
    clauses = []
    for word in words:
        ways = [way for field in fields for way in _ways(document, field, word)]
        clauses.append({"$or": ways} if ways else _NOTHING)
    if not clauses:
        return {}
    return {"$and": clauses} if len(clauses) > 1 else clauses[0]


def _ways(document: type[DjangoDocument], field: str, word: str) -> Iterable[dict[str, Any]]:
    prefix = field[0] if field[0] in "^=" else ""
    path = field.removeprefix(prefix)
    if path in {"pk", "_id"}:
        yield {"_id": {"$in": meanings(word)}}
        return
    kind = python_type(node_at(document, path))
    if kind is not None and issubclass(kind, ObjectId):
        if ObjectId.is_valid(word):
            yield {path: ObjectId(word)}
    elif kind is not None and issubclass(kind, (int, float)) and kind is not bool:
        number = number_of(word)
        if number is not None:
            yield {path: number}
    else:
        escaped = re.escape(word)
        pattern = {"^": f"^{escaped}", "=": f"^{escaped}$"}.get(prefix, escaped)
        if len(pattern) <= LONGEST:
            yield {path: {"$regex": pattern, "$options": "i"}}


def number_of(word: str) -> int | float | None:
    """Return the number that a text is, None where it is none that BSON has."""
    try:
        return int(word) if abs(int(word)) < 2**63 else None
    except ValueError:
        pass
    try:
        found = float(word)
    except ValueError:
        return None
    return found
