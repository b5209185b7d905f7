"""What a race is made of, and what a contestant hands to the stopwatch."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

__all__ = [
    "Case",
    "Contestant",
    "Enter",
    "Figure",
    "Operation",
    "Race",
    "Services",
    "find_races",
    "no_services",
]

Figure = Literal["wall", "cpu"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is timed: ``run(loops)`` does the work ``loops`` times, each time for ``units`` things.

    ``overhead(loops)`` is timed by itself, and its time per loop is taken away. ``before()`` is called ahead of
    every measurement, outside of it, and brings back the state that the work uses up.
    """

    run: Callable[[int], object]
    units: int = 1
    overhead: Callable[[int], object] | None = None
    before: Callable[[], object] | None = None


Enter = Callable[[Path], AbstractContextManager[Mapping[str, Operation]]]
"""``enter(workspace)`` of an adapter: sets up in an empty folder and yields an operation for each case it runs in."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that every contestant does."""

    key: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """Who runs: ``module`` holds the adapter's ``enter``, and is imported in the contestant's own process only."""

    name: str
    title: str
    module: str
    packages: tuple[str, ...]
    ours: bool = False


@dataclass(frozen=True, kw_only=True)
class Services:
    """What runs beside the contestants for the whole race: their CPU time is the race's own, not foreign."""

    environment: Mapping[str, str] = field(default_factory=dict)
    pids: tuple[int, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def no_services(workspace: Path) -> Iterator[Services]:
    """The services of a race that needs none."""
    del workspace
    yield Services()


@dataclass(frozen=True, kw_only=True)
class Race:
    """A question, those who answer it, and how they are compared; less is better.

    A measured figure is ``scale`` times the seconds per unit of work, shown as ``unit``. ``figure`` says whether the wall's
    clock or the CPU time of the contestant's process decides; the other one is kept in the result.
    ``samples`` are taken in each round; the chart has its cases in ``columns``.
    """

    name: str
    title: str
    unit: str
    figure: Figure
    baseline: str
    cases: tuple[Case, ...]
    contestants: tuple[Contestant, ...]
    how: tuple[str, ...]
    scale: float = 1e6
    columns: int = 1
    samples: int = 3
    services: Callable[[Path], AbstractContextManager[Services]] = no_services

    def __post_init__(self) -> None:
        names = [contestant.name for contestant in self.contestants]
        if len(set(names)) != len(names):
            raise ValueError(
                f"race {self.name!r}: two contestants of one name in {names}; each needs its own"
            )
        if self.baseline not in names:
            raise ValueError(f"race {self.name!r}: the baseline {self.baseline!r} is none of {names}")


def find_races(package: str = "races") -> dict[str, Race]:
    """The races under ``package``: every sub-package with a module ``race`` that holds ``RACE``, by name."""
    folders = pkgutil.iter_modules(importlib.import_module(package).__path__)
    races = [
        importlib.import_module(f"{package}.{folder.name}.race").RACE for folder in folders if folder.ispkg
    ]
    return {race.name: race for race in races}
