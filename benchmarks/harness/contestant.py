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
    "Crash",
    "Elapsed",
    "Enter",
    "Figure",
    "Gauge",
    "Operation",
    "Race",
    "Rate",
    "Services",
    "Target",
    "Unavailable",
    "find_races",
    "no_services",
]

Figure = Literal["wall", "cpu"]


class Crash(Exception):
    """What a contestant was asked to do ends with an error of its own: that is its result in this case."""


class Unavailable(Exception):
    """What a race needs cannot be had here; its services raise this, with what to do about it."""


@dataclass(frozen=True)
class Elapsed:
    """Seconds, as they were measured where the work was done: in a process that the operation started."""

    wall: float
    cpu: float


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is timed: ``run(loops)`` does the work ``loops`` times, each time for ``units`` things.

    ``overhead(loops)`` is timed by itself, and its time per loop is taken away. ``before()`` is called ahead of
    every measurement, outside of it, and brings back the state that the work uses up.

    Work that is done, and timed, in a process of its own returns an :class:`Elapsed` for all the loops, which counts
    in place of the stopwatch's. ``turns`` is for work that lasts long, or begins cold: every measurement has
    exactly so many loops, and there is no warm-up. What crashes raises :class:`Crash`.

    ``gauges()`` tells what is measured beside time, by the keys of the race's gauges; it is asked after the
    measurements of each round. ``check()`` is the same for what is long to find out and never changes: it is
    asked in the first round only.
    """

    run: Callable[[int], Elapsed | object]
    units: int = 1
    overhead: Callable[[int], Elapsed | object] | None = None
    before: Callable[[], object] | None = None
    turns: int | None = None
    gauges: Callable[[], Mapping[str, float]] | None = None
    check: Callable[[], Mapping[str, float]] | None = None


Enter = Callable[[Path], AbstractContextManager[Mapping[str, Operation]]]
"""``enter(workspace)`` of an adapter: sets up in an empty folder and yields an operation for each case it runs in."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that contestants do; compared with the race's baseline, unless the case has one of its own."""

    key: str
    title: str
    baseline: str | None = None


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """What is measured beside time: a value as adapters give it is divided by ``divisor`` and shown in ``unit``."""

    key: str
    title: str
    unit: str = ""
    divisor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Says how a figure is shown as a speed beside it: ``scale`` units of work per second are one ``unit``."""

    unit: str
    scale: float


@dataclass(frozen=True, kw_only=True)
class Target:
    """What one of ours is to reach in a case: at most ``at_most``, or at most that share of ``against``.

    Compared is the race's figure, or the gauge that is named, in the unit in which it is shown.
    """

    case: str
    contestant: str
    at_most: float
    against: str | None = None
    gauge: str | None = None


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
    ``samples`` are taken in each of ``rounds``; the chart has its cases in ``columns``.
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
    rounds: int | None = None
    gauges: tuple[Gauge, ...] = ()
    rate: Rate | None = None
    targets: tuple[Target, ...] = ()
    services: Callable[[Path], AbstractContextManager[Services]] = no_services

    def __post_init__(self) -> None:
        names = [contestant.name for contestant in self.contestants]
        if len(set(names)) != len(names):
            raise ValueError(
                f"race {self.name!r}: two contestants of one name in {names}; each needs its own"
            )
        for baseline in (self.baseline, *(case.baseline for case in self.cases)):
            if baseline is not None and baseline not in names:
                raise ValueError(f"race {self.name!r}: the baseline {baseline!r} is none of {names}")
        known = [gauge.key for gauge in self.gauges]
        keys = [case.key for case in self.cases]
        for target in self.targets:
            for what, value, accepted in (
                ("case", target.case, keys),
                ("contestant", target.contestant, names),
                ("contestant", target.against, [None, *names]),
                ("gauge", target.gauge, [None, *known]),
            ):
                if value not in accepted:
                    raise ValueError(
                        f"race {self.name!r}: a target names a {what} {value!r}, none of {accepted}"
                    )


def find_races(package: str = "races") -> dict[str, Race]:
    """The races under ``package``: every sub-package with a module ``race`` that holds ``RACE``, by name."""
    folders = pkgutil.iter_modules(importlib.import_module(package).__path__)
    races = [
        importlib.import_module(f"{package}.{folder.name}.race").RACE for folder in folders if folder.ispkg
    ]
    return {race.name: race for race in races}
