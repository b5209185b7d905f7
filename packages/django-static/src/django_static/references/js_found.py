"""What a reading of a script has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .reference import Reference

__all__ = ["Candidate", "Found", "Look", "Own", "Unknown"]


class Candidate(NamedTuple):
    """A place that says something if it is code."""

    #: Of the token that tells.
    offset: int
    kind: str
    #: Of what is to be read: a literal, the parenthesis before arguments, the look for an element.
    start: int
    end: int
    #: Whether it need not be asked if it is code.
    is_certain: bool = False


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
class Look:
    """A place where a classic script looks for its own element, or for that of its style sheet, to read its URL."""

    start: int
    line: int
    #: ``current`` (``document.currentScript``), ``list`` (all scripts of the page), ``selector`` (``script[src…]``), or
    #: ``sheet`` (``link[href…]``).
    kind: str
    #: What stands there, at most 80 characters of it.
    expression: str
    #: What a selector compares the URL with.
    value: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """All that a script refers to, each in document order."""

    references: tuple[Reference, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    own: tuple[Own, ...] = ()
    looks: tuple[Look, ...] = ()
    #: Whether there is a statement that loads another module: then it can be nothing but one itself.
    has_statement: bool = False

    @property
    def hands_on_itself(self) -> bool:
        """Whether it gives its ``import.meta`` to somebody."""
        return any(each.is_whole for each in self.own)

    @property
    def looks_for_itself(self) -> bool:
        """Whether it reads the URL of its own element."""
        return any(each.kind != "sheet" for each in self.looks)

    @property
    def looks_for_others(self) -> bool:
        """Whether it looks through the elements of a page; a module has no other way, since it is not told its own."""
        return any(each.kind in ("list", "selector") for each in self.looks)
