"""From a tree of nodes to JSON Schema: of what is stored, for a server's ``$jsonSchema``, and of documents as JSON.

A schema accepts whatever validation accepts. The reverse holds as far as the language goes: it has no words for validators
that are functions, for keys inside open dicts, and for the subtypes of binary data.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bson import Code, DatetimeMS, Decimal128

from mongokit.conversions import DecimalType, EnumType
from mongokit.structure import nodes
from mongokit.structure.compile import ALWAYS_ALLOWED, Rules
from mongokit.structure.constraints import Constraint
from mongokit.structure.schema_language import LANGUAGES, NUMBERS, Flavour, Language, Schema
from mongokit.types import IS, NOT, OR, CustomType, Set

__all__ = ["DRAFT", "Flavour", "Schema", "json_schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
"""What the plain flavour is written in; that of MongoDB is draft 4 with BSON's types."""


def json_schema(root: nodes.RecordNode, rules: Rules, flavour: Flavour) -> Schema:
    """Return the schema of a structure; raises ValueError for another flavour than ``"bson"`` and ``"json"``."""
    if flavour not in LANGUAGES:
        raise ValueError(f"json_schema({flavour!r}): accepted are 'bson', for MongoDB, and 'json'")
    language = LANGUAGES[flavour]
    made = _Describer(language, rules).record(root, top=True)
    return {**({} if language.bson else {"$schema": DRAFT}), "title": rules.owner, **made}


class _Describer:
    """Writes the schema of one class."""

    def __init__(self, language: Language, rules: Rules) -> None:
        self.language = language
        self.rules = rules

    def value(self, node: nodes.Node) -> Schema:
        """Return the schema of the value of a field."""
        alternatives = self.alternatives(node)
        null = {self.language.type_key: "null"}
        refused = self.refused(node)
        if refused:
            made: Schema = {"not": self.any_of([*refused, *([] if _nullable(node) else [null])])}
        elif alternatives is None:
            made = {} if _nullable(node) else {"not": null}
        else:
            made = self.any_of([*alternatives, *([null] if _nullable(node) else [])])
        wanted = [*self.emptiness(node), *self.bounds(node)]
        for keywords in wanted:
            if made.keys() & keywords.keys():
                made.setdefault("allOf", []).append(keywords)
            else:
                made |= keywords
        return made

    def any_of(self, alternatives: Iterable[Schema]) -> Schema:
        """Return the union; those that say no more than a type become one."""
        key = self.language.type_key
        plain, more = list[str](), list[Schema]()
        for schema in alternatives:
            if schema.keys() == {key} and isinstance(schema[key], str):
                plain += [] if schema[key] in plain else [schema[key]]
            elif schema not in more:
                more.append(dict(schema))
        if plain:
            more.insert(0, {key: plain if len(plain) > 1 else plain[0]})
        if len(more) == 1:
            return more[0]
        if len(more) == 2 and plain == ["null"] and key in more[1]:
            # Of the other keywords only enum is about null too.
            made, names = more[1], more[1][key]
            made[key] = [*([names] if isinstance(names, str) else names), "null"]
            return made | ({"enum": [*made["enum"], None]} if "enum" in made else {})
        return {"anyOf": more}

    def alternatives(self, node: nodes.Node) -> list[Schema] | None:
        """Return what a value that is not None may be; None: anything."""
        key, array, object_ = self.language.type_key, "array", "object"
        match node:
            case nodes.TypeNode():
                return self.plain(node.type)
            case nodes.OperatorNode():
                return self.operator(node)
            case nodes.CustomNode():
                return self.custom(node.custom)
            case nodes.RecordNode():
                return [self.record(node)]
            case nodes.ListNode():
                return [{key: array, "items": self.value(node.item)}]
            case nodes.I18nNode() if self.language.bson:
                spoken = {"lang": {key: "string"}, "value": self.value(node.value)}
                one = {
                    key: object_,
                    "properties": spoken,
                    "required": list(spoken),
                    "additionalProperties": False,
                }
                return [{key: array, "items": one}]
            case nodes.MapNode():
                return [{key: object_, **self.keys(node)}]
            case nodes.TupleNode():
                items, number = [self.value(item) for item in node.items], len(node.items)
                named = {"items": items} if self.language.bson else {"prefixItems": items}
                return [{key: array, **named, "minItems": number, "maxItems": number}]
        return None

    def plain(self, kind: type) -> list[Schema] | None:
        """Return the alternatives for a type, with what the class accepts for it."""
        also: list[type] = [int] if kind is float and self.rules.int_for_float else []
        also += [bool] if kind is int and self.rules.bool_for_int else []
        return self.several([kind, *also], self.language.of)

    def several(
        self, kinds: Iterable[type], of: Callable[[type], list[Schema] | None]
    ) -> list[Schema] | None:
        found: list[Schema] = []
        for kind in kinds:
            alternatives = of(kind)
            if alternatives is None:
                return None
            found += alternatives
        return found

    def operator(self, node: nodes.OperatorNode) -> list[Schema] | None:
        # A subclass may accept anything.
        kind = type(node.operator)
        if kind is OR:
            return self.several(node.operator, self.plain)
        return self.listed(node.operator) if kind is IS else None

    def refused(self, node: nodes.Node) -> list[Schema]:
        """Return what a value must not be, for NOT: what no type that is accepted is stored as; and for references."""
        if isinstance(node, nodes.ReferenceNode) and self.language.bson:
            return self.no_reference(node)
        if not (isinstance(node, nodes.OperatorNode) and type(node.operator) is NOT and self.language.bson):
            return []
        no = [kind for kind in node.types or () if any(self.excludes(one, kind) for one in node.operator)]
        kept = [kind for kind in node.types or () if kind not in no]
        accepted = [schema for kind in kept for schema in self.language.of(kind) or ()]
        return [schema for kind in no for schema in self.language.of(kind) or () if schema not in accepted]

    def no_reference(self, node: nodes.ReferenceNode) -> list[Schema]:
        """Return what neither an ``_id`` of the target is, as its structure declares it, nor a DBRef.

        Where an id is stored today a DBRef that was found stays, and nothing can be said of those but what they are
        not: they are objects to MongoDB, and of no type at all to SecantusDB.
        """
        cls = None if node.eager or node.dbref else node.target.find()
        declared = None if cls is None else cls._structure.fields.get("_id")
        accepted = self.language.of(declared.type) if isinstance(declared, nodes.TypeNode) else None
        if accepted is None:
            return []
        null = {self.language.type_key: "null"}
        every = [schema for schemas in self.language.types.values() for schema in schemas]
        kept = [*accepted, *self.language.types[dict], null]
        return [schema for schema in every if schema not in kept]

    def excludes(self, refused: type, kind: type) -> bool:
        if refused is int and kind is bool and not self.rules.bool_for_int:
            return False
        if refused is str and issubclass(kind, Code):
            # Text to Python, and no text to BSON.
            return False
        return issubclass(kind, refused)

    def listed(self, values: Iterable[Any]) -> list[Schema] | None:
        """Return the alternatives for certain values, by type: to a server 1 and 1.0 are equal."""
        groups: dict[type, list[Any]] = {}
        for value in values:
            members = groups.setdefault(type(value), [])
            # MongoDB refuses an enum that names a value twice.
            if value not in members:
                members.append(value)
        found: list[Schema] = []
        for kind, members in groups.items():
            types = self.language.of(kind)
            if types is None:
                return None
            if all(map(self.language.listable, members)):
                # None of them is written as an object.
                key = self.language.type_key
                names = [one[key] for one in types if "properties" not in one]
                found.append({key: names if len(names) > 1 else names[0], "enum": members})
            else:
                found += types
        return found

    def custom(self, custom: CustomType) -> list[Schema] | None:
        if isinstance(custom, EnumType) and not issubclass(custom.python_type, enum.Flag):
            return self.listed(self.written(custom, member) for member in custom.python_type)
        alternatives = self.language.of(self.language.stored(custom))
        if isinstance(custom, Set) and custom.structure_type is not None:
            elements = self.language.of(custom.structure_type)
            items = {} if elements is None else {"items": self.any_of(elements)}
            return [{self.language.type_key: "array", **items}]
        return alternatives

    def written(self, custom: EnumType, member: enum.Enum) -> Any:
        """Return what is written of a member: among others a time is no number in JSON."""
        value = custom.to_bson(member)
        is_apart = isinstance(value, datetime.datetime) and custom.mongo_type is not datetime.datetime
        return DatetimeMS(value) if is_apart and not self.language.bson else value

    def keys(self, node: nodes.MapNode) -> Schema:
        if issubclass(node.key, str):
            return {
                "additionalProperties": self.value(node.value),
                "patternProperties": {r"^\$|\.": {"not": {}}},
            }
        # Only text can be a key in the database.
        return {"maxProperties": 0} if self.language.bson else {}

    def record(self, node: nodes.RecordNode, *, top: bool = False) -> Schema:
        """Return the schema of named fields."""
        properties = {name: self.value(child) for name, child in node.fields.items()}
        schemaless = self.rules.schemaless or node.schemaless
        if schemaless:
            needed = [name for name, child in node.fields.items() if not _nullable(child)]
        else:
            # What is not stored yet has no _id.
            needed = [
                name for name, child in node.fields.items() if not (child.optional or (top and name == "_id"))
            ]
            if top:
                properties |= {name: {} for name in sorted(ALWAYS_ALLOWED - properties.keys())}
        made: Schema = {self.language.type_key: "object"}
        if needed:
            made["required"] = needed
        made["properties"] = properties
        return made if schemaless else {**made, "additionalProperties": False}

    def emptiness(self, node: nodes.Node) -> Iterator[Schema]:
        """Yield the keywords for what must not be empty."""
        if not (node.required or node.filled):
            return
        open_ = isinstance(node, (nodes.AnyNode, nodes.OperatorNode))
        kind = node.type if isinstance(node, nodes.TypeNode) else None
        listed = isinstance(node, nodes.I18nNode) and self.language.bson
        if open_ or listed or isinstance(node, nodes.ListNode) or kind is list or _is_set(node):
            yield {"minItems": 1}
        if open_ or (isinstance(node, (nodes.RecordNode, nodes.MapNode)) and not listed) or kind is dict:
            yield {"minProperties": 1}

    def bounds(self, node: nodes.Node) -> Iterator[Schema]:
        """Yield the keywords for the constraints of an annotation."""
        kinds = tuple(self.constrained(node))
        for validator in node.validators:
            if not isinstance(validator, Constraint) or validator.bound is None:
                continue
            name, value = validator.bound
            if name in ("min_length", "max_length"):
                for kind, things in ((str, "Length"), (list, "Items"), (dict, "Properties")):
                    if any(issubclass(one, kind) for one in kinds):
                        yield {f"{name[:3]}{things}": value}
            elif any(issubclass(one, NUMBERS) and one is not bool for one in kinds):
                limit = self.language.limit(name, value)
                if limit is not None:
                    yield limit

    def constrained(self, node: nodes.Node) -> Iterator[type]:
        """Yield the types of values whose constraints mean the same in a schema."""
        match node:
            case nodes.TypeNode():
                yield node.type
            case nodes.OperatorNode() if type(node.operator) is OR:
                yield from node.operator
            case nodes.ListNode() | nodes.TupleNode():
                yield list
            case nodes.MapNode() | nodes.RecordNode():
                yield dict
            case nodes.CustomNode() if _is_set(node):
                yield list
            case nodes.CustomNode() if self.language.bson and isinstance(node.custom, DecimalType):
                yield Decimal128


def _is_set(node: nodes.Node) -> bool:
    return isinstance(node, nodes.CustomNode) and isinstance(node.custom, Set)


def _nullable(node: nodes.Node) -> bool:
    """Return whether None is a value."""
    if node.present:
        return False
    return not nodes.demanded(node)
