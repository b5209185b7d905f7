"""Documents as JSON: times are milliseconds, ids ``{"$oid": …}``, and what else JSON lacks is in MongoDB Extended JSON."""

from __future__ import annotations

import datetime
import enum
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from bson import Code, Int64, json_util
from bson.binary import UuidRepresentation
from bson.dbref import DBRef
from bson.json_util import JSONMode, JSONOptions

from mongokit.autorefs import take_in
from mongokit.binding import bind_references, trust_places
from mongokit.dotnotation import doted
from mongokit.errors import EncodingError, Failure, SchemaDocumentError
from mongokit.flow import drive
from mongokit.json_reading import (
    PYTHON_FORMS,
    SCALARS,
    Embedded,
    below,
    from_json,
    id_node,
    is_free,
    is_short,
    stored_node,
)
from mongokit.scalars import stored_id
from mongokit.structure import Structure, nodes
from mongokit.structure.keys import bad_keys
from mongokit.structure.referring import stored_reference
from mongokit.structure.unreadable import Unreadable
from mongokit.target import is_document
from mongokit.times import milliseconds
from mongokit.types import CustomType, Set

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Embedded", "read_document", "to_json", "to_json_type"]

D = TypeVar("D", bound="Document")

_OPTIONS: JSONOptions = JSONOptions(
    json_mode=JSONMode.LEGACY, tz_aware=False, tzinfo=None, uuid_representation=UuidRepresentation.STANDARD
)
_PLAIN = (str, int, bool, type(None))


def read_document(like: D, text: str | bytes) -> D:
    """Return a new document of the class and in the collection of another; see ``Document.from_json``."""
    cls, collection = type(like), getattr(like, "_collection", None)
    content = from_json(cls._structure, text, like._codec_options())
    made = cls(gen_skel=False, collection=collection)
    nested = cls._structure.nested
    dict.update(
        made,
        {key: doted(value, nested) if nested is not dict else value for key, value in content.items()},
    )
    if cls._has_refs:
        bind_references(made)
        trust_places(made)
    if cls._has_autorefs:
        read: D = drive(collection, take_in(made))
        return read
    return made


def to_json_type(structure: Structure, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new dict of what JSON knows."""
    with _said_clearly(document):
        return _Encoder(names_homes=False).document(document, structure.root)


def to_json(structure: Structure, document: Mapping[str, Any]) -> str:
    """Return a document as text."""
    with _said_clearly(document):
        return json.dumps(_Encoder(names_homes=True).document(document, structure.root), allow_nan=False)


@contextmanager
def _said_clearly(document: Mapping[str, Any]) -> Iterator[None]:
    """Raise EncodingError, with its paths, for what is too deep to be written."""
    try:
        yield
    except RecursionError:
        failures: list[Failure] = []
        for name, value in document.items():
            bad_keys(failures, str(name), value)
        unending = [failure for failure in failures if failure.error is EncodingError]
        if not unending:
            raise
        raise SchemaDocumentError.of(unending) from None


class _Encoder:
    """Makes one document what JSON knows.

    :param names_homes: say with each document inside in which collection and database it is.
    """

    def __init__(self, *, names_homes: bool) -> None:
        self.names_homes = names_homes
        self.around: list[int] = []
        """The ids of the documents this one is in."""
        self.names_times = False
        """Write times as ``{"$date": …}``, where no structure tells them from numbers."""

    def document(self, document: Mapping[str, Any], root: nodes.RecordNode) -> dict[str, Any]:
        self.around.append(id(document))
        made: dict[str, Any] = self.encoded(document, root, top=True)
        self.around.pop()
        return made

    def encoded(self, value: Any, node: nodes.Node | None, *, top: bool = False) -> Any:
        if isinstance(node, nodes.ReferenceNode):
            return self.reference(value, node)
        if isinstance(node, nodes.CustomNode) and value is not None:
            return _encoded_custom(value, node.custom)
        if is_document(value) and not top:
            return self.inside(value)
        if isinstance(value, Mapping):
            return {str(key): self.encoded(item, below(node, key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.encoded(item, below(node, position)) for position, item in enumerate(value)]
        if self.names_times and isinstance(value, datetime.datetime):
            return json_util.default(value, _OPTIONS)
        if isinstance(value, DBRef):
            return _encoded_dbref(value, None)
        return _encoded_long(value, node) if isinstance(value, Int64) else _encoded_scalar(value)

    def reference(self, value: Any, node: nodes.ReferenceNode) -> Any:
        if is_document(value) and node.eager:
            return self.inside(value)
        stored = value if node.eager else stored_reference(node)(value)
        if isinstance(stored, DBRef):
            return _encoded_dbref(stored, id_node(node))
        return self.encoded(stored, id_node(node) if isinstance(stored, Int64) else None)

    def inside(self, document: Any) -> Any:
        collection = getattr(document, "_collection", None)
        if id(document) in self.around:
            # A circle: it is being written already.
            if collection is None:
                return None
            cls = type(document)
            dbref = DBRef(collection.name, stored_id(cls, document.get("_id")), collection.database.name)
            return _encoded_dbref(dbref, cls._structure.root.fields.get("_id"))
        made = self.document(document, type(document)._structure.root)
        if self.names_homes and collection is not None:
            made |= {"_collection": collection.name, "_database": collection.database.name}
        return made


def _encoded_scalar(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return milliseconds(value)
    if isinstance(value, _PLAIN) and not isinstance(value, (enum.Enum, Code)):
        return value
    if isinstance(value, float):
        # JSON has no word for infinity, and Extended JSON has.
        return (
            value
            if math.isfinite(value)
            else {"$numberDouble": {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")}
        )
    return json_util.default(value, _OPTIONS)


def _encoded_long(value: Int64, node: nodes.Node | None) -> Any:
    """Return a long number as JSON has it, where it would be read as one; as Extended JSON has it where nothing says so."""
    return {"$numberLong": str(value)} if is_free(node) and is_short(value) else int(value)


def _encoded_dbref(value: DBRef, ids: nodes.Node | None) -> Any:
    made = _encoded_scalar(value)
    return {**made, "$id": _encoded_long(value.id, ids)} if isinstance(value.id, Int64) else made


def _encoded_custom(value: Any, custom: CustomType) -> Any:
    """Return the Python form where JSON has it, else the stored one, and what is of neither type as it is."""
    is_plain = isinstance(value, SCALARS) and not isinstance(value, (enum.Enum, Code))
    keeps = is_plain and (custom.python_type in PYTHON_FORMS or not isinstance(value, custom.python_type))
    if isinstance(value, Unreadable):
        keeps, value = True, value.stored
    stored = value if keeps else custom.to_bson(value)
    if isinstance(stored, datetime.datetime) and custom.mongo_type is datetime.datetime:
        return milliseconds(stored)
    encoder = _Encoder(names_homes=False)
    encoder.names_times = not (isinstance(custom, Set) and custom.structure_type is datetime.datetime)
    return encoder.encoded(stored, stored_node(custom))
