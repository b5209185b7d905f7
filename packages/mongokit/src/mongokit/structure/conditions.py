"""The source of one condition: whether a value is of the type that a node says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bson.binary import Binary
from bson.code import Code
from bson.regex import Regex

from mongokit.structure import nodes
from mongokit.structure.complaints import Complaints
from mongokit.structure.path import Path
from mongokit.structure.referring import accepts
from mongokit.structure.rules import Rules
from mongokit.types import NOT, OR, is_instance

__all__ = ["Conditions"]

_READ_AS: dict[type, tuple[type, ...]] = {Binary: (Binary, bytes), re.Pattern: (re.Pattern, Regex)}
"""Types with what PyMongo reads in their place: Binary of subtype 0, and patterns that Python cannot compile."""


class Conditions:
    """Writes conditions for a class.

    :param name: returns the name under which the compiled function finds an object; takes a prefix and the object.
    """

    def __init__(self, rules: Rules, name: Callable[[str, Any], str], complaints: Complaints) -> None:
        self._rules = rules
        self._name = name
        self._complaints = complaints

    def accepted(self, kind: type) -> Callable[[Any], bool]:
        """Return whether a value that is not exactly of a type will do for it."""
        if kind is int and not self._rules.bool_for_int:
            return lambda value: isinstance(value, int) and not isinstance(value, bool)
        if kind is float and self._rules.int_for_float:
            return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)
        if kind is str:
            return lambda value: is_instance(value, str)
        kinds = (list, tuple) if kind is list else _READ_AS.get(kind, (kind,))
        return lambda value: isinstance(value, kinds)

    def test(self, node: nodes.Node, var: str, path: Path) -> tuple[str, str]:
        """Return the condition under which a value is of the right type, and the statement for when it is not."""
        call = self._complaints.call
        match node:
            case nodes.TypeNode():
                kind = self._name("T", node.type)
                return self._type_test(node.type, kind, var), call("bad_type", node, path, kind, var)
            case nodes.AnyNode():
                # None is not asked for here: whether it will do is a matter of required_fields.
                types = self._name("A", tuple(kind for kind in node.types if kind is not type(None)))
                return f"isinstance({var}, {types})", call("unauthorized", node, path, types, var)
            case nodes.OperatorNode():
                checker = self._name("O", node.operator)
                return self._operator_test(node, checker, var), call("refused", node, path, checker, var)
            case nodes.CustomNode():
                kind = self._name("T", node.custom.python_type)
                test = self._type_test(node.custom.python_type, kind, var, exact=True)
                return test, call("bad_type", node, path, kind, var)
            case nodes.RecordNode():
                kind = self._name("T", node.container)
                complaint = call("bad_type", node, path, kind, var)
                if self.makes_exact(node):
                    exact = (
                        f"{var} if type({var}) is dict else {{**{var}}} if isinstance({var}, dict) else None"
                    )
                    return f"(exact := {exact}) is not None", complaint
                return self._type_test(node.container, kind, var), complaint
            case nodes.I18nNode():
                return f"isinstance({var}, dict)", call("untranslated", node, path, var)
            case nodes.MapNode():
                kind = self._name("T", dict)
                return f"isinstance({var}, dict)", call("bad_type", node, path, kind, var)
            case nodes.ReferenceNode():
                accepted, name = self._name("R", accepts(node)), self._name("N", node)
                return f"{accepted}({var})", call("bad_reference", node, path, name, var)
        return (
            f"type({var}) is list or isinstance({var}, sequence)",
            call("bad_type", node, path, "list", var),
        )

    @staticmethod
    def makes_exact(node: nodes.RecordNode) -> bool:
        """Return whether the condition for a record leaves its fields in ``exact``, a dict and nothing more."""
        return node.container is dict or nodes.is_embedded(node.container)

    def _operator_test(self, node: nodes.OperatorNode, name: str, var: str) -> str:
        """Return the condition for an operator; OR and NOT are written out, so that the class's switches count."""
        there = f"{var} is not None and {var} is not M"
        if type(node.operator) is OR:
            return " or ".join(self._type_test(kind, self._name("T", kind), var) for kind in node.operator)
        if type(node.operator) is NOT:
            kinds = [self._type_test(kind, self._name("T", kind), var, exact=True) for kind in node.operator]
            authorized = f"isinstance({var}, {self._name('A', node.types)})"
            return f"{there} and {authorized} and not ({' or '.join(kinds)})"
        return f"{there} and {name}.validate({var})"

    def _type_test(self, kind: type, name: str, var: str, *, exact: bool = False) -> str:
        """Return the condition for one type; ``exact`` leaves out what is accepted for convenience."""
        if kind is int and not self._rules.bool_for_int:
            return f"type({var}) is int or isinstance({var}, int) and not isinstance({var}, bool)"
        if kind is float and self._rules.int_for_float and not exact:
            return f"type({var}) is float or isinstance({var}, float) or isinstance({var}, int) and not isinstance({var}, bool)"
        if kind is list:
            return f"type({var}) is list or isinstance({var}, sequence)"
        if kind is str:
            code = self._name("T", Code)
            return f"type({var}) is {name} or isinstance({var}, {name}) and not isinstance({var}, {code})"
        if kind in _READ_AS and not exact:
            return f"isinstance({var}, {self._name('T', _READ_AS[kind])})"
        return f"type({var}) is {name} or isinstance({var}, {name})"
