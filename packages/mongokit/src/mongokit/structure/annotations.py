"""Fields declared by annotations (``topic: str``): from what the class body says to specifications."""

from __future__ import annotations

import decimal
import enum
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Final, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

from mongokit.conversions import DecimalType, EnumType
from mongokit.errors import StructureError
from mongokit.reference import Ref
from mongokit.structure.evaluation import Names, annotations_of
from mongokit.types import IS, OR, CustomType, Set

__all__ = ["Annotation", "Required", "annotated_fields"]

T = TypeVar("T")


class _Filled:
    def __repr__(self) -> str:
        return "Required"


_REQUIRED = _Filled()

Required = Annotated[T, _REQUIRED]
"""``tags: Required[list[str]]``: neither None nor empty, as what ``required_fields`` names."""


class Annotation:
    """A specification, with what only an annotation says.

    :param optional: None is a value, and what a new document holds.
    :param filled: ``[]`` and ``{}`` will not do either.
    :param immutable: a list in the database, a tuple in Python.
    """

    def __init__(
        self,
        spec: Any,
        *,
        optional: bool = False,
        filled: bool = False,
        validators: tuple[Callable[[Any], Any], ...] = (),
        immutable: bool = False,
    ) -> None:
        self.spec = spec
        self.optional = optional
        self.filled = filled
        self.validators = validators
        self.immutable = immutable

    def __repr__(self) -> str:
        shown = _spelled(self.spec) + (" | None" if self.optional else "")
        for validator in self.validators:
            shown += f", {getattr(validator, '__name__', None) or type(validator).__name__}"
        if self.validators:
            shown = f"Annotated[{shown}]"
        return f"Required[{shown}]" if self.filled else shown


def _spelled(spec: Any) -> str:
    """Return a specification as a structure has it, with the names of types."""
    match spec:
        case type():
            return spec.__name__
        case list():
            return f"[{', '.join(map(_spelled, spec))}]"
        case tuple():
            return f"({', '.join(map(_spelled, spec))}{',' if len(spec) == 1 else ''})"
        case dict():
            return f"{{{', '.join(f'{_spelled(key)}: {_spelled(value)}' for key, value in spec.items())}}}"
    return repr(spec)


_NOT_FIELDS = re.compile(r"^\s*(?:\w+\.)*(ClassVar|Final)\b")
_OPEN = {list: list, dict: dict, set: Set(), tuple: Annotation([None], immutable=True)}
_ACCEPTED = (
    "a BSON type, X | None, A | B of plain types, list[X], dict[K, X], tuple[X, Y], tuple[X, ...], set[T], Literal, "
    "an Enum, Decimal, a SchemaDocument, Ref[X], Annotated[X, …] with constraints, validators, a CustomType or a Ref, Any"
)


def annotated_fields(
    owner: str, body: Mapping[str, Any], is_field: Callable[[str], bool]
) -> dict[str, Annotation]:
    """Return what the annotations of a class body say of its fields, in their order.

    :param is_field: whether a name can be a field; ``ClassVar`` and ``Final`` never are.

    Raises StructureError for what cannot be evaluated, and for what no structure can say.
    """
    hints = {name: hint for name, hint in annotations_of(body).items() if is_field(name)}
    evaluate = Names(body)
    found = {}
    for name, hint in hints.items():
        said = _NOT_FIELDS.match(hint) if isinstance(hint, str) else None
        if said is not None:
            _check_final(owner, name, body, is_final=said[1] == "Final")
            continue
        reader = _Reader(owner, name, evaluate)
        hint = reader.evaluated(hint)
        if hint in (ClassVar, Final) or get_origin(hint) in (ClassVar, Final):
            _check_final(owner, name, body, is_final=Final in (hint, get_origin(hint)))
            continue
        found[name] = reader.read(hint)
    return found


def _check_final(owner: str, name: str, body: Mapping[str, Any], *, is_final: bool) -> None:
    if is_final and name not in body:
        raise StructureError(
            f"{owner}: {name}: Final is for constants of the class, and this has no value: write {name}: Final = … for "
            f"one, or {name}: … without Final for a field"
        )


def _validators(metadata: Iterable[Any]) -> tuple[Callable[[Any], Any], ...]:
    if not metadata:
        return ()
    # Who has no constraints does not wait for this to be imported.
    from mongokit.structure.constraints import validators_of

    return validators_of(metadata)


class _Reader:
    """Reads the annotation of one field."""

    def __init__(self, owner: str, name: str, evaluate: Names) -> None:
        self.owner = owner
        self.name = name
        self.evaluate = evaluate

    def evaluated(self, hint: Any) -> Any:
        text = hint.__forward_arg__ if isinstance(hint, ForwardRef) else hint
        if not isinstance(text, str):
            return hint
        try:
            return self.evaluated(self._value(text))
        except Exception as error:
            raise StructureError(
                f"{self.owner}: {self.name}: the annotation {text!r} cannot be evaluated: {error}. What fields are "
                "annotated with must be there when the class is made: import it outside `if TYPE_CHECKING`"
            ) from error

    def _value(self, text: str) -> Any:
        try:
            return self.evaluate(text)
        except NameError:
            found = self.evaluate.forward(text)
            if isinstance(found, ForwardRef):
                raise
            return found

    def read(self, hint: Any) -> Annotation:
        """Return the specification that an annotation stands for."""
        hint = self.evaluated(hint)
        metadata: list[Any] = []
        while True:
            if get_origin(hint) is Annotated:
                hint, *more = get_args(hint)
                metadata = [*more, *metadata]
            elif isinstance(hint, typing.NewType):
                hint = hint.__supertype__
            elif type(hint).__name__ == "TypeAliasType":
                hint = hint.__value__
            else:
                break
            hint = self.evaluated(hint)
        custom = [given for given in metadata if isinstance(given, (CustomType, Ref))]
        optional = False
        if get_origin(hint) in (Union, types.UnionType):
            members = [self.evaluated(member) for member in get_args(hint)]
            optional = type(None) in members
            members = [member for member in members if member is not type(None)]
            annotation = self.read(members[0]) if len(members) == 1 else self.either(members)
            if custom:
                annotation = Annotation(custom[-1])
        else:
            annotation = Annotation(custom[-1]) if custom else self.one(hint)
        needed = _REQUIRED in metadata
        return Annotation(
            annotation.spec,
            optional=(optional or annotation.optional) and not needed,
            filled=needed or annotation.filled,
            validators=(*annotation.validators, *_validators(metadata)),
            immutable=annotation.immutable,
        )

    def either(self, members: Iterable[Any]) -> Annotation:
        """Return the specification of a union: of plain types, as only those can be told apart by their class."""
        plain = [self.read(member) for member in members]
        for annotation in plain:
            if not isinstance(annotation.spec, type) or annotation.validators:
                raise self.refusal(
                    " | ".join(map(_shown, members)), "of a union every member must be a plain type or None"
                )
        return Annotation(OR(*(annotation.spec for annotation in plain)))

    def one(self, hint: Any) -> Annotation:
        """Return the specification of what is neither a union nor wrapped in Annotated."""
        origin, arguments = get_origin(hint), get_args(hint)
        if hint is Any:
            return Annotation(None, optional=True)
        if origin is Ref:
            return Annotation(Ref(self.target(hint, arguments[0])))
        if origin is Literal:
            values = [value for value in arguments if value is not None]
            if not values:
                raise self.refusal(hint, "a field that can only be None holds nothing")
            if any(isinstance(value, enum.Enum) for value in values):
                raise self.refusal(
                    hint, "members of an Enum in a Literal are not told apart: annotate with the Enum"
                )
            return Annotation(IS(*values), optional=None in arguments)
        if isinstance(hint, type) and origin is None:
            return self.plain(hint)
        if origin is re.Pattern:
            return Annotation(re.Pattern)
        if origin is list:
            return Annotation([self.read(arguments[0])])
        if origin is dict:
            return self.mapping(hint, *arguments)
        if origin is set:
            return self.members(hint, arguments[0])
        if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
            return Annotation([self.read(arguments[0])], immutable=True)
        if origin is tuple and arguments:
            return Annotation(tuple(self.read(item) for item in arguments), immutable=True)
        raise self.refusal(hint)

    def plain(self, hint: type) -> Annotation:
        if hint in _OPEN:
            spec = _OPEN[hint]
            return spec if isinstance(spec, Annotation) else Annotation(spec)
        if issubclass(hint, enum.Enum):
            return Annotation(EnumType(hint))
        if hint is decimal.Decimal:
            return Annotation(DecimalType())
        if issubclass(hint, CustomType):
            raise self.refusal(hint, f"annotate with its Python type: Annotated[…, {hint.__name__}()]")
        return Annotation(hint)

    def target(self, hint: Any, given: Any) -> Any:
        name = getattr(given, "__forward_arg__", given)
        if isinstance(name, str) or (isinstance(given, type) and hasattr(given, "_collection")):
            return name
        raise self.refusal(hint, "a reference goes to a subclass of Document, or its name")

    def mapping(self, hint: Any, key: Any, value: Any) -> Annotation:
        kind = self.read(key)
        if not isinstance(kind.spec, type) or kind.validators:
            raise self.refusal(hint, "keys are of a plain type")
        return Annotation({kind.spec: self.read(value)})

    def members(self, hint: Any, member: Any) -> Annotation:
        kind = self.read(member)
        if kind.spec is None:
            return Annotation(Set())
        if not isinstance(kind.spec, type) or kind.validators or kind.optional:
            raise self.refusal(hint, "members of a set are of a plain type")
        return Annotation(Set(kind.spec))

    def refusal(self, hint: Any, why: str = "") -> StructureError:
        because = f": {why}" if why else ""
        return StructureError(
            f"{self.owner}: {self.name}: the annotation {_shown(hint)} says nothing a structure can hold{because}. "
            f"Accepted are {_ACCEPTED}"
        )


def _shown(hint: Any) -> str:
    return hint.__qualname__ if type(hint) is type else str(hint).replace("typing.", "")
