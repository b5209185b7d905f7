"""What a reading of a script has found."""

from __future__ import annotations

from dataclasses import dataclass

from .reference import Reference

__all__ = ["Found", "Own", "Unknown"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A place that refers to something only known at run time, like ``import(name)``."""

    start: int
    line: int
    #: ``module``, ``asset`` or ``script``, as in ``Reference``.
    what: str
    #: The expression, at most 80 characters of it.
    expression: str
    #: Where the expression ends; 0 where that is not certain.
    end: int = 0


@dataclass(frozen=True, slots=True)
class Own:
    """A place where a module looks at its own URL: ``text[start:end]`` is ``import.meta.url``, or ``import.meta``."""

    start: int
    end: int
    line: int
    #: Whether it hands on all of ``import.meta``, and who knows what will be read of it.
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """All that a script refers to, each in document order."""

    references: tuple[Reference, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    own: tuple[Own, ...] = ()

    @property
    def hands_on_itself(self) -> bool:
        """Whether it gives its ``import.meta`` to somebody."""
        return any(each.is_whole for each in self.own)
