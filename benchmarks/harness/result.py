"""The result of a race: every measurement kept, as plain data that goes to JSON and comes back the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from harness.contestant import Figure, Gauge, Race, Rate, Target
from harness.measure import Sample
from harness.worker import samples_from_json

__all__ = ["SCHEMA", "Crashed", "Entrant", "Failure", "Result", "Run", "Settings", "entrants"]

SCHEMA = "slimstack-benchmark/1"
"""Raised when a reader of the last form would misread the new one."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the race is run. ``rounds`` counts the dropped ones in; ``minimum`` is in seconds, ``noise_limit`` in cores.

    A noisy run is repeated ``attempts - 1`` times at most, and in the whole race as many runs as ``repeats`` rounds have.
    Before that a quiet second is waited for, up to ``patience`` seconds in the whole race.
    """

    rounds: int = 6
    dropped: int = 1
    samples: int = 3
    minimum: float = 0.2
    noise_limit: float = 0.1
    attempts: int = 3
    repeats: int = 3
    patience: float = 60.0
    timeout: float = 600.0

    def __post_init__(self) -> None:
        if self.rounds <= self.dropped:
            raise ValueError(
                f"rounds: {self.rounds}; the first {self.dropped} of them are dropped, so take more"
            )
        if self.samples < 1 or self.minimum <= 0:
            raise ValueError(
                f"samples: {self.samples}, minimum: {self.minimum} s; both have to be above nothing"
            )


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """A contestant as the result knows it."""

    name: str
    title: str
    ours: bool


@dataclass(frozen=True, kw_only=True)
class Run:
    """One process: a contestant in a round. ``position`` is its place in the order, ``attempts`` how often it ran.

    ``foreign`` are the cores that others used meanwhile, on average; None where that is not known. ``gauges`` holds
    what was measured beside time: case → gauge → value.
    """

    contestant: str
    round: int
    position: int
    attempts: int
    foreign: float | None
    samples: dict[str, list[Sample]]
    gauges: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Crashed:
    """A contestant whose own work ends with an error in a case: a result, and the contestant goes on elsewhere."""

    contestant: str
    case: str
    round: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A contestant that did not reach the end, in which round, and why."""

    contestant: str
    round: int
    error: str
    traceback: str | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """All that is known after a race. Summaries are made from it, never stored as the only truth."""

    race: str
    title: str
    unit: str
    scale: float
    figure: Figure
    baseline: str
    columns: int
    cases: dict[str, str]
    how: tuple[str, ...]
    entrants: tuple[Entrant, ...]
    settings: Settings
    machine: dict[str, str | int]
    services: dict[str, str]
    versions: dict[str, str]
    started: str
    seconds: float
    load_before: list[float]
    load_after: list[float]
    noise: str
    gc: str
    runs: tuple[Run, ...]
    failures: tuple[Failure, ...] = ()
    crashes: tuple[Crashed, ...] = ()
    baselines: dict[str, str] = field(default_factory=dict)
    gauges: tuple[Gauge, ...] = ()
    rate: Rate | None = None
    targets: tuple[Target, ...] = ()
    schema: str = field(default=SCHEMA)

    def noisy(self) -> list[Run]:
        """The counted runs that could not be made quiet."""
        limit = self.settings.noise_limit
        return [run for run in self.counted() if run.foreign is not None and run.foreign > limit]

    def counted(self) -> list[Run]:
        """The runs of the rounds that are not dropped."""
        return [run for run in self.runs if run.round >= self.settings.dropped]

    def baseline_of(self, case: str) -> str:
        """Whom the contestants of a case are compared with."""
        return self.baselines.get(case, self.baseline)

    def to_json(self) -> dict[str, Any]:
        """Plain data, the schema first."""
        data = asdict(self)
        return {"schema": data.pop("schema"), **data}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Result:
        """The result again. ValueError where the data has another schema."""
        if data.get("schema") != SCHEMA:
            raise ValueError(
                f"schema: {data.get('schema')!r}; this harness reads {SCHEMA!r}. Run the race again."
            )
        known = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
        rebuilt: dict[str, Any] = {
            "how": tuple(data["how"]),
            "entrants": tuple(Entrant(**entrant) for entrant in data["entrants"]),
            "settings": Settings(**data["settings"]),
            "runs": tuple(_run_from_json(run) for run in data["runs"]),
            "failures": tuple(Failure(**failure) for failure in data["failures"]),
            # Not in the results of the first races, which had none of these.
            "crashes": tuple(Crashed(**crash) for crash in data.get("crashes", ())),
            "gauges": tuple(Gauge(**gauge) for gauge in data.get("gauges", ())),
            "rate": Rate(**data["rate"]) if data.get("rate") else None,
            "targets": tuple(Target(**target) for target in data.get("targets", ())),
        }
        return cls(**{**known, **rebuilt})


def _run_from_json(run: dict[str, Any]) -> Run:
    samples = {case: samples_from_json(taken) for case, taken in run["samples"].items()}
    return Run(**{**run, "samples": samples})


def entrants(race: Race) -> tuple[Entrant, ...]:
    """The contestants of a race as a result keeps them."""
    return tuple(Entrant(name=each.name, title=each.title, ours=each.ours) for each in race.contestants)
