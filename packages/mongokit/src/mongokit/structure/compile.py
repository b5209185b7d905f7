"""From a tree of nodes to one specialised check function: Python source, written once per class, then compiled.

Field names and paths get into the source only through ``repr``; everything else is passed in by name. The function
only reads: ``check(document, failures)`` appends what is wrong and returns nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping
from typing import Any

from bson.binary import Binary

from mongokit.errors import Failure
from mongokit.structure import nodes
from mongokit.structure.complaints import Complaints
from mongokit.structure.conditions import Conditions
from mongokit.structure.demands import is_open, needed, never_empty
from mongokit.structure.keys import bad_keys, bad_map_key, open_fields, unstorable_key
from mongokit.structure.path import Path
from mongokit.structure.reasons import REASONS, closer_look
from mongokit.structure.referring import bad_reference
from mongokit.structure.rules import Rules

__all__ = ["ALWAYS_ALLOWED", "Check", "PartCheck", "Rules", "compile_check", "compile_part"]

Check = Callable[[Mapping[str, Any], list[Failure]], None]
PartCheck = Callable[[Any, str, list[Failure]], None]
"""Takes a value, and the path at which it is to be."""

ALWAYS_ALLOWED = frozenset({"_id", "_ns", "_revision", "_version"})
"""Fields that no document has to declare."""
DEEPEST = 10
"""Indentations after which a function of its own is begun: Python refuses too many nested blocks."""


class _Writer:
    """Collects the source and the objects it names."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.names: dict[str, Any] = {
            **REASONS,
            **{
                function.__name__: function
                for function in (bad_keys, bad_map_key, bad_reference, open_fields, unstorable_key)
            },
            "M": object(),
            "sequence": (list, tuple),
            "holder": (dict, list, tuple),
        }
        self.complaints = Complaints(self.names, self.name)
        self.conditions = Conditions(rules, self.name, self.complaints)
        self.lines: list[str] = []
        self.pending: list[tuple[str, nodes.Node]] = []
        self.closer: dict[tuple[type, bool, nodes.Node | None], str] = {}
        self.count = 0

    def write(self, depth: int, text: str) -> None:
        self.lines.append(" " * depth + text)

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def name(self, prefix: str, value: Any) -> str:
        """Return a name under which the compiled function finds an object."""
        for name, known in self.names.items():
            if known is value:
                return name
        name = self.new(prefix)
        self.names[name] = value
        return name

    def compile(self, root: nodes.RecordNode) -> Check:
        self.write(0, "def check(doc, failures):")
        self.record(root, "doc", Path(), 1, top=True)
        self.write(1, "return")
        check: Check = self.compiled()
        return check

    def compile_part(self, node: nodes.Node) -> PartCheck:
        self.write(0, "def check(value, path, failures):")
        self.value(node, "value", Path().variable("path"), 1, fresh=True)
        check: PartCheck = self.compiled()
        return check

    def compiled(self) -> Any:
        """Return the function ``check`` of what is written, with the others that it calls."""
        while self.pending:
            name, node = self.pending.pop()
            self.write(0, f"def {name}(value, path, failures):")
            self.value(node, "value", Path().variable("path"), 1, fresh=True)
        # As parameters, which Python reads faster than globals, and the same are asked for in each line.
        often = ["type", "len", *(name for name in self.names if name.startswith("T"))]
        quick = "".join(f", {name}={name}" for name in often)
        source = "\n".join(
            line.replace("failures):", f"failures{quick}):") if line.startswith("def ") else line
            for line in self.lines
        )
        exec(compile(source, f"<check of {self.rules.owner}>", "exec"), self.names)  # noqa: S102 (our own source)
        return self.names["check"]

    def value(self, node: nodes.Node, var: str, path: Path, depth: int, *, fresh: bool = False) -> None:
        """Write the check of one value, which may be None, or M when the field is absent."""
        if depth > DEEPEST and not fresh:
            function = self.new("part")
            self.pending.append((function, node))
            self.write(depth, f"{function}({var}, {path.source}, failures)")
            return
        if isinstance(node, nodes.TypeNode) and self.is_simple(node):
            self.simple(node, var, path, depth)
            return
        condition, complaint = self.conditions.test(node, var, path)
        self.write(depth, f"if {condition}:")
        mark = len(self.lines)
        self.body(node, var, path, depth + 1)
        if len(self.lines) == mark:
            self.write(depth + 1, "pass")
        self.write(depth, f"elif {var} is not None and {var} is not M:")
        self.write(depth + 1, complaint)
        found = needed(node, path)
        if found:
            self.write(depth, "else:")
            for place, one in found:
                self.write(depth + 1, self.complaints.call("required", one, place, "None"))

    def is_simple(self, node: nodes.TypeNode) -> bool:
        """Return whether there is nothing to ask of a value but its type."""
        return not (node.validators or self.strict_time(node) or node.type in (list, dict))

    def exact(self, node: nodes.TypeNode) -> list[type]:
        """Return the types of which a value can be taken for right at once."""
        if node.type is float and self.rules.int_for_float:
            return [float, int]
        return [Binary, bytes] if node.type is Binary else [node.type]

    def simple(self, node: nodes.TypeNode, var: str, path: Path, depth: int) -> None:
        """Write the check of a value of one type in one line: what is not exactly of that type is looked at closer.

        Python takes its time to compile, so what runs seldom is not written out for each field.
        """
        kind, needed = node.type, node.required or node.present
        tests = [f"type({var}) is not {self.name('T', one)}" for one in self.exact(node)]
        if not needed:
            tests.append(f"{var} is not None")
        key = (kind, needed, node if node.messages else None)
        if key not in self.closer:
            demand, complain = (self.complaints.function(reason, node) for reason in ("required", "bad_type"))
            look = closer_look(
                kind,
                self.conditions.accepted(kind),
                self.names["M"],
                demand=demand if needed else None,
                complain=complain,
            )
            self.closer[key] = self.name("S", look)
        self.write(depth, f"if {' and '.join(tests)}: {self.closer[key]}(failures, {path.source}, {var})")

    def body(self, node: nodes.Node, var: str, path: Path, depth: int) -> None:
        """Write what remains to be checked of a value of the right type."""
        inner = is_open(node) or not isinstance(node, (nodes.TypeNode, nodes.AnyNode, nodes.OperatorNode))
        guarded = bool(node.validators) and (inner or self.strict_time(node))
        if guarded:
            before = self.new("n")
            self.write(depth, f"{before} = len(failures)")
        match node:
            case nodes.RecordNode():
                self.record(node, var, path, depth)
            case nodes.ListNode():
                self.elements(node, var, path, depth)
            case nodes.MapNode():
                self.entries(node, var, path, depth)
            case nodes.TupleNode():
                self.positions(node, var, path, depth)
            case nodes.CustomNode():
                self.write(
                    depth, self.complaints.call("custom", node, path, self.name("C", node.custom), var)
                )
            case _ if is_open(node):
                look = self.complaints.call("bad_keys", node, path, var)
                self.write(depth, f"if {var} and isinstance({var}, holder): {look}")
            case _ if self.strict_time(node):
                self.write(depth, f"if {var}.utcoffset() is None:")
                self.write(depth + 1, self.complaints.call("naive", node, path, var))
        if (node.required or node.filled) and not never_empty(node):
            self.write(depth, f"if not {var} and isinstance({var}, (list, tuple, dict, set)):")
            self.write(depth + 1, self.complaints.call("required", node, path, var))
        if guarded:
            self.write(depth, f"if len(failures) == {before}:")
            depth += 1
        for validator in node.validators:
            self.validator(node, self.name("V", validator), var, path, depth)

    def strict_time(self, node: nodes.Node) -> bool:
        return (
            isinstance(node, nodes.TypeNode)
            and node.type is datetime.datetime
            and not self.rules.naive_datetimes
        )

    def validator(self, node: nodes.Node, validator: str, var: str, path: Path, depth: int) -> None:
        self.write(depth, "try:")
        self.write(depth + 1, f"passed = {validator}({var})")
        self.write(depth, "except Exception as error:")
        self.write(depth + 1, self.complaints.call("raised", node, path, "error", var))
        self.write(depth, "else:")
        self.write(depth + 1, "if not passed:")
        self.write(depth + 2, self.complaints.call("invalid", node, path, validator, var))

    def record(self, node: nodes.RecordNode, var: str, path: Path, depth: int, *, top: bool = False) -> None:
        """Write the check of named fields: those that must be there, those that may not, then each value."""
        variables = {name: self.new("v") for name in node.fields}
        # What is not stored yet has no _id.
        loose = [name for name, child in node.fields.items() if child.optional or (top and name == "_id")]
        counted = [*loose, *(["_id"] if top and "_id" not in loose else [])]
        number = " + ".join((str(len(variables) - len(loose)), *(f"({name!r} in exact)" for name in counted)))
        declared = {name: name not in loose for name in node.fields}
        if self.rules.schemaless or node.schemaless:
            look = self.complaints.call("open_fields", node, path, self.name("D", declared), var)
        else:
            allowed = ALWAYS_ALLOWED if top else frozenset[str]()
            arguments = f"{self.name('D', declared)}, {var}, {self.name('E', allowed)}"
            look = self.complaints.call("bad_fields", node, path, repr(self.rules.owner), arguments)
        # Of an exact dict, which CPython reads twice as fast, and which has no __missing__ to write to the document.
        if top or not self.conditions.makes_exact(node):
            self.write(depth, f"exact = {var} if type({var}) is dict else {{**{var}}}")
        self.fields(variables, depth, loose, f"if len(exact) != {number}: {look}", look)
        for name, child in node.fields.items():
            self.value(child, variables[name], path.field(name), depth)

    def fields(
        self, variables: Mapping[str, str], depth: int, loose: Collection[str], count: str, look: str
    ) -> None:
        """Write the reading of all fields: by subscript, or one by one where one is absent.

        :param count: looks for others where there are more or fewer than declared; ``look`` does so in any case.
        """
        for name in loose:
            self.write(depth, f"{variables[name]} = exact.get({name!r}, M)")
        demanded = [name for name in variables if name not in loose]
        if not demanded:
            self.write(depth, count)
            return
        self.write(depth, "try:")
        for name in demanded:
            self.write(depth + 1, f"{variables[name]} = exact[{name!r}]")
        self.write(depth, "except KeyError:")
        self.write(depth + 1, "get = exact.get")
        targets = "".join(f"{variables[name]}, " for name in demanded)
        self.write(depth + 1, f"{targets}= [get(name, M) for name in {self.name('N', tuple(demanded))}]")
        self.write(depth + 1, look)
        self.write(depth, "else:")
        self.write(depth + 1, count)

    def elements(self, node: nodes.ListNode, var: str, path: Path, depth: int) -> None:
        index, item = self.new("i"), self.new("v")
        if isinstance(node.item, nodes.TypeNode) and self.is_simple(node.item):
            # Most lists hold what they shall, which is soon seen.
            unset = () if node.item.required or node.item.present else (type(None),)
            types = frozenset({*self.exact(node.item), *unset})
            self.write(depth, f"if not {self.name('X', types)}.issuperset(map(type, {var})):")
            depth += 1
        self.write(depth, f"for {index}, {item} in enumerate({var}):")
        self.value(node.item, item, path.variable(index), depth + 1)

    def entries(self, node: nodes.MapNode, var: str, path: Path, depth: int) -> None:
        key, item, kind = self.new("k"), self.new("v"), self.name("T", node.key)
        self.write(depth, f"for {key}, {item} in {var}.items():")
        self.write(depth + 1, f"if not isinstance({key}, {kind}):")
        self.write(depth + 2, self.complaints.call("bad_key", node, path, kind, key))
        if issubclass(node.key, str):
            self.write(depth + 1, f"elif '.' in {key} or {key}[:1] == '$':")
            self.write(depth + 2, self.complaints.call("bad_map_key", node, path, key))
        else:
            self.write(depth + 1, f"elif not isinstance({key}, str):")
            self.write(depth + 2, self.complaints.call("unstorable_key", node, path, key))
        self.value(node.value, item, path.variable(key), depth + 1)

    def positions(self, node: nodes.TupleNode, var: str, path: Path, depth: int) -> None:
        self.write(depth, f"if len({var}) != {len(node.items)}:")
        self.write(depth + 1, self.complaints.call("bad_length", node, path, str(len(node.items)), var))
        self.write(depth, "else:")
        for position, child in enumerate(node.items):
            item = self.new("v")
            self.write(depth + 1, f"{item} = {var}[{position}]")
            self.value(child, item, path.field(str(position)), depth + 1)


def compile_check(root: nodes.RecordNode, rules: Rules) -> Check:
    """Return the check function of a structure."""
    return _Writer(rules).compile(root)


def compile_part(node: nodes.Node, rules: Rules) -> PartCheck:
    """Return the check function of a value of a document; it may be None."""
    return _Writer(rules).compile_part(node)
