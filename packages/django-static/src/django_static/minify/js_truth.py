"""Truth in the normal form of scripts: negations, conjunctions and disjunctions in their one form."""

from __future__ import annotations

from typing import Any

__all__ = [
    "FALSE",
    "LITERALS",
    "NULL",
    "TRUE",
    "UNDEFINED",
    "boolean",
    "is_boolean",
    "is_inert",
    "joined",
    "negated",
    "opposite",
    "split",
    "truth",
    "truth_value",
]

Form = tuple[Any, ...]

TRUE: Form = ("true",)
FALSE: Form = ("false",)
NULL: Form = ("null", "null")
UNDEFINED: Form = ("undefined",)
LITERALS = ("null", "undefined", "true", "false", "number", "string")
_BOOLEAN = ("not", "==", "===", "<", ">", "<=", ">=", "in", "instanceof", "true", "false")


def is_inert(form: Form) -> bool:
    """Whether evaluating a form has no effect: only local variables are read, and nothing is converted."""
    if form[0] == "==":
        return (form[2] == NULL or form[1][:2] == ("unary", "typeof")) and is_inert(form[1])
    if form[0] in ("not", "and", "or", "==="):
        return all(map(is_inert, form[1:]))
    if form[:2] == ("unary", "typeof"):
        return is_inert(form[2])
    return form[0] == "variable" or form[0] in LITERALS


def is_boolean(form: Form) -> bool:
    if form[0] == "comma":
        return is_boolean(form[-1])
    return form[0] in _BOOLEAN or (form[0] in ("and", "or") and all(map(is_boolean, form[1:])))


def truth_value(form: Form) -> Form:
    """``!!form``"""
    if form[0] == "comma":
        return ("comma", *form[1:-1], truth_value(form[-1]))
    return form if is_boolean(form) else ("not", ("not", form))


def negated(form: Form) -> Form:
    """``!form``, with the negation as far out as it goes."""
    if form == TRUE:
        return FALSE
    if form == FALSE:
        return TRUE
    if form[0] == "not" and is_boolean(form[1]):
        return form[1]  # type: ignore[no-any-return]
    if form[0] == "comma":
        return ("comma", *form[1:-1], negated(form[-1]))
    test, is_swapped = split(form)
    return truth_value(test) if is_swapped else ("not", test)


def boolean(form: Form) -> Form:
    """A conjunction or disjunction of truth values in its one form."""
    return _value(*split(form))


def _value(test: Form, is_swapped: bool) -> Form:
    """The truth value of a test."""
    return _negated_test(test) if is_swapped else truth_value(test)


def _negated_test(test: Form) -> Form:
    return FALSE if test == TRUE else TRUE if test == FALSE else _not(test)


def _not(test: Form) -> Form:
    return ("comma", *test[1:-1], _not(test[-1])) if test[0] == "comma" else ("not", test)


def split(form: Form) -> tuple[Form, bool]:
    """A form of which only the truth counts, and whether it must be read the other way round.

    Negations are moved to the leaves and from there out again so that the outermost connective is a conjunction.
    """
    if form[0] == "not":
        test, is_swapped = split(form[1])
        return test, not is_swapped
    if form[0] == "comma":
        test, is_swapped = split(form[-1])
        return ("comma", *form[1:-1], test), is_swapped
    if form[0] == "choose":
        then, other = (truth(part) for part in form[2:])
        return ("choose", form[1], then, other), False
    if form[0] == "and":
        parts = joined("and", [truth(part) for part in form[1:]])
        return parts, False
    if form[0] == "or":
        parts = joined("and", [opposite(part) for part in form[1:]])
        return parts, True
    return form, False


def joined(tag: str, parts: list[Form]) -> Form:
    flat: list[Form] = []
    for part in parts:
        flat += part[1:] if part[0] == tag else (part,)
    if flat[0][0] == "comma":
        return ("comma", *flat[0][1:-1], joined(tag, [flat[0][-1], *flat[1:]]))
    return (tag, *flat)


def truth(form: Form) -> Form:
    test, is_swapped = split(form)
    return _not(test) if is_swapped else test


def opposite(form: Form) -> Form:
    test, is_swapped = split(form)
    return test if is_swapped else _not(test)
