"""Why BSON refused a document: looked for only after it did, so that good documents pay nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.errors import BSONError

from mongokit.errors import EncodingError, Failure
from mongokit.structure.keys import DEEPEST, unending

__all__ = ["REFUSALS", "failures"]

REFUSALS = (BSONError, OverflowError, UnicodeEncodeError, TypeError, RecursionError)
"""What encoding a document can raise. TypeError is raised for other reasons too: ask ``failures``."""


def failures(document: Mapping[Any, Any], options: CodecOptions[Any]) -> list[Failure]:
    """Return what cannot be stored, each with its dotted path; empty when the document can be encoded."""
    return list(_below(document, "", options, ()))


def _below(value: Any, path: str, options: CodecOptions[Any], around: tuple[int, ...]) -> Iterator[Failure]:
    """Look into a value; `around` are the ids of what it is in."""
    if id(value) in around or len(around) > DEEPEST:
        why = "it holds itself" if id(value) in around else f"it is more than {DEEPEST} levels deep"
        yield unending(_printable(path), value, why)
        return
    if isinstance(value, Mapping):
        around = (*around, id(value))
        for key, item in value.items():
            place = f"{path}.{key}" if path else str(key)
            if isinstance(key, str) and _refusal("", options, key) is None:
                yield from _below(item, place, options, around)
            else:
                problem = "holds NUL or half a surrogate pair" if isinstance(key, str) else "is no str"
                where = _printable(path)
                message = f"the key {key!r} of {where or 'the document'} {problem}"
                yield Failure(where, EncodingError, message, key)
    elif isinstance(value, (list, tuple)):
        around = (*around, id(value))
        for position, item in enumerate(value):
            yield from _below(item, f"{path}.{position}", options, around)
    else:
        refusal = _refusal(value, options)
        if refusal is not None:
            path = _printable(path)
            yield Failure(path, EncodingError, f"{path} cannot be stored: {refusal}", value)


def _refusal(value: Any, options: CodecOptions[Any], key: str = "value") -> str | None:
    try:
        bson.encode({key: value}, codec_options=options)
    except UnicodeEncodeError as error:
        return f"text with half a surrogate pair at position {error.start}"
    except REFUSALS as error:
        return str(error).replace("Invalid document: ", "").splitlines()[0]
    return None


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()
