"""What JSON text says of a document, as ``to_json`` writes it: with the values in Python that the structure says."""

from __future__ import annotations

import datetime
import json
import uuid
from dataclasses import dataclass
from typing import Any

from bson import Int64, json_util
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import CodecOptions
from bson.dbref import DBRef
from bson.json_util import JSONMode, JSONOptions

from mongokit.structure import Structure, nodes
from mongokit.structure.convert import container_of, to_python
from mongokit.structure.keys import DEEPEST
from mongokit.structure.referring import reference_of
from mongokit.times import aware, moment
from mongokit.types import IS, NOT, OR, CustomType, Set, i18n

__all__ = [
    "PYTHON_FORMS",
    "SCALARS",
    "Embedded",
    "below",
    "from_json",
    "id_node",
    "is_free",
    "is_long",
    "is_short",
    "stored_node",
]

SCALARS = (str, int, bool, type(None), float, datetime.datetime)
"""Types of values that are written as JSON has them, or, of times, in milliseconds."""

PYTHON_FORMS = (str, int, float, bool)
"""The ``python_type`` of custom types whose values are written in their Python form. All others, times too, are written as
they are stored: what is made of that is what is made of the stored document."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A document that was written inside of another's JSON."""

    content: dict[str, Any]
    collection: str | None
    database: str | None


def from_json(structure: Structure, text: str | bytes, codec: CodecOptions[Any]) -> dict[str, Any]:
    """Return the content of a document, with the values in Python that the structure says.

    :param codec: PyMongo's options of the collection.

    What does not fit is left as it is, for validation to name. Raises ValueError for what is no JSON object.
    """
    try:
        given = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError(f"from_json() takes a JSON object, not {type(given).__name__}: {text[:60]!r}")  # noqa: TRY004 (the text is wrong, not its type)
        made: dict[str, Any] = _Decoder(codec).decoded(given, structure.root)
    except RecursionError:
        raise ValueError(
            f"from_json(): the text has too many levels of objects and lists in each other, more than {DEEPEST}: "
            f"{text[:60]!r}"
        ) from None
    return made


class _Decoder:
    """Makes of what JSON knows what a document holds.

    :param codec: PyMongo's options of the collection, of which it takes whether times have a time zone, and which.
    """

    def __init__(self, codec: CodecOptions[Any]) -> None:
        self.codec = codec
        self.options = JSONOptions(
            json_mode=JSONMode.LEGACY,
            tz_aware=codec.tz_aware,
            tzinfo=(codec.tzinfo or datetime.UTC) if codec.tz_aware else None,
            uuid_representation=UuidRepresentation.STANDARD,
        )

    def decoded(self, value: Any, node: nodes.Node | None) -> Any:
        if isinstance(node, nodes.CustomNode):
            return self.decoded_custom(value, node.custom)
        if isinstance(node, nodes.ReferenceNode):
            return self.decoded_reference(value, node)
        if isinstance(value, dict):
            content = {key: self.decoded(item, below(node, key)) for key, item in value.items()}
            if any(key.startswith("$") for key in content):
                return self.special(content, node)
            if isinstance(node, nodes.RecordNode):
                return container_of(node.container)(content)
            return i18n(content) if isinstance(node, nodes.I18nNode) else content
        if isinstance(value, list):
            items = [self.decoded(item, below(node, position)) for position, item in enumerate(value)]
            return node.container(items) if isinstance(node, (nodes.ListNode, nodes.TupleNode)) else items
        if is_long(node, value):
            return Int64(value)
        return self.time(value) if _is_time(node, value) else value

    def special(self, value: dict[str, Any], node: nodes.Node | None) -> Any:
        """Return what Extended JSON stands for; the dict itself where it is none, or none that can be understood."""
        try:
            found = json_util.object_hook(value, self.options)
        except Exception:  # noqa: BLE001 (whatever is wrong with it: it is no value, and validation says so)
            return value
        convert = to_python(node) if isinstance(node, (nodes.TypeNode, nodes.OperatorNode)) else None
        return found if convert is None else convert(found)

    def decoded_custom(self, value: Any, custom: CustomType) -> Any:
        if value is None or (
            custom.python_type in PYTHON_FORMS and _is_python_form(value, custom.python_type)
        ):
            return value
        value = _as_stored(self.decoded(value, stored_node(custom)), custom.mongo_type)
        if custom.python_type in PYTHON_FORMS and _is_python_form(value, custom.python_type):
            # As Extended JSON has infinity.
            return value
        return custom.to_python(value) if isinstance(value, custom.mongo_type) else value

    def decoded_reference(self, value: Any, node: nodes.ReferenceNode) -> Any:
        """Return the reference that was written as an id, a DBRef, or an embedded document."""
        if not isinstance(value, dict) or any(key.startswith("$") for key in value):
            ids = id_node(node)
            # Only of integers is it asked: other ids are in their stored form.
            if _is_integer(value):
                found = self.decoded(value, ids)
            elif isinstance(value, dict) and _is_integer(value.get("$id")):
                found = self.special({**value, "$id": self.decoded(value["$id"], ids)}, None)
            else:
                found = self.decoded(value, None)
            return found if node.eager else reference_of(node)(found)
        place = {key: value[key] for key in ("_collection", "_database") if isinstance(value.get(key), str)}
        content = {key: item for key, item in value.items() if key not in ("_collection", "_database")}
        cls = node.target.find()
        content = self.decoded(content, None if cls is None else cls._structure.root)
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

    def time(self, value: int) -> Any:
        try:
            found = moment(value)
            if self.codec.tz_aware:
                found = aware(found).astimezone(self.options.tzinfo)
        except (OverflowError, ValueError):
            return value
        return found


def _is_python_form(value: Any, python_type: type) -> bool:
    """Return whether JSON's value is one that was written in Python's form; an integer may be a float's, of which other
    programs write no ``.0``."""
    return type(value) is python_type or (python_type is float and _is_integer(value))


def stored_node(custom: CustomType) -> nodes.Node | None:
    """Return the node of the stored form of a custom type, as far as numbers are told from times and long numbers by it."""
    if isinstance(custom, Set) and custom.structure_type is not None:
        return nodes.ListNode(path="", item=nodes.TypeNode(path="", type=custom.structure_type))
    if custom.mongo_type in (int, Int64, datetime.datetime):
        return nodes.TypeNode(path="", type=custom.mongo_type)
    return None


def id_node(node: nodes.ReferenceNode) -> nodes.Node | None:
    """Return the node of the ``_id`` that a reference is by; None where nothing is declared of it."""
    cls = node.target.find()
    return None if cls is None else cls._structure.root.fields.get("_id")


def is_free(node: nodes.Node | None) -> bool:
    """Return whether an integer may be there as int and as ``Int64``, and neither is declared."""
    match node:
        case None | nodes.AnyNode():
            return True
        case nodes.OperatorNode(operator=NOT() as operator):
            return int not in operator and Int64 not in operator
    return False


def is_short(value: int) -> bool:
    """Return whether PyMongo would read the number as an int, if it were not stored as a long one."""
    return -(2**31) <= value < 2**31


def _as_stored(value: Any, mongo_type: type) -> Any:
    """Return a value as the type of BSON that it was, where JSON has one form for two."""
    if mongo_type is Binary and isinstance(value, uuid.UUID):
        return Binary.from_uuid(value)
    return value


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_long(node: nodes.Node | None, value: Any) -> bool:
    """Return whether a value stands for an Int64, which JSON has no other form for; where an int will do as well, it is one.

    Where nothing is declared, that is as it is of what MongoDB has stored: of what takes 8 bytes.
    """
    if not _is_integer(value):
        return False
    if is_free(node):
        return -(2**63) <= value < 2**63 and not is_short(value)
    match node:
        case nodes.TypeNode():
            return node.type is Int64
        case nodes.OperatorNode(operator=OR() | IS() as operator):
            return Int64 in operator.operand_types() and not operator.validate(value)
    return False


def _is_time(node: nodes.Node | None, value: Any) -> bool:
    """Return whether a value stands for a time; where an integer will do as well, it is one."""
    if not _is_integer(value):
        return False
    match node:
        case nodes.TypeNode():
            return node.type is datetime.datetime
        case nodes.OperatorNode(operator=OR() as operator):
            return datetime.datetime in operator and int not in operator and float not in operator
        case nodes.OperatorNode(operator=NOT() as operator):
            return int in operator and datetime.datetime not in operator
        case nodes.OperatorNode(operator=IS() as operator):
            return datetime.datetime in operator.operand_types() and not operator.validate(value)
    return False


def below(node: nodes.Node | None, key: Any) -> nodes.Node | None:
    """Return the node of what is in a dict under a key, or in a list at a position; None where there is none."""
    match node:
        case nodes.RecordNode():
            return node.fields.get(key)
        case nodes.MapNode():
            return node.value
        case nodes.ListNode():
            return node.item
        case nodes.TupleNode():
            return node.items[key] if isinstance(key, int) and key < len(node.items) else None
    return None
