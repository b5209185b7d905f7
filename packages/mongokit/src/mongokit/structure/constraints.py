"""What ``Annotated[X, …]`` says of values: constraints of the package annotated_types, and plain callables.

The package is not needed: whoever uses its classes has it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["Rule", "validators_of"]

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
        if isinstance(validator, Rule):
            validator.constraint = given
        yield validator
    elif hasattr(given, "__is_annotated_types_grouped_metadata__"):
        yield from _validators(given)


class Rule:
    """A validator that says what is accepted; ``%s`` is where validation puts the path."""

    constraint: Any = None
    """The annotated_types object it is made of: forms and schemas say the same in their own terms."""

    def __init__(self, holds: Callable[[Any], Any], text: str) -> None:
        self._holds = holds
        self._text = text

    def __call__(self, value: Any) -> bool:
        if not self._holds(value):
            shown = repr(value)
            raise ValueError(f"%s must {self._text} not {shown if len(shown) <= 60 else shown[:57] + '...'}")
        return True


def _time_zone(given: Any) -> Validator:
    wanted = given.tz
    if wanted is None:
        return Rule(lambda value: value.utcoffset() is None, "have no time zone:")
    if wanted is ...:
        return Rule(lambda value: value.utcoffset() is not None, "have a time zone:")
    if isinstance(wanted, datetime.tzinfo):
        return Rule(lambda value: value.tzinfo == wanted, f"be in the time zone {wanted}:")
    return Rule(lambda value: str(value.tzinfo) == wanted, f"be in the time zone {wanted}:")


_CONSTRAINTS: dict[str, Callable[[Any], Validator]] = {
    "Gt": lambda given: Rule(lambda value: value > given.gt, f"be > {given.gt!r}"),
    "Ge": lambda given: Rule(lambda value: value >= given.ge, f"be >= {given.ge!r}"),
    "Lt": lambda given: Rule(lambda value: value < given.lt, f"be < {given.lt!r}"),
    "Le": lambda given: Rule(lambda value: value <= given.le, f"be <= {given.le!r}"),
    "MultipleOf": lambda given: Rule(
        lambda value: not value % given.multiple_of, f"be a multiple of {given.multiple_of!r}"
    ),
    "MinLen": lambda given: Rule(
        lambda value: len(value) >= given.min_length, f"have at least {given.min_length} elements"
    ),
    "MaxLen": lambda given: Rule(
        lambda value: len(value) <= given.max_length, f"have at most {given.max_length} elements"
    ),
    "Predicate": lambda given: given.func,
    "Not": lambda given: given,
    "Timezone": _time_zone,
}
