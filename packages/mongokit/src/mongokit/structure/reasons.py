"""What compiled checks call when something is wrong: each function adds one failure. Nothing here runs for good data."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from typing import Any

from mongokit.errors import (
    AuthorizedTypeError,
    Failure,
    RequireFieldError,
    SchemaDocumentError,
    SchemaTypeError,
    SetContentError,
    StructureError,
    ValidationError,
    shortened,
)
from mongokit.structure.keys import bad_keys
from mongokit.structure.unreadable import Unreadable
from mongokit.types import CustomType, SchemaOperator, Set, called, is_instance

__all__ = ["REASONS", "closer_look"]

Failures = list[Failure]
GUESSES = 20
"""Failures up to which what was meant is guessed: somebody may send a hundred thousand unknown fields."""


def bad_type(failures: Failures, path: str, expected: type, value: Any) -> None:
    if isinstance(value, Unreadable):
        message = f"{path}: what is stored, {shortened(value.stored)}, cannot be read: {value.error}"
        failures.append(Failure(path, SchemaTypeError, message, value.stored))
        return
    message = f"{path} must be an instance of {called(expected)} not {called(type(value))}"
    failures.append(Failure(path, SchemaTypeError, message, value))


def untranslated(failures: Failures, path: str, value: Any) -> None:
    message = (
        f"{path} must be an instance of i18n not {called(type(value))}: it is translated, so it is {{language: value}}; "
        "with dot notation, set it by attributes alone, from the document on"
    )
    failures.append(Failure(path, SchemaTypeError, message, value))


def closer_look(
    kind: type,
    accepted: Callable[[Any], bool],
    absent: object,
    *,
    demand: Callable[[Failures, str, Any], None] | None,
    complain: Callable[[Failures, str, type, Any], None],
) -> Callable[[Failures, str, Any], None]:
    """Return the check of a value that is not exactly of a type: it may be None, absent, or of a subclass.

    :param demand: says that there has to be one; None where there has not.
    :param complain: says that it is of a wrong type.
    """

    def look(failures: Failures, path: str, value: Any) -> None:
        if value is None or value is absent:
            if demand is not None:
                demand(failures, path, None)
        elif not accepted(value):
            complain(failures, path, kind, value)

    return look


def bad_key(failures: Failures, path: str, expected: type, key: Any) -> None:
    message = f"{path}: the key {shortened(key)} must be an instance of {expected.__name__} not {type(key).__name__}"
    failures.append(Failure(path, SchemaTypeError, message, key))


def naive(failures: Failures, path: str, value: Any) -> None:
    message = f"{path} must be a datetime with a time zone; {value!r} has none"
    failures.append(Failure(path, SchemaTypeError, message, value))


def bad_length(failures: Failures, path: str, expected: int, value: Any) -> None:
    message = f"{path} must have {expected} elements not {len(value)}"
    failures.append(Failure(path, SchemaTypeError, message, value))


def unauthorized(failures: Failures, path: str, types: Collection[type], value: Any) -> None:
    accepted = ", ".join(sorted(kind.__name__ for kind in types))
    message = f"{path} must be an instance of an authorized type ({accepted}) not {called(type(value))}"
    failures.append(Failure(path, AuthorizedTypeError, message, value))


def refused(failures: Failures, path: str, operator: SchemaOperator, value: Any) -> None:
    failures.append(Failure(path, SchemaTypeError, operator.complaint(path, value), value))


def required(failures: Failures, path: str, value: Any) -> None:
    failures.append(Failure(path, RequireFieldError, f"{path} is required", value))


def invalid(failures: Failures, path: str, validator: Callable[[Any], Any], value: Any) -> None:
    name = getattr(validator, "__name__", None) or type(validator).__name__
    message = f"{path} does not pass the validator {name}"
    failures.append(Failure(path, ValidationError, message, value))


def raised(failures: Failures, path: str, error: Exception, value: Any) -> None:
    text = str(error)
    message = text.replace("%s", path, 1) if "%s" in text else f"{path}: {text or type(error).__name__}"
    failures.append(Failure(path, ValidationError, message, value))


def bad_fields(
    failures: Failures,
    path: str,
    owner: str,
    declared: Mapping[str, bool],
    value: Mapping[Any, Any],
    allowed: Collection[str],
) -> None:
    """Add a failure for each field that is declared and missing (True: must be there), and for each unknown one."""
    for name, needed in declared.items():
        if needed and name not in value:
            place = f"{path}.{name}" if path else name
            failures.append(Failure(place, StructureError, f"missed fields in {owner}: {place}"))
    for key in value:
        if key not in declared and key not in allowed:
            place = f"{path}.{key}" if path else str(key)
            message = f"unknown fields in {owner}: {place}"
            near = difflib.get_close_matches(str(key), declared, n=1) if len(failures) < GUESSES else []
            if near:
                message += f" (did you mean {near[0]}?)"
            failures.append(Failure(place, StructureError, message, value[key]))


def custom(failures: Failures, path: str, kind: CustomType, value: Any) -> None:
    """Check a value of the right Python type: what the type itself says, and what would be stored."""
    if isinstance(kind, Set) and kind.structure_type is not None:
        wrong = [element for element in value if not is_instance(element, kind.structure_type)]
        for element in wrong:
            expected, found = kind.structure_type.__name__, type(element).__name__
            message = f"{path} must be a set of {expected}; {shortened(element)} is {found}"
            failures.append(Failure(path, SetContentError, message, element))
        if wrong:
            return
    try:
        check = getattr(kind, "validate", None)
        if check is not None:
            check(value, path)
        stored = kind.to_bson(value)
    except Exception as error:  # noqa: BLE001 (whatever a user's type raises is a failure of this value)
        if isinstance(value, Unreadable):
            bad_type(failures, path, kind.python_type, value)
        elif isinstance(error, SchemaDocumentError):
            failures.append(Failure(path, type(error), str(error), value))
        else:
            raised(failures, path, error, value)
        return
    if isinstance(stored, (dict, list)):
        bad_keys(failures, path, stored)
    if not is_instance(stored, kind.mongo_type):
        expected, found = kind.mongo_type.__name__, called(type(stored))
        message = (
            f"{path} must be an instance of {expected} not {found} (as made by {type(kind).__name__}.to_bson)"
        )
        failures.append(Failure(path, SchemaTypeError, message, value))


REASONS: Mapping[str, Callable[..., None]] = {
    function.__name__: function
    for function in (
        bad_type, untranslated, bad_key, naive, bad_length, unauthorized, refused, required, invalid, raised, bad_fields, custom,
    )
}  # fmt: skip
