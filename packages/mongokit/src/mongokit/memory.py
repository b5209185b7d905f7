"""What a document remembers of how it was stored: to tell what has changed, and on which shard it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import bson
from bson import ObjectId
from bson.codec_options import CodecOptions

from mongokit.encoding import REFUSALS
from mongokit.projection import Projection

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Memory", "State", "differing", "value_at"]

_SCALARS = frozenset({str, int, float, bool, type(None), ObjectId, datetime})
_ABSENT = object()


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The stored form of a document at the moment it was read or written."""

    fields: Mapping[str, Any] | None
    """Top-level field -> scalar, or BSON of what can be changed in place; None where changes are not tracked."""
    shard: tuple[Any, ...]
    """The values of the shard key."""
    part: Projection | None = None
    """What was read, where that is not the whole document."""

    @classmethod
    def of(
        cls, stored: Mapping[str, Any], *, track: bool, shard_key: Iterable[str], options: CodecOptions[Any]
    ) -> Memory:
        """Return what is to be remembered of a stored dict."""
        fields = {name: _frozen(value, options) for name, value in stored.items()} if track else None
        return cls(fields, tuple(value_at(stored, path) for path in shard_key))

    def only(self, names: Iterable[str], before: Memory) -> Memory:
        """Return the memory after only these fields were written; the others are as they were before."""
        if self.fields is None or before.fields is None:
            return self
        fields = {name: value for name, value in before.fields.items() if name not in names}
        return replace(
            self, fields=fields | {name: self.fields[name] for name in names if name in self.fields}
        )


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a write changes in a document beside its ``_id``, as it was before."""

    document: Document
    revision: Any
    memory: Memory | None

    def restore(self) -> None:
        """Put it back, as the write came to nothing."""
        if self.revision is _ABSENT:
            self.document.pop("_revision", None)
        else:
            self.document["_revision"] = self.revision
        self.document._set_memory(self.memory)

    @classmethod
    def of(cls, document: Document) -> State:
        """Return the state of a document."""
        return cls(document, document.get("_revision", _ABSENT), document._memory)


def differing(
    remembered: Mapping[str, Any], stored: Mapping[str, Any], options: CodecOptions[Any]
) -> list[str]:
    """Return the top-level fields that are not as remembered, those that are gone last."""
    found = []
    for name, value in stored.items():
        old = remembered.get(name, _ABSENT)
        try:
            new = _frozen(value, options)
        except REFUSALS:
            found.append(name)
            continue
        if new is not old and (type(new) is not type(old) or new != old):
            found.append(name)
    return found + [name for name in remembered if name not in stored]


def value_at(stored: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path through dicts; None where there is none, as MongoDB has it."""
    value: Any = stored
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _frozen(value: Any, options: CodecOptions[Any]) -> Any:
    return value if type(value) in _SCALARS else bson.encode({"": value}, codec_options=options)
