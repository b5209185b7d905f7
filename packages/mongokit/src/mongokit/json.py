"""Documents as JSON: times are milliseconds, ids ``{"$oid": …}``, and what else JSON lacks is in MongoDB Extended JSON."""

from __future__ import annotations

import datetime
import enum
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bson import Code, json_util
from bson.binary import UuidRepresentation
from bson.dbref import DBRef
from bson.json_util import JSONMode, JSONOptions

from mongokit.autorefs import take_in
from mongokit.binding import bind_references, trust_places
from mongokit.dotnotation import doted
from mongokit.flow import drive
from mongokit.scalars import stored_id
from mongokit.structure import Structure
from mongokit.structure.convert import container_of
from mongokit.structure.keys import DEEPEST
from mongokit.structure.nodes import (
    CustomNode,
    I18nNode,
    ListNode,
    MapNode,
    Node,
    OperatorNode,
    RecordNode,
    ReferenceNode,
    TupleNode,
    TypeNode,
)
from mongokit.structure.referring import reference_of, stored_reference
from mongokit.target import is_document
from mongokit.times import milliseconds, moment
from mongokit.types import OR, CustomType, i18n

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Embedded", "from_json", "read_document", "to_json", "to_json_type"]

D = TypeVar("D", bound="Document")

_OPTIONS: JSONOptions = JSONOptions(
    json_mode=JSONMode.LEGACY, tz_aware=False, tzinfo=None, uuid_representation=UuidRepresentation.STANDARD
)
_PLAIN = (str, int, bool, type(None))
_SCALARS = (*_PLAIN, float, datetime.datetime)


def read_document(like: D, text: str | bytes) -> D:
    """Return a new document of the class and in the collection of another; see ``Document.from_json``."""
    cls, collection = type(like), getattr(like, "_collection", None)
    content = from_json(cls._structure, text)
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
    return _Encoder(names_homes=False).document(document, structure.root)


def to_json(structure: Structure, document: Mapping[str, Any]) -> str:
    """Return a document as text."""
    return json.dumps(_Encoder(names_homes=True).document(document, structure.root), allow_nan=False)


def from_json(structure: Structure, text: str | bytes) -> dict[str, Any]:
    """Return the content of a document, with the values in Python that the structure says.

    What does not fit is left as it is, for validation to name. Raises ValueError for what is no JSON object.
    """
    try:
        given = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError(f"from_json() takes a JSON object, not {type(given).__name__}: {text[:60]!r}")  # noqa: TRY004 (the text is wrong, not its type)
        made: dict[str, Any] = _decoded(given, structure.root)
    except RecursionError:
        raise ValueError(
            f"from_json(): the text has too many levels of objects and lists in each other, more than {DEEPEST}: "
            f"{text[:60]!r}"
        ) from None
    return made


class _Encoder:
    """Makes one document what JSON knows.

    :param names_homes: say with each document inside in which collection and database it is.
    """

    def __init__(self, *, names_homes: bool) -> None:
        self.names_homes = names_homes
        self.around: list[int] = []
        """The ids of the documents this one is in."""

    def document(self, document: Mapping[str, Any], root: RecordNode) -> dict[str, Any]:
        self.around.append(id(document))
        made: dict[str, Any] = self.encoded(document, root, top=True)
        self.around.pop()
        return made

    def encoded(self, value: Any, node: Node | None, *, top: bool = False) -> Any:
        if isinstance(node, ReferenceNode):
            return self.reference(value, node)
        if isinstance(node, CustomNode) and value is not None:
            return _encoded_custom(value, node.custom)
        if is_document(value) and not top:
            return self.inside(value)
        if isinstance(value, Mapping):
            return {str(key): self.encoded(item, _below(node, key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.encoded(item, _below(node, position)) for position, item in enumerate(value)]
        return _encoded_scalar(value)

    def reference(self, value: Any, node: ReferenceNode) -> Any:
        if is_document(value) and node.eager:
            return self.inside(value)
        return self.encoded(value if node.eager else stored_reference(node)(value), None)

    def inside(self, document: Any) -> Any:
        collection = getattr(document, "_collection", None)
        if id(document) in self.around:
            # A circle: it is being written already.
            dbref = (
                DBRef(
                    collection.name,
                    stored_id(type(document), document.get("_id")),
                    collection.database.name,
                )
                if collection is not None
                else None
            )
            return _encoded_scalar(dbref)
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


def _encoded_custom(value: Any, custom: CustomType) -> Any:
    if isinstance(value, _SCALARS) and not isinstance(value, (enum.Enum, Code)):
        return _encoded_scalar(value)
    return _Encoder(names_homes=False).encoded(custom.to_bson(value), None)


def _decoded(value: Any, node: Node | None) -> Any:
    if isinstance(node, CustomNode):
        return _decoded_custom(value, node.custom)
    if isinstance(node, ReferenceNode):
        return _decoded_reference(value, node)
    if isinstance(value, dict):
        content = {key: _decoded(item, _below(node, key)) for key, item in value.items()}
        if any(key.startswith("$") for key in content):
            return _special(content)
        if isinstance(node, RecordNode):
            return container_of(node.container)(content)
        return i18n(content) if isinstance(node, I18nNode) else content
    if isinstance(value, list):
        items = [_decoded(item, _below(node, position)) for position, item in enumerate(value)]
        return node.container(items) if isinstance(node, (ListNode, TupleNode)) else items
    if _is_time(node) and isinstance(value, int) and not isinstance(value, bool):
        return _time(value)
    return value


def _special(value: dict[str, Any]) -> Any:
    """Return what Extended JSON stands for; the dict itself where it is none, or none that can be understood."""
    try:
        return json_util.object_hook(value, _OPTIONS)
    except Exception:  # noqa: BLE001 (whatever is wrong with it: it is no value, and validation says so)
        return value


def _decoded_custom(value: Any, custom: CustomType) -> Any:
    if custom.mongo_type is datetime.datetime and isinstance(value, int) and not isinstance(value, bool):
        value = _time(value)
    else:
        value = _decoded(value, None)
    if type(value) is custom.python_type and isinstance(value, _SCALARS):
        # As `_encoded_custom` wrote it.
        return value
    return custom.to_python(value) if isinstance(value, custom.mongo_type) else value


def _decoded_reference(value: Any, node: ReferenceNode) -> Any:
    """Return the reference that was written as an id, a DBRef, or an embedded document."""
    if not isinstance(value, dict) or any(key.startswith("$") for key in value):
        found = _decoded(value, None)
        return found if node.eager else reference_of(node)(found)
    place = {key: value[key] for key in ("_collection", "_database") if isinstance(value.get(key), str)}
    content = {key: item for key, item in value.items() if key not in ("_collection", "_database")}
    cls = node.target.find()
    content = _decoded(content, None if cls is None else cls._structure.root)
    if node.eager:
        return Embedded(content, place.get("_collection"), place.get("_database"))
    id = content.get("_id")
    if id is None:
        return value
    return reference_of(node)(
        DBRef(place["_collection"], id, place.get("_database"))
        if node.dbref and "_collection" in place
        else id
    )


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document that was written inside of another's JSON."""

    content: dict[str, Any]
    collection: str | None
    database: str | None


def _time(value: int) -> Any:
    try:
        return moment(value)
    except OverflowError:
        return value


def _is_time(node: Node | None) -> bool:
    match node:
        case TypeNode():
            return node.type is datetime.datetime
        case OperatorNode():
            # Where an integer will do as well, it is one.
            kinds = tuple(node.operator) if isinstance(node.operator, OR) else ()
            return datetime.datetime in kinds and int not in kinds and float not in kinds
    return False


def _below(node: Node | None, key: Any) -> Node | None:
    match node:
        case RecordNode():
            return node.fields.get(key)
        case MapNode():
            return node.value
        case ListNode():
            return node.item
        case TupleNode():
            return node.items[key] if isinstance(key, int) and key < len(node.items) else None
    return None
