"""The metaclass of documents: from class bodies to compiled structures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from mongokit.declaration import annotated, annotated_names, check_attributes, declared_by, merged
from mongokit.dotnotation import LoadedDotedDict, WarningDotedDict, accessors
from mongokit.structure import Declarations, Structure
from mongokit.structure.rules import Rules
from mongokit.translation import translating_accessors

__all__ = ["SchemaProperties"]

M = TypeVar("M", bound="SchemaProperties")


class SchemaProperties(type):
    """The metaclass of documents: merges what a class and its bases declare, and compiles it once."""

    authorized_types: list[type]
    _structure: Structure
    _namespaces: list[str]
    _annotated: frozenset[str]
    """The fields that are declared by annotations, here and in the bases."""

    def __new__(
        mcs: type[M], name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any
    ) -> M:
        fields = annotated(name, namespace)
        own = declared_by(name, namespace, fields)
        # A default that stayed in the class would be found before the field.
        body = {key: value for key, value in namespace.items() if key not in fields}
        if fields:
            body.setdefault("use_dot_notation", True)
        cls = super().__new__(mcs, name, bases, {**body, "_own": own}, **kwargs)
        cls._annotated = annotated_names(cls) | fields.keys()
        check_attributes(cls, sorted(cls._annotated))
        given = (vars(base).get("authorized_types", ()) for base in reversed(cls.__mro__))
        cls.authorized_types = list(dict.fromkeys(kind for types in given for kind in types))
        for key, value in merged(cls, own).items():
            setattr(cls, key, value)
        mcs._inject_dot_notation(cls, namespace)
        mcs._compile(cls, namespace)
        return cls

    def _inject_dot_notation(cls, namespace: Mapping[str, Any]) -> None:
        """Give the class the methods of dot notation, or take them away, where it differs from its bases."""
        enabled = bool(getattr(cls, "use_dot_notation", False))
        if enabled or any(getattr(base, "use_dot_notation", False) for base in cls.__mro__[1:]):
            for name, method in accessors(enabled).items():
                if name not in namespace:
                    setattr(cls, name, method)

    def _compile(cls, namespace: Mapping[str, Any]) -> None:
        def switch(name: str) -> bool:
            return bool(getattr(cls, name, False))

        nested: type[dict[str, Any]] = dict
        if switch("use_dot_notation"):
            nested = WarningDotedDict if switch("dot_notation_warning") else LoadedDotedDict
        structure = getattr(cls, "structure", None) or {}
        defaults = dict(getattr(cls, "default_values", {}))
        type_field = getattr(cls, "type_field", None)
        if type_field in structure:
            defaults[type_field] = cls.__name__
        declared = Declarations(
            structure=structure,
            nested=nested,
            types=cls.authorized_types,
            owner=cls,
            autorefs=switch("use_autorefs"),
            required=getattr(cls, "required_fields", ()),
            defaults=defaults,
            validators=getattr(cls, "validators", {}),
            translated=getattr(cls, "i18n", ()),
            missing=switch("accept_missing_fields"),
            messages=getattr(cls, "error_messages", {}),
        )
        rules = Rules(
            cls.__name__,
            schemaless=switch("use_schemaless"),
            bool_for_int=switch("accept_bool_for_int"),
            int_for_float=switch("accept_int_for_float"),
            naive_datetimes=switch("accept_naive_datetimes"),
            keeps_unreadable=switch("keep_unreadable"),
        )
        cls._structure = Structure.compile(declared, rules)
        if switch("use_dot_notation"):
            for name, method in translating_accessors(cls._structure.root).items():
                if name not in namespace:
                    setattr(cls, name, method)
        cls._namespaces = list(cls._structure.namespaces)
