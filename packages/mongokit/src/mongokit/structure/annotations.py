"""Fields declared by annotations (``topic: str``): from what the class body says to specifications."""

from __future__ import annotations

import builtins
import decimal
import enum
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

from mongokit.conversions import DecimalType, EnumType
from mongokit.errors import StructureError
from mongokit.reference import Ref
from mongokit.structure.constraints import validators_of
from mongokit.types import IS, OR, CustomType, Set

__all__ = ["Annotation", "Factory", "Required", "annotated_fields", "field"]

T = TypeVar("T")


class _Filled:
    def __repr__(self) -> str:
        return "Required"


_REQUIRED = _Filled()

Required = Annotated[T, _REQUIRED]
"""``tags: Required[list[str]]``: neither None nor empty, as what ``required_fields`` names."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Annotation:
    """A specification, with what only an annotation says."""

    spec: Any
    optional: bool = False
    """None is a value, and what a new document holds."""
    filled: bool = False
    """``[]`` and ``{}`` will not do either."""
    validators: tuple[Callable[[Any], Any], ...] = ()
    immutable: bool = False
    """A list in the database, a tuple in Python."""

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


class Factory:
    """What makes the default of each new document."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """Return, as the value of an annotated field, that its default is made anew for each document.

    ``when: datetime = field(default_factory=now)``. Other defaults are written as they are; lists and dicts are
    copied for each document.
    """
    if not callable(default_factory):
        raise TypeError(
            f"field(default_factory={default_factory!r}): accepted is a callable without parameters"
        )
    return Factory(default_factory)  # type: ignore[return-value]  # seen by a type checker as the field's type


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
    hints = {name: hint for name, hint in _annotations(body).items() if is_field(name)}
    evaluate = _Names(body)
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


def _annotations(body: Mapping[str, Any]) -> Mapping[str, Any]:
    given: Mapping[str, Any] | None = body.get("__annotations__")
    if given is None and sys.version_info >= (3, 14):
        import annotationlib

        annotate = annotationlib.get_annotate_from_class_namespace(body)
        if annotate is not None:
            # Not VALUE: a ClassVar may name what is imported for type checkers only.
            return annotationlib.call_annotate_function(annotate, annotationlib.Format.FORWARDREF)
    return given or {}


class _Names:
    """Evaluates annotations that are text, where the class statement stands."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.places: tuple[dict[str, Any], Mapping[str, Any]] | None = None

    def __call__(self, text: str) -> Any:
        if self.places is None:
            self.places = self._places()
        return eval(text, *self.places)  # noqa: S307 (the text of an annotation is part of the program)

    def forward(self, text: str) -> Any:
        """Evaluate a text with names that mean nothing yet: each becomes a ForwardRef."""
        if self.places is None:
            self.places = self._places()
        names, body = self.places
        return eval(text, names, _Forward(names, body))  # noqa: S307 (as above)

    def _places(self) -> tuple[dict[str, Any], Mapping[str, Any]]:
        module = self.body.get("__module__", "")
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__") != module:
            frame = frame.f_back
        if frame is None:
            return vars(sys.modules[module]) if module in sys.modules else {}, self.body
        return frame.f_globals, {**frame.f_locals, **self.body}


class _Forward(dict[str, Any]):
    """The names around a class statement; those that there are not stand for classes still to come."""

    def __init__(self, around: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        super().__init__(body)
        self.around = around

    def __missing__(self, name: str) -> Any:
        try:
            return self.around[name]
        except KeyError:
            return getattr(builtins, name, None) or ForwardRef(name)


class _Reader:
    """Reads the annotation of one field."""

    def __init__(self, owner: str, name: str, evaluate: _Names) -> None:
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
            validators=(*annotation.validators, *validators_of(metadata)),
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
