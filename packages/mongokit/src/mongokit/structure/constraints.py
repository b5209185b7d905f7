"""What ``Annotated[X, …]`` says of values: constraints of the package annotated_types, and plain callables.

The package is not needed: whoever uses its classes has it.
"""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from bson.tz_util import utc

from mongokit.times import as_stored

__all__ = ["Constraint", "validators_of"]

Validator = Callable[[Any], Any]


def validators_of(metadata: Iterable[Any]) -> tuple[Validator, ...]:
    """Return the validators for the metadata of an annotation; what is meant for others is passed over."""
    return tuple(_validators(metadata))


def _validators(metadata: Iterable[Any]) -> Iterator[Validator]:
    for given in metadata:
        if any(kind.__module__ == "annotated_types" for kind in type(given).__mro__):
            yield from _constraint(given)
        elif callable(given) and not isinstance(given, type):
            yield given


def _constraint(given: Any) -> Iterator[Validator]:
    name = type(given).__name__
    make = _CONSTRAINTS.get(name)
    if make is not None:
        validator = make(given)
        yield replace(validator, constraint=given) if isinstance(validator, Constraint) else validator
    elif hasattr(given, "__is_annotated_types_grouped_metadata__"):
        yield from _validators(given)


_UNITS: Mapping[type, str] = MappingProxyType({str: "characters", bytes: "bytes"})


@dataclass(slots=True, eq=False)
class Constraint:
    """A validator that says what is accepted; ``%s`` is where validation puts the path."""

    holds: Callable[[Any], Any]
    text: str
    """After "must": ``be >= 1``."""
    bound: tuple[str, Any] | None = None
    """The name in annotated_types of a limit that other languages of schemas know too, and its value."""
    constraint: Any = None
    """The annotated_types object it is made of: forms say the same in their own terms."""

    def __call__(self, value: Any) -> bool:
        if not self.holds(value):
            shown = repr(value)
            text = self.text_for(type(value))
            raise ValueError(f"%s must {text} not {shown if len(shown) <= 60 else shown[:57] + '...'}")
        return True

    def text_for(self, kind: type) -> str:
        """Return the text for values of a type: what text and bytes are long by are no elements."""
        unit = next((unit for base, unit in _UNITS.items() if issubclass(kind, base)), None)
        if unit is None or self.bound is None or self.bound[0] not in ("min_length", "max_length"):
            return self.text
        return self.text.replace("elements", unit)


def _time_zone(given: Any) -> Validator:
    wanted = given.tz
    if wanted is None:
        return Constraint(lambda value: value.utcoffset() is None, "have no time zone:")
    if wanted is ...:
        return Constraint(lambda value: value.utcoffset() is not None, "have a time zone:")
    text = f"be in the time zone {wanted}:"
    if _is_utc(wanted):
        # By whatever name: what is read has PyMongo's own.
        return Constraint(lambda value: _is_utc(value.tzinfo), text)
    if isinstance(wanted, datetime.tzinfo):
        return Constraint(lambda value: value.tzinfo == wanted, text)
    return Constraint(lambda value: str(value.tzinfo) == wanted, text)


def _is_utc(zone: datetime.tzinfo | str | None) -> bool:
    return zone == utc or str(zone) == "UTC"


def _limit(compare: Callable[[Any, Any], Any], limit: Any, text: str, bound: tuple[str, Any]) -> Constraint:
    if not isinstance(limit, datetime.datetime):
        return Constraint(lambda value: compare(value, limit), text, bound)
    moment = as_stored(limit)
    return Constraint(
        lambda value: compare(as_stored(value) if isinstance(value, datetime.datetime) else value, moment),
        text,
        bound,
    )


_CONSTRAINTS: dict[str, Callable[[Any], Validator]] = {
    "Gt": lambda given: _limit(operator.gt, given.gt, f"be > {given.gt!r}", ("gt", given.gt)),
    "Ge": lambda given: _limit(operator.ge, given.ge, f"be >= {given.ge!r}", ("ge", given.ge)),
    "Lt": lambda given: _limit(operator.lt, given.lt, f"be < {given.lt!r}", ("lt", given.lt)),
    "Le": lambda given: _limit(operator.le, given.le, f"be <= {given.le!r}", ("le", given.le)),
    "MultipleOf": lambda given: Constraint(
        lambda value: not value % given.multiple_of,
        f"be a multiple of {given.multiple_of!r}",
        ("multiple_of", given.multiple_of),
    ),
    "MinLen": lambda given: Constraint(
        lambda value: len(value) >= given.min_length,
        f"have at least {given.min_length} elements",
        ("min_length", given.min_length),
    ),
    "MaxLen": lambda given: Constraint(
        lambda value: len(value) <= given.max_length,
        f"have at most {given.max_length} elements",
        ("max_length", given.max_length),
    ),
    "Predicate": lambda given: given.func,
    "Not": lambda given: given,
    "Timezone": _time_zone,
}
