"""What a document remembers of how it was stored: to tell what has changed, and on which shard it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import bson
from bson import ObjectId
from bson.codec_options import CodecOptions

from mongokit.encoding import REFUSALS
from mongokit.projection import Projection

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Memory", "State", "differing", "value_at", "value_at_each"]

_SCALARS = frozenset({str, int, float, bool, type(None), ObjectId, datetime})
_ABSENT = object()


class Memory(NamedTuple):
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
        return cls(fields, value_at_each(stored, shard_key))

    def only(
        self, paths: Collection[str], before: Memory, shard_key: Iterable[str], options: CodecOptions[Any]
    ) -> Memory:
        """Return the memory after only these paths were written; all else is as it was before."""
        shard = tuple(
            _written(old, new, _inside(path, paths))
            for path, old, new in zip(shard_key, before.shard, self.shard, strict=True)
        )
        if self.fields is None or before.fields is None:
            return self._replace(shard=shard)
        fields = dict(before.fields)
        for name in {path.partition(".")[0] for path in paths}:
            old, new = before.fields.get(name, _ABSENT), self.fields.get(name, _ABSENT)
            inside = _inside(name, paths)
            if "" not in inside:
                new = _frozen(_written(_thawed(old, options), _thawed(new, options), inside), options)
            if new is _ABSENT:
                fields.pop(name, None)
            else:
                fields[name] = new
        return self._replace(fields=fields, shard=shard)


class State(NamedTuple):
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


def value_at_each(stored: Mapping[str, Any], paths: Iterable[str]) -> tuple[Any, ...]:
    """Return the values at several paths, each as ``value_at`` does."""
    return tuple(value_at(stored, path) for path in paths)


def _inside(path: str, written: Iterable[str]) -> list[str]:
    """Return which parts of what is at a path were written, ``""`` being all of it."""
    found = []
    for other in written:
        if f"{path}.".startswith(f"{other}."):
            found.append("")
        elif other.startswith(f"{path}."):
            found.append(other.removeprefix(f"{path}."))
    return found


def _written(old: Any, new: Any, paths: Collection[str]) -> Any:
    """Return what is stored of a value of which these paths were written; ``old`` is not changed."""
    if not paths:
        return old
    if "" in paths:
        return new
    if not isinstance(old, (dict, list)):
        old = {}
    made = old.copy()
    for name in dict.fromkeys(path.partition(".")[0] for path in paths):
        inner = _written(_item(made, name), _item(new, name), _inside(name, paths))
        if isinstance(made, list):
            if not name.isdecimal():
                continue
            made += [None] * (int(name) + 1 - len(made))
            made[int(name)] = None if inner is _ABSENT else inner
        elif inner is _ABSENT:
            made.pop(name, None)
        else:
            made[name] = inner
    return made


def _item(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, _ABSENT)
    if isinstance(value, (list, tuple)) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return _ABSENT


def _thawed(frozen: Any, options: CodecOptions[Any]) -> Any:
    """Return the value that was frozen."""
    return bson.decode(frozen, codec_options=options)[""] if type(frozen) is bytes else frozen


def _frozen(value: Any, options: CodecOptions[Any]) -> Any:
    return value if type(value) in _SCALARS else bson.encode({"": value}, codec_options=options)
