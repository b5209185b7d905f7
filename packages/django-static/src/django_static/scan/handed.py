"""Templates that are known at run time only, and what they are handed: they may ask for files that nobody foresees.

Most of them ask for none, as those of the widgets of forms: one counts only where some template asks for what it is handed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..answers import Place
from .states import Known, State, Symbol, Value

__all__ = ["Handed", "is_path", "wanted_names"]

_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
#: A variable, but no attribute of one.
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


@dataclass(slots=True)
class Handed:
    """What such a template gets; ``names`` are those of variables that may have the name of a file."""

    names: set[str] = field(default_factory=set)
    #: Whether one of them has it surely, and was handed on for its sake.
    has_path: bool = False
    reached: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Value], state: State | None) -> Handed:
        """What an include hands on by its ``with``, and by the variables around it where it sees them."""
        names = {name for name, value in given.items() if isinstance(value, Symbol) or is_path(value)}
        around = state.bindings() if state is not None else ()
        names |= {name for name, value in around if is_path(value)}
        return cls(names, any(map(is_path, given.values())))

    def add(self, other: Handed) -> None:
        self.names |= other.names
        self.has_path |= other.has_path
        self.reached |= other.reached

    def matters(self, wanted: set[str]) -> bool:
        """Whether it may reach a tag of ours; ``wanted`` are the variables that decide what those are asked for."""
        return bool(wanted) and (self.has_path or not self.names.isdisjoint(wanted))


def is_path(value: Value) -> bool:
    """Whether a value may be the name of a file."""
    return isinstance(value, Known) and isinstance(value.value, str) and bool({"/", "."} & set(value.value))


def wanted_names(unknown: Iterable[tuple[Place, str, str]]) -> set[str]:
    """The variables on which it depends what our tags ask for."""
    expressions = (expression for place, expression, _ in unknown if place.tag not in ("extends", "include"))
    return {name for expression in expressions for name in _NAME.findall(_QUOTED.sub("", expression))}
