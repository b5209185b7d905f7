"""Specifications that a structure may hold beside plain types: operators, custom types, sets."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from bson.code import Code

from mongokit.errors import shortened
from mongokit.times import as_stored

__all__ = ["IS", "NOT", "OR", "CustomType", "SchemaOperator", "Set", "called", "i18n", "is_instance"]


def is_instance(value: Any, kind: type) -> bool:
    """Return ``isinstance(value, kind)``, except that True and False are no integers, and that ``Code`` is no text: BSON
    has types of their own for them."""
    return isinstance(value, kind) and not (
        (kind is int and isinstance(value, bool)) or (kind is str and isinstance(value, Code))
    )


def called(kind: type) -> str:
    """Return the name of a type in messages: the dicts that dot notation makes are dicts to those who read them."""
    name: str = vars(kind).get("_called", kind.__name__)
    return name


class SchemaOperator:
    """Base of OR, NOT and IS: says whether a value is accepted, over its operands.

    Subclasses set ``repr``, the word between the operands in messages, and write ``validate``; without them making an
    instance, or validating a value, raises NotImplementedError. One with a constructor of its own may do without operands.
    """

    repr: ClassVar[str | None] = None
    _operands: tuple[Any, ...] = ()
    """What a class with a constructor of its own, which may not call this one, has none of."""

    def __init__(self, *operands: Any) -> None:
        if self.repr is None:
            raise NotImplementedError(
                f"{type(self).__name__}.repr is to be set: the word between operands in messages"
            )
        if not operands and type(self).__init__ is SchemaOperator.__init__:
            raise TypeError(f"{type(self).__name__}() needs at least one operand")
        self._operands = operands

    def __iter__(self) -> Iterator[Any]:
        return iter(self._operands)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SchemaOperator) and type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), repr(self._operands)))

    def __str__(self) -> str:
        return f"<{f' {self.repr} '.join(_shown(operand) for operand in self) or self.repr}>"

    __repr__ = __str__

    def operand_types(self) -> tuple[type, ...]:
        """Return the types that must be authorized for this operator to be."""
        return self._operands

    def validate(self, value: Any) -> bool:
        """Return whether the value, which is not None, is accepted."""
        raise NotImplementedError(f"{type(self).__name__}.validate(value) is to be written")

    def complaint(self, path: str, value: Any) -> str:
        """Return the message for a value that is not accepted."""
        return f"{path} must be an instance of {self} not {called(type(value))}"


def _shown(operand: Any) -> str:
    return operand.__name__ if isinstance(operand, type) else repr(operand)


class OR(SchemaOperator):
    """An instance of any of the operands: ``OR(str, int)``."""

    repr = "or"

    def validate(self, value: Any) -> bool:
        return any(is_instance(value, operand) for operand in self)


class NOT(SchemaOperator):
    """An instance of none of the operands, which is of an authorized type: ``NOT(str, int)``."""

    repr = "not"

    def __str__(self) -> str:
        return f"<{', '.join(f'not {_shown(operand)}' for operand in self)}>"

    __repr__ = __str__

    def validate(self, value: Any) -> bool:
        return not any(is_instance(value, operand) for operand in self)


class IS(SchemaOperator):
    """Equal to one of the operands and of its type: ``IS("draft", "published")``."""

    repr = "or is"

    def __str__(self) -> str:
        return f"<is {' or is '.join(repr(operand) for operand in self)}>"

    __repr__ = __str__

    def operand_types(self) -> tuple[type, ...]:
        return tuple(type(operand) for operand in self)

    def validate(self, value: Any) -> bool:
        return any(_is_same(value, operand) and is_instance(value, type(operand)) for operand in self)

    def complaint(self, path: str, value: Any) -> str:
        return f"{path} must be in {list(self)} not {shortened(value)}"


def _is_same(value: Any, operand: Any) -> bool:
    """Return whether two values are equal, of times whether they are the same moment: one without a zone is UTC."""
    if isinstance(value, datetime.datetime) and isinstance(operand, datetime.datetime):
        return as_stored(value) == as_stored(operand)
    return bool(value == operand)


class i18n(dict[str, Any]):
    """A translated value: ``{"en": "Hello", "fr": "Salut"}``, stored as ``[{"lang": "en", "value": "Hello"}, …]``."""


class CustomType:
    """A value that is one type in Python and another in the database.

    Subclasses set ``mongo_type`` and ``python_type`` and write ``to_bson`` and ``to_python``; a structure holds an
    instance. ``init_type``, when given, makes the value of a new document. ``validate(value, path)``, when given, is
    called with the Python value and raises when it is wrong.
    """

    mongo_type: Any = None
    python_type: Any = None
    init_type: Callable[[], Any] | None = None

    def __init__(self) -> None:
        for name in ("mongo_type", "python_type"):
            if not isinstance(getattr(self, name), type):
                raise TypeError(f"{type(self).__name__}.{name} must be a type, not {getattr(self, name)!r}")

    def to_bson(self, value: Any) -> Any:
        """Return the ``mongo_type`` to store for a ``python_type``."""
        raise NotImplementedError(f"{type(self).__name__}.to_bson(value) is to be written")

    def to_python(self, value: Any) -> Any:
        """Return the ``python_type`` for a stored ``mongo_type``."""
        raise NotImplementedError(f"{type(self).__name__}.to_python(value) is to be written")


class Set(CustomType):
    """A Python set, stored as a list: ``Set(str)``, or ``Set()`` for elements of any type.

    It is stored sorted, so that the same set gives the same bytes.
    """

    mongo_type = list
    python_type = set
    init_type = set

    def __init__(self, structure_type: type | None = None) -> None:
        super().__init__()
        if structure_type is not None and not isinstance(structure_type, type):
            raise TypeError(f"Set({structure_type!r}): accepted is a type, or nothing")
        self.structure_type = structure_type

    def __repr__(self) -> str:
        return f"Set({self.structure_type.__name__ if self.structure_type else ''})"

    def to_bson(self, value: set[Any] | list[Any]) -> list[Any]:
        if isinstance(value, list):
            # No set could be made of it.
            return value
        try:
            return sorted(value)
        except TypeError:
            return sorted(value, key=lambda element: (type(element).__name__, repr(element)))

    def to_python(self, value: list[Any]) -> Any:
        try:
            return set(value)
        except TypeError:
            # A list or dict in it, that only others can have stored: it stays a list, for validation to name.
            return value
