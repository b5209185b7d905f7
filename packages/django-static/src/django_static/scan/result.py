"""What a scan finds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from ..answers import Place, titled
from ..notice import Notice
from .handed import Handed, wanted_names

__all__ = ["Absence", "Failure", "Findings", "Scan", "Unknown", "Use"]


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
    #: As in :class:`django_static.answers.Place`.
    engine: str = ""

    def __str__(self) -> str:
        line = f"line {self.line}: " if self.line else ""
        return f"{titled(self.template, self.engine)}: {line}{self.reason}"


@dataclass(frozen=True, slots=True, order=True)
class Absence:
    """A template that another one asks for by name, and that there is not: a page that comes to it fails."""

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Scan:
    """All that was found, each once, in the order of templates and lines; ``notes`` says what could not be looked at.

    ``mentions`` are the paths that ``{% static %}`` is handed; ``enclosed`` are those of them that stand inside blocks of ours
    and nowhere else.
    """

    uses: tuple[Use, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    failed: tuple[Failure, ...] = ()
    notes: tuple[Notice, ...] = ()
    mentions: tuple[tuple[Place, str], ...] = ()
    missing: tuple[Absence, ...] = ()
    enclosed: tuple[tuple[Place, str], ...] = ()


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
    #: With the place that each is about.
    notes: dict[tuple[Place | None, str], None] = field(default_factory=dict)
    #: With whether each stands inside of our blocks only.
    mentions: dict[tuple[Place, str], bool] = field(default_factory=dict)
    missing: dict[Absence, None] = field(default_factory=dict)
    #: The tags that name a template at run time only, with the expression and the tag as it is written.
    handed: dict[tuple[Place, str, str], Handed] = field(default_factory=dict)
    #: How many blocks of ours are being walked.
    blocks: int = 0

    def use(self, use: Use, written: str, *, reached: bool) -> None:
        self.uses[use] = None
        if reached:
            self.told.add((use.place, written))

    def cannot_know(self, place: Place, expression: str, written: str, *, reached: bool) -> None:
        key = (place, expression, written)
        self.unknown[key] = self.unknown.get(key, False) or reached

    def hands(self, place: Place, expression: str, written: str, handed: Handed) -> None:
        """Note what goes to a template that is known at run time only; a block of ours has that told of itself."""
        if not self.blocks:
            self.handed.setdefault((place, expression, written), Handed()).add(handed)

    def settle(self) -> None:
        """Tell of what was handed on, when all that is asked for in an engine has been seen."""
        wanted = wanted_names(self.unknown)
        for (place, expression, written), handed in self.handed.items():
            if handed.matters(wanted):
                self.cannot_know(place, expression, written, reached=handed.reached)

    def note(self, text: str, place: Place | None = None) -> None:
        self.notes[place, text] = None

    def mention(self, place: Place, path: str) -> None:
        """Note what ``{% static %}`` is handed."""
        key = (place, path)
        self.mentions[key] = self.mentions.get(key, True) and self.blocks > 0

    @contextlib.contextmanager
    def block(self) -> Iterator[None]:
        """What is found meanwhile stands inside a block of ours."""
        self.blocks += 1
        yield
        self.blocks -= 1

    def lacks(self, place: Place, reason: str) -> None:
        self.missing[Absence(place, reason)] = None

    def take(self, found: Findings, engine: Callable[[str, str], str]) -> None:
        """Take over what was found in one engine; ``engine`` is asked for its name by that of a template and its file."""

        def at(place: Place) -> Place:
            return place._replace(engine=engine(place.template, ""))

        self.uses |= {replace(use, place=at(use.place)): None for use in found.uses}
        self.told |= {(at(place), written) for place, written in found.told}
        self.unknown |= {
            (at(place), expression, written): reached
            for (place, expression, written), reached in found.unknown.items()
        }
        self.failed |= {
            replace(failure, engine=engine(failure.template, path)): path
            for failure, path in found.failed.items()
        }
        self.compiled |= found.compiled
        self.notes |= {(place and at(place), text): None for place, text in found.notes}
        self.mentions |= {(at(place), path): enclosed for (place, path), enclosed in found.mentions.items()}
        self.missing |= {Absence(at(each.place), each.reason): None for each in found.missing}

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
            tuple(sorted(failed, key=lambda each: (each.template, each.line, each.engine, each.reason))),
            tuple(sorted({_notice(place, text) for place, text in self.notes})),
            tuple(sorted(self.mentions)),
            tuple(sorted(self.missing)),
            tuple(sorted(key for key, enclosed in self.mentions.items() if enclosed)),
        )


def _notice(place: Place | None, text: str) -> Notice:
    return Notice(f"{place}: {text}", place.template) if place else Notice(text)
