"""Dotted paths as the source of compiled checks has them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Path"]


class Path(NamedTuple):
    """A dotted path as it will be known at run time: literal names, and variables that hold positions and keys."""

    parts: tuple[tuple[bool, str], ...] = ()

    def field(self, name: str) -> Path:
        return Path((*self.parts, (False, name)))

    def variable(self, name: str) -> Path:
        return Path((*self.parts, (True, name)))

    @property
    def source(self) -> str:
        """The Python expression for this path."""
        groups: list[str] = []
        literal: str | None = None
        for is_variable, text in self.parts:
            dot = "." if groups or literal is not None else ""
            if is_variable:
                if literal is not None or dot:
                    groups.append(repr((literal or "") + dot))
                groups.append(f"str({text})")
                literal = None
            else:
                literal = (literal or "") + dot + text
        if literal is not None:
            groups.append(repr(literal))
        return " + ".join(groups) or "''"
