"""The source of the calls that add failures: of validation's own functions, or of what words them as the class does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mongokit.structure import nodes
from mongokit.structure.path import Path

__all__ = ["Complaints"]


class Complaints:
    """Writes the calls for a class.

    :param names: what the compiled function finds by name, the functions of ``reasons`` among them.
    :param name: returns the name under which it finds an object; takes a prefix and the object.
    """

    def __init__(self, names: Mapping[str, Any], name: Callable[[str, Any], str]) -> None:
        self._names = names
        self._name = name
        self._worded: dict[tuple[str, nodes.Node], str] = {}

    def call(self, reason: str, node: nodes.Node, path: Path, *arguments: str) -> str:
        """Return the statement that adds a failure of a place, for a reason, with the source of its arguments."""
        return f"{self.name(reason, node)}({', '.join(('failures', path.source, *arguments))})"

    def function(self, reason: str, node: nodes.Node) -> Callable[..., None]:
        """Return what that statement calls."""
        found: Callable[..., None] = self._names[self.name(reason, node)]
        return found

    def name(self, reason: str, node: nodes.Node) -> str:
        """Return the name of what that statement calls."""
        has_words = bool(node.messages)
        if reason == "bad_fields" and isinstance(node, nodes.RecordNode):
            has_words = has_words or any(child.messages for child in node.fields.values())
        if not has_words:
            return reason
        if (reason, node) not in self._worded:
            # Who says nothing does not wait for this to be imported.
            from mongokit.structure.wording import saying

            self._worded[reason, node] = self._name("W", saying(self._names[reason], node))
        return self._worded[reason, node]
