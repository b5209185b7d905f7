"""What was sent, put into what is stored: which fields change, and what they become."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils import timezone

from django_mongokit.forms.alike import is_same, kept_longs
from mongokit.structure.convert import container_of
from mongokit.structure.nodes import ListNode, MapNode, Node, RecordNode, TupleNode
from mongokit.structure.skeleton import fill

__all__ = ["Changes", "changes_of"]


class Changes(NamedTuple):
    """What a document is to become."""

    values: dict[str, Any]
    """The new values of top-level fields; nested structures are new ones, so that the document stays as it is."""
    gone: list[str]
    """Top-level fields that are to be absent."""
    paths: list[str]
    """Dotted paths of what differs, for `save(only=…)`."""

    def put_into(self, document: dict[str, Any]) -> None:
        """Make the document what it is to become."""
        document.update(self.values)
        for name in self.gone:
            document.pop(name, None)


def changes_of(
    record: RecordNode, stored: Mapping[str, Any], sent: Mapping[str, Any], *, naive_utc: bool = False
) -> Changes:
    """Return what differs from `stored`. What was not sent stays as it is, in nested structures too; lists and dicts
    with keys of their own are replaced, but a number that was an `Int64` is one still. Null, sent for what may be absent, takes it out, as it was shown for it.

    :param naive_utc: times are stored as UTC without time zone.

    Raises `TypeError` for what is no field of the structure.
    """
    values: dict[str, Any] = {}
    gone: list[str] = []
    paths: list[str] = []
    for name, value in sent.items():
        node = record.fields.get(name)
        if node is None and not record.schemaless:
            raise TypeError(
                f"{name!r} is no field of the structure ({', '.join(record.fields)}): take it out of what is to be "
                "saved, in validate() for instance"
            )
        before = stored.get(name)
        if (
            isinstance(node, RecordNode)
            and node.fields
            and isinstance(value, Mapping)
            and isinstance(before, Mapping)
        ):
            inner = changes_of(node, before, value, naive_utc=naive_utc)
            if inner.paths:
                values[name] = container_of(type(before))(before)  # type: ignore[arg-type]
                inner.put_into(values[name])
                paths += [f"{name}.{path}" for path in inner.paths]
            continue
        if value is None and node is not None and node.absent:
            if name in stored:
                gone.append(name)
                paths.append(name)
            continue
        new = kept_longs(before, _declared(node, value, naive_utc=naive_utc))
        if name not in stored or not is_same(before, new):
            values[name] = new
            paths.append(name)
    return Changes(values, gone, paths)


def _declared(node: Node | None, value: Any, *, naive_utc: bool) -> Any:
    """Return a value in the containers that the structure declares, nested structures with all their fields."""

    def inside(inner: Node | None, one: Any) -> Any:
        return _declared(inner, one, naive_utc=naive_utc)

    match node:
        case RecordNode() if isinstance(value, Mapping):
            fields = node.fields
            content = {
                key: inside(fields.get(key), one)
                for key, one in value.items()
                if one is not None or key not in fields or not fields[key].absent
            }
            # Of a class with a structure of its own a new one has its defaults.
            made = node.container()
            made.update(content)
            fill(node, made, dict)
            return made
        case ListNode() if isinstance(value, (list, tuple)):
            return node.container(inside(node.item, one) for one in value)
        case TupleNode() if isinstance(value, (list, tuple)) and len(value) == len(node.items):
            pairs = zip(node.items, value, strict=True)
            return node.container(inside(item, one) for item, one in pairs)
        case MapNode() if isinstance(value, Mapping):
            return {key: inside(node.value, one) for key, one in value.items()}
    if naive_utc and isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value
