"""What a scan finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..resolver import Place

__all__ = ["Failure", "Findings", "Scan", "Unknown", "Use"]


@dataclass(frozen=True, slots=True)
class Use:
    """Something a page will ask for.

    ``value`` is, for the kind ``"file"``, the name as given (several may stand in it with ``;`` between); for ``"block"``
    the HTML and for ``"content"`` the text inside the tags, character for character what the page hands over.
    For ``"modules"`` it is the specification of an import map, settings included. Where the value of an attribute is known
    at run time only, the HTML of a block has ``unknown-1`` and the like in its place.
    ``mode`` is the argument of the tag: ``async`` or ``defer`` of a block, ``css``, ``js`` or ``html`` of a content.
    """

    place: Place
    kind: Literal["file", "block", "content", "modules"]
    slim: bool
    value: str
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that only a request can tell; ``expression`` is the source that decides it.

    ``alone``: only so where the template is rendered by itself. Where other templates include or extend it, what is used
    is known.
    """

    place: Place
    expression: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A template that cannot be compiled, or an entry of a setting that means nothing; ``line`` is 0 where nobody says."""

    template: str
    line: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.template}: line {self.line}: {self.reason}"
            if self.line
            else f"{self.template}: {self.reason}"
        )


@dataclass(frozen=True, slots=True)
class Scan:
    """All that was found, each once, in the order of templates and lines; ``notes`` says what could not be looked at.

    ``mentions`` are the paths that ``{% static %}`` is handed.
    """

    uses: tuple[Use, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    failed: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    mentions: tuple[tuple[Place, str], ...] = ()


@dataclass(slots=True)
class Findings:
    """Gathers while the templates are walked; ``written`` is a tag or call as the template has it."""

    uses: dict[Use, None] = field(default_factory=dict)
    #: The tags of which something was found in a template that is reached through another.
    told: set[tuple[Place, str]] = field(default_factory=set)
    #: With the tag, and whether it was found in such a template.
    unknown: dict[tuple[Place, str, str], bool] = field(default_factory=dict)
    #: With the file that failed; one that another engine compiles is a template of that engine.
    failed: dict[Failure, str] = field(default_factory=dict)
    compiled: set[str] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)
    mentions: dict[tuple[Place, str], None] = field(default_factory=dict)

    def use(self, use: Use, written: str, *, reached: bool) -> None:
        self.uses[use] = None
        if reached:
            self.told.add((use.place, written))

    def cannot_know(self, place: Place, expression: str, written: str, *, reached: bool) -> None:
        key = (place, expression, written)
        self.unknown[key] = self.unknown.get(key, False) or reached

    def note(self, text: str) -> None:
        self.notes[text] = None

    def scan(self) -> Scan:
        alone: dict[tuple[Place, str], bool] = {}
        for (place, expression, written), reached in self.unknown.items():
            key = (place, expression)
            alone[key] = alone.get(key, True) and not reached and (place, written) in self.told
        unknown = [Unknown(place, expression, is_alone) for (place, expression), is_alone in alone.items()]
        failed = [failure for failure, path in self.failed.items() if path not in self.compiled]
        return Scan(
            tuple(sorted(self.uses, key=lambda use: (use.place, use.kind, use.slim, use.value, use.mode))),
            tuple(sorted(unknown, key=lambda each: (each.place, each.expression))),
            tuple(sorted(failed, key=lambda each: (each.template, each.line, each.reason))),
            tuple(sorted(self.notes)),
            tuple(sorted(self.mentions)),
        )
