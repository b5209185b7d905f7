"""Calls of our globals, and of Django's ``static()``, in Jinja2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.templatetags.static import static as django_static_url
from jinja2 import nodes

from .. import import_maps
from ..jinja2 import FUNCTIONS
from ..resolver import Place
from .jinja_expressions import Results
from .jinja_values import UNDEFINED, DictValue, Frame, FunctionValue, ListValue, unparse
from .result import Use
from .states import Known, State, Symbol, Value

if TYPE_CHECKING:
    from .jinja_walk import Walk

__all__ = ["called", "is_sought", "lost"]

#: What may be given by position or by name.
_PARAMETERS = {
    "staticfile": ("name",),
    "slimfile": ("name",),
    "staticintegrity": ("name", "slim"),
    "staticpreload": ("name", "slim", "header"),
    "staticimportmap": ("entries", "slim", "nonce"),
}


def is_sought(function: object) -> bool:
    """Whether it matters what a global is called with."""
    try:
        return function is django_static_url or function in FUNCTIONS
    except TypeError:  # not hashable
        return False


def called(
    walk: Walk, function: Callable[..., Any], node: nodes.Call, state: State, frame: Frame
) -> Results | None:
    """What a call of such a global returns; None where it cannot be called so."""
    known = FUNCTIONS.get(function)
    if known is not None:
        return _ours(walk, *known, node, state, frame)
    if len(node.args) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return None
    found = walk.expressions.evaluate(node.args[0], state, frame)
    place = Place(frame.unit.name, node.lineno, "static")
    return [(after, _static(walk, place, value)) for after, value in found]


def lost(walk: Walk, value: Value, node: nodes.Node, frame: Frame) -> None:
    """Note that one of our globals goes where nobody sees what it is called with."""
    if isinstance(value, FunctionValue) and value.function in FUNCTIONS:
        tag, _ = FUNCTIONS[value.function]
        walk.cannot_know(Place(frame.unit.name, node.lineno, tag), unparse(node), unparse(node))


#: A value with the expression that it stems from.
_Given = tuple[Value, str]


def _ours(
    walk: Walk, tag: str, is_slim: bool, node: nodes.Call, state: State, frame: Frame
) -> Results | None:
    parameters = _PARAMETERS[tag]
    if len(node.args) > len(parameters):
        return None
    place = Place(frame.unit.name, node.lineno, tag)
    written = unparse(node)
    expressions = [*node.args, *(each.value for each in node.kwargs)]
    expressions += [each for each in (node.dyn_args, node.dyn_kwargs) if each is not None]
    results: Results = []
    for after, values in walk.expressions.all(expressions, state, frame):
        asked = _arguments(node, parameters, values)
        slim, said = (Symbol(), written) if asked is None else asked.get("slim", (Known(is_slim), ""))
        if asked is None or not isinstance(slim, Known):
            walk.cannot_know(place, said, written)
        elif tag == "staticimportmap":
            _modules(walk, place, bool(slim.value), asked.get("entries", (Known(None), "")), written)
        else:
            _file(walk, place, bool(slim.value), asked.get("name", (UNDEFINED, "")), written)
        # What it returns depends on the content of files, which may change between the scan and the page.
        silent = tag == "staticpreload" and asked is not None and asked.get("header", ("",))[0] == Known(True)
        results.append((after, Known("") if silent else Symbol()))
    return results


def _arguments(
    node: nodes.Call, parameters: Sequence[str], values: Sequence[Value]
) -> dict[str, _Given] | None:
    """The arguments of a call by their names; None where ``*`` or ``**`` stands before what only a request can tell."""
    remaining = iter(values)
    positional = [(next(remaining), unparse(each)) for each in node.args]
    named = {each.key: (next(remaining), unparse(each.value)) for each in node.kwargs}
    if node.dyn_args is not None:
        several = next(remaining)
        if not isinstance(several, ListValue):
            return None
        positional += [(each, unparse(node.dyn_args)) for each in several.items]
    if node.dyn_kwargs is not None:
        pairs = next(remaining)
        if not isinstance(pairs, DictValue):
            return None
        named |= {str(key): (each, unparse(node.dyn_kwargs)) for key, each in pairs.items}
    return dict(zip(parameters, positional, strict=False)) | named


def _file(walk: Walk, place: Place, slim: bool, given: _Given, written: str) -> None:
    value, expression = given
    if isinstance(value, Known) and (value == UNDEFINED or isinstance(value.value, str | int | None)):
        name = "" if value == UNDEFINED or value.value is None else str.__str__(str(value.value))
        if name:
            walk.use(Use(place, "file", slim, name), written)
    else:
        walk.cannot_know(place, expression, written)


def _modules(walk: Walk, place: Place, slim: bool, given: _Given, written: str) -> None:
    value, expression = given
    entries: dict[str, str] = {}
    items: Sequence[tuple[object, Value]] = ()
    if isinstance(value, DictValue):
        items = value.items
    elif value not in (Known(None), UNDEFINED, Known(())):
        walk.cannot_know(place, expression, written)
        return
    for specifier, name in items:
        if not isinstance(specifier, str) or not isinstance(name, Known) or not isinstance(name.value, str):
            walk.cannot_know(place, expression, written)
            return
        entries[str.__str__(specifier)] = str.__str__(name.value)
    try:
        walk.use(Use(place, "modules", slim, import_maps.specification(entries)), written)
    except ValueError as error:
        walk.findings.note(str(error), place)


def _static(walk: Walk, place: Place, value: Value) -> Value:
    if not isinstance(value, Known) or not isinstance(value.value, str):
        return Symbol()
    walk.findings.mention(place, str.__str__(value.value))
    try:
        return Known(str.__str__(walk.static(value.value)))
    except Exception as error:  # noqa: BLE001 (a storage may do anything; the page will fail there too)
        walk.findings.note(f"static({value.value!r}) has no URL: {error}")
        return Symbol()
