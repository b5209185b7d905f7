"""How large documents are as BSON, and which part of them is: looked for only where one is too large."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import bson
from bson.codec_options import CodecOptions

__all__ = ["MAX_BSON_SIZE", "exceeding", "is_update", "most_of", "size_of"]

MAX_BSON_SIZE = 16 * 1024 * 1024
"""Bytes that MongoDB lets a document have."""
ADVICE = "Keep what is large in GridFS (gridfs), or in documents of their own"
_AROUND = len(bson.encode({"": None}))
"""Bytes of a document with one field without a name, beside those of its value."""


def size_of(value: Any, options: CodecOptions[Any]) -> int:
    """Return how many bytes a value takes in BSON; of a document, what it takes alone. Raises what encoding does."""
    return len(bson.encode({"": value}, False, options)) - _AROUND


def exceeding(sent: Any, options: CodecOptions[Any]) -> str:
    """Return what is said of what makes a document too large: of a whole document, or of an update of one."""
    size = size_of(sent, options)
    what = "the update" if is_update(sent) else "it"
    if size > MAX_BSON_SIZE:
        said = f"{what} has {size} bytes as BSON"
    else:
        said = f"it would have more bytes as BSON, of which {size} are sent here"
    return f"{said}; MongoDB takes {MAX_BSON_SIZE}. {most_of(sent, options, what)}"


def is_update(sent: Any) -> bool:
    """Return whether it is no document, but operators, or the stages of a pipeline."""
    return not isinstance(sent, Mapping) or any(str(key).startswith("$") for key in sent)


def most_of(sent: Any, options: CodecOptions[Any], what: str = "it") -> str:
    """Return a sentence with the path of the largest part, and what to do.

    :param what: the document or the update, in the sentence.
    """
    path, size, number = _largest(sent, options)
    if not path:
        return f"{ADVICE}."
    among = f" in {number} elements" if number > 1 else ""
    return f"Most of {what} is {path}, with {size} bytes{among}. {ADVICE}."


def _largest(value: Any, options: CodecOptions[Any]) -> tuple[str, int, int]:
    """Return the path, bytes and number of elements of the innermost part that is more than half of what it is in."""
    names: list[str] = []
    whole = size_of(value, options)
    while True:
        pairs = [(str(name), each, size_of(each, options)) for name, each in _inside(value)]
        name, each, size = max(pairs, key=lambda pair: pair[2], default=("", None, 0))
        if not pairs or (names and 2 * size <= whole):
            break
        names.append(name)
        value, whole = each, size
    path = ".".join(names)
    if path.startswith("$"):
        # An update: the operator, and its path.
        path = path.replace(".", ": ", 1)
    return path, whole, len(pairs)


def _inside(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, (list, tuple)) else ()
