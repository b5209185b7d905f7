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
from .jinja_values import UNDEFINED, DictValue, Frame, unparse
from .result import Use
from .states import Known, State, Symbol, Value

if TYPE_CHECKING:
    from .jinja_walk import Walk

__all__ = ["called"]

#: What may be given by position or by name.
_PARAMETERS = {
    "staticfile": ("name",),
    "slimfile": ("name",),
    "staticintegrity": ("name", "slim"),
    "staticpreload": ("name", "slim", "header"),
    "staticimportmap": ("entries", "slim", "nonce"),
}


def called(
    walk: Walk, function: Callable[..., Any], node: nodes.Call, state: State, frame: Frame
) -> Results | None:
    """What a call of a global returns; None if it is none of those that are known."""
    if node.dyn_args or node.dyn_kwargs:
        return None
    try:
        known = FUNCTIONS.get(function)
    except TypeError:  # not hashable
        return None
    if known is not None:
        return _ours(walk, *known, node, state, frame)
    if function is not django_static_url or len(node.args) != 1 or node.kwargs:
        return None
    found = walk.expressions.evaluate(node.args[0], state, frame)
    place = Place(frame.unit.name, node.lineno, "static")
    return [(after, _static(walk, place, value)) for after, value in found]


def _ours(
    walk: Walk, tag: str, is_slim: bool, node: nodes.Call, state: State, frame: Frame
) -> Results | None:
    parameters = _PARAMETERS[tag]
    if len(node.args) > len(parameters):
        return None
    given = dict(zip(parameters, node.args, strict=False)) | {each.key: each.value for each in node.kwargs}
    place = Place(frame.unit.name, node.lineno, tag)
    results: Results = []
    for after, values in walk.expressions.all(list(given.values()), state, frame):
        asked = dict(zip(given, values, strict=True))
        slim = asked.get("slim", Known(is_slim))
        if not isinstance(slim, Known):
            walk.cannot_know(place, unparse(given["slim"]))
        elif tag == "staticimportmap":
            _modules(walk, place, bool(slim.value), asked.get("entries", Known(None)), given)
        else:
            _file(walk, place, bool(slim.value), asked.get("name", UNDEFINED), given)
        # What it returns depends on the content of files, which may change between the scan and the page.
        silent = tag == "staticpreload" and asked.get("header") == Known(True)
        results.append((after, Known("") if silent else Symbol()))
    return results


def _file(walk: Walk, place: Place, slim: bool, value: Value, given: dict[str, nodes.Expr]) -> None:
    if isinstance(value, Known) and (value == UNDEFINED or isinstance(value.value, str | int | None)):
        name = "" if value == UNDEFINED or value.value is None else str.__str__(str(value.value))
        if name:
            walk.use(Use(place, "file", slim, name))
    else:
        walk.cannot_know(place, unparse(given["name"]))


def _modules(walk: Walk, place: Place, slim: bool, value: Value, given: dict[str, nodes.Expr]) -> None:
    entries: dict[str, str] = {}
    items: Sequence[tuple[object, Value]] = ()
    if isinstance(value, DictValue):
        items = value.items
    elif value not in (Known(None), UNDEFINED, Known(())):
        walk.cannot_know(place, unparse(given["entries"]))
        return
    for specifier, name in items:
        if not isinstance(specifier, str) or not isinstance(name, Known) or not isinstance(name.value, str):
            walk.cannot_know(place, unparse(given["entries"]))
            return
        entries[str.__str__(specifier)] = str.__str__(name.value)
    try:
        walk.use(Use(place, "modules", slim, import_maps.specification(entries)))
    except ValueError as error:
        walk.findings.note(f"{place}: {error}")


def _static(walk: Walk, place: Place, value: Value) -> Value:
    if not isinstance(value, Known) or not isinstance(value.value, str):
        return Symbol()
    walk.findings.mentions[place, str.__str__(value.value)] = None
    try:
        return Known(str.__str__(walk.static(value.value)))
    except Exception as error:  # noqa: BLE001 (a storage may do anything; the page will fail there too)
        walk.findings.note(f"static({value.value!r}) has no URL: {error}")
        return Symbol()
