"""What an expression of Jinja2 can be beside a constant, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import nodes

from .states import Known, Value

__all__ = [
    "UNDEFINED",
    "DictValue",
    "Frame",
    "FunctionValue",
    "ListValue",
    "LoopValue",
    "MacroValue",
    "ModuleValue",
    "Unit",
    "elements",
    "is_certain",
    "unparse",
]


class _Undefined:
    def __bool__(self) -> bool:
        return False


#: A variable or argument that there is not.
UNDEFINED: Final = Known(_Undefined())


@dataclass(frozen=True, slots=True)
class ListValue:
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class DictValue:
    items: tuple[tuple[Hashable, Value], ...]


@dataclass(frozen=True, slots=True)
class LoopValue:
    """The variable ``loop`` in a turn that is known."""

    index0: int
    length: int

    def attribute(self, name: str) -> Value | None:
        known = {
            "index": self.index0 + 1,
            "index0": self.index0,
            "revindex": self.length - self.index0,
            "revindex0": self.length - self.index0 - 1,
            "first": self.index0 == 0,
            "last": self.index0 == self.length - 1,
            "length": self.length,
        }
        return Known(known[name]) if name in known else None


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A parsed template."""

    name: str
    body: list[nodes.Node]
    autoescape: bool
    blocks: Mapping[str, nodes.Block]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What belongs to the rendering of one template.

    ``blocks`` has those of one name with their templates, from the base to the most derived. ``context`` is the same object
    for all that is rendered with one context. In a block, ``current`` is its name and its position among those, and
    ``scopes`` are the variables it started with. ``is_mute``: after an ``{% extends %}``, where nothing is printed.
    """

    unit: Unit
    context: object
    blocks: Mapping[str, tuple[tuple[nodes.Block, Unit], ...]]
    current: tuple[str, int] = ("", 0)
    scopes: tuple[Mapping[str, Value], ...] = ()
    is_mute: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MacroValue:
    """A macro, or the content of a ``{% call %}``, with the variables around it."""

    node: Any
    frame: Frame
    scopes: tuple[Mapping[str, Value], ...]
    autoescape: bool

    def __eq__(self, other: object) -> bool:
        # The variables around it may hold the macro itself: they are compared one by one, and only by identity.
        return (
            isinstance(other, MacroValue)
            and self.node is other.node
            and len(self.scopes) == len(other.scopes)
            and all(one is another for one, another in zip(self.scopes, other.scopes, strict=True))
        )

    def __hash__(self) -> int:
        return id(self.node)


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """A global that is looked for, under whatever name."""

    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """An imported template."""

    names: frozenset[tuple[str, Value]]

    def attribute(self, name: str) -> Value:
        bindings = dict(self.names)
        value = bindings.get(name, UNDEFINED)
        if isinstance(value, MacroValue):
            return MacroValue(value.node, value.frame, (bindings, *value.scopes[1:]), value.autoescape)
        return value


def is_certain(value: Value) -> bool:
    """Whether all of a value is known."""
    if isinstance(value, ListValue):
        return all(map(is_certain, value.items))
    if isinstance(value, DictValue):
        return all(is_certain(item) for _, item in value.items)
    return isinstance(value, Known) and value != UNDEFINED


def elements(value: Value) -> tuple[Value, ...] | None:
    """What a loop goes over, if that is known."""
    if isinstance(value, ListValue):
        return value.items
    if isinstance(value, DictValue):
        return tuple(Known(key) for key, _ in value.items)
    if value == UNDEFINED:
        return ()
    if isinstance(value, Known) and isinstance(value.value, str):
        return tuple(Known(character) for character in value.value)
    return None


_COMPARISONS = {
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "gteq": ">=",
    "lt": "<",
    "lteq": "<=",
    "in": "in",
    "notin": "not in",
}


def unparse(node: nodes.Node | None) -> str:
    """The source of an expression, as near as the parsed template allows."""
    match node:
        case nodes.Const(value=value):
            return f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)
        case nodes.Assign(target=target, node=inner):
            return f"{unparse(target)} = {unparse(inner)}"
        case nodes.NSRef(name=name, attr=attribute):
            return f"{name}.{attribute}"
        case nodes.TemplateData(data=data):
            return str(data)
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=inner, attr=attribute):
            return f"{unparse(inner)}.{attribute}"
        case nodes.Getitem(node=inner, arg=argument):
            return f"{unparse(inner)}[{unparse(argument)}]"
        case nodes.Slice(start=start, stop=stop):
            return f"{unparse(start)}:{unparse(stop)}"
        case nodes.Call(node=inner):
            return f"{unparse(inner)}({_arguments(node)})"
        case nodes.Filter(node=inner, name=name):
            arguments = _arguments(node)
            return f"{unparse(inner)}|{name}" + (f"({arguments})" if arguments else "")
        case nodes.Test(node=inner, name=name):
            arguments = _arguments(node)
            return f"{unparse(inner)} is {name}" + (f"({arguments})" if arguments else "")
        case nodes.CondExpr(test=test, expr1=first, expr2=second):
            return f"{unparse(first)} if {unparse(test)}" + (f" else {unparse(second)}" if second else "")
        case nodes.Concat(nodes=parts):
            return " ~ ".join(map(unparse, parts))
        case nodes.BinExpr(left=left, right=right):
            return f"{unparse(left)} {node.operator} {unparse(right)}"
        case nodes.Not(node=inner):
            return f"not {unparse(inner)}"
        case nodes.UnaryExpr(operator=operator, node=inner):
            return f"{operator}{unparse(inner)}"
        case nodes.Compare(expr=expression, ops=operands):
            return unparse(expression) + "".join(
                f" {_COMPARISONS[operand.op]} {unparse(operand.expr)}" for operand in operands
            )
        case nodes.List(items=items):
            return f"[{', '.join(map(unparse, items))}]"
        case nodes.Tuple(items=items):
            return f"({', '.join(map(unparse, items))})"
        case nodes.Dict(items=pairs):
            return f"{{{', '.join(f'{unparse(pair.key)}: {unparse(pair.value)}' for pair in pairs)}}}"
        case None:
            return ""
    inside = " ".join(filter(None, map(unparse, node.iter_child_nodes())))
    return inside or type(node).__name__.lower()


def _arguments(node: Any) -> str:
    parts = [unparse(argument) for argument in node.args]
    parts += [f"{keyword.key}={unparse(keyword.value)}" for keyword in node.kwargs]
    parts += [f"*{unparse(node.dyn_args)}"] if node.dyn_args else []
    parts += [f"**{unparse(node.dyn_kwargs)}"] if node.dyn_kwargs else []
    return ", ".join(parts)
