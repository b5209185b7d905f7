"""What a build has done."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import notice
from .notice import Notice
from .records import Record

__all__ = ["Progress", "Summary", "alike"]

#: Told how many of how many pieces of work are done.
Progress = Callable[[int, int], object]


@dataclass
class Summary:
    """The outcome of a build, for people and for the next one."""

    #: The path of what each file of the tree was published as, by its name.
    tree: dict[str, str] = field(default_factory=dict)
    #: Paths of published files, and how many files had to be written.
    files: list[str] = field(default_factory=list)
    written: int = 0
    #: Bytes of the originals, and of what was published of them.
    before: int = 0
    after: int = 0
    #: Bytes of the files that have compressed siblings, and of the siblings, by format.
    siblings: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: What could not be done as asked for, for people.
    problems: list[Notice] = field(default_factory=list)
    #: What is no mistake, and good to know.
    notes: list[Notice] = field(default_factory=list)
    seconds: float = 0.0

    def tell(self, record: Record) -> None:
        """Take in what is to be said of a piece of work."""
        self.problems += record.problems
        self.notes += record.notes

    def say_once(self) -> None:
        """Leave out what is said again: one file may be in many pieces of work, and each is told of when it is done."""
        self.problems = list(dict.fromkeys(self.problems))
        self.notes = list(dict.fromkeys(self.notes))

    def plain(self) -> dict[str, Any]:
        """What a build that finds nothing changed says again, as plain values."""
        return {
            "tree": self.tree,
            "files": self.files,
            "before": self.before,
            "after": self.after,
            "siblings": self.siblings,
            "problems": notice.listed(self.problems),
            "notes": notice.listed(self.notes),
        }

    @classmethod
    def again(cls, value: Mapping[str, Any]) -> Summary:
        """The summary of such values: nothing was written."""
        siblings = {name: (before, after) for name, (before, after) in value["siblings"].items()}
        return cls(
            tree=dict(value["tree"]),
            files=list(value["files"]),
            before=value["before"],
            after=value["after"],
            siblings=siblings,
            problems=list(notice.restored(value["problems"])),
            notes=list(notice.restored(value["notes"])),
        )


def alike(names: Mapping[str, str]) -> list[Notice]:
    """Names of files, with the paths they stand for, that are one where case or the form of accents does not count: on many
    a Mac, on Windows, behind some CDNs."""
    folded: dict[str, str] = {}
    found = []
    for name, path in sorted(names.items()):
        other = folded.setdefault(_folded(name), name)
        if other != name:
            text = f"{other} and {name} differ only {_difference(other, name)}, which not every system tells apart"
            found.append(Notice(text, path))
    return found


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", _composed(name).casefold())


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _difference(one: str, other: str) -> str:
    if one.casefold() == other.casefold():
        return "in case"
    accents = "in how accents are written (NFC and NFD)"
    return accents if _composed(one) == _composed(other) else f"in case and {accents}"
