"""What of a document that was read in part may be written: no more than is known to be there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mongokit.errors import PartialDocumentError
from mongokit.memory import Memory
from mongokit.projection import Projection

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["check_part", "refuse_part", "unread"]

_ABSENT = object()


class _Place(NamedTuple):
    """Where a path leads to in a document."""

    found: Any
    path: str
    """The path without the positions in lists."""
    lists: list[str]
    """The paths, without positions, of the lists into which it leads by a position."""


def unread(memory: Memory, shard_key: Collection[str]) -> list[str]:
    """Return what of a shard key is not known, since it was not read."""
    part = memory.part
    if part is None:
        return []
    known = dict(zip(shard_key, memory.shard, strict=True))
    return [
        path for path in shard_key if not (part.holds(path) or (part.is_open and known[path] is not None))
    ]


def refuse_part(
    document: Document,
    call: str = "save()",
    how: str = "name what was read in save(only=[…]), or reload() it first, which makes it whole",
) -> None:
    """Raise PartialDocumentError where a document that was read in part would be written as a whole.

    :param call: what would write it.
    :param how: what is to be done instead.
    """
    if document._memory is not None and document._memory.part is not None:
        raise PartialDocumentError(
            f"{type(document).__name__} {document.get('_id')!r} was read with a projection, so {call} would lose what was "
            f"not read: {how}"
        )


def check_part(document: Document, part: Projection, only: Collection[str] | None) -> None:
    """Raise PartialDocumentError where more of a document would be written than was read, or than anybody knows where."""
    if only is None:
        refuse_part(document)
        return
    if isinstance(only, str):
        return
    said = None
    for path in only:
        place = _place(document, path)
        said = said or part.missing(path, place.path, place.lists)
        if said is None and not part.holds(place.path) and place.found is _ABSENT:
            said = f"{path} was not"
        elif said is None and _is_container(place.found) and part.is_made(place.path):
            said = f"nobody knows whether all of {path} was"
    memory = document._memory
    needed = [] if memory is None else unread(memory, type(document)._shard_key)
    if type(document).use_revision and not (
        part.holds("_revision") or (part.is_open and "_revision" in document)
    ):
        needed.append("_revision")
    if said is None and needed:
        said = f"{needed[0]}, which the write is checked by, was not"
    if said is not None:
        raise PartialDocumentError(
            f"{type(document).__name__} {document.get('_id')!r} was read with a projection: {said} read; name what was "
            "read in save(only=[…]), or reload() it first, which makes it whole"
        )


def _place(document: Document, path: str) -> _Place:
    value: Any = document
    names: list[str] = []
    lists: list[str] = []
    for name in path.split("."):
        if isinstance(value, (list, tuple)) and name.isdecimal():
            lists.append(".".join(names))
            value = value[int(name)] if int(name) < len(value) else _ABSENT
            continue
        names.append(name)
        value = value.get(name, _ABSENT) if isinstance(value, Mapping) else _ABSENT
    return _Place(value, ".".join(names), lists)


def _is_container(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple, set, frozenset))
