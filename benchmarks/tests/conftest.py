"""Makes the harness importable, and writes fast fake contestants into a folder that the workers import from."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

import hypothesis
import pytest

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

BENCHMARKS = Path(__file__).resolve().parent.parent
if str(BENCHMARKS) not in sys.path:
    sys.path.insert(0, str(BENCHMARKS))

from harness.contestant import Case, Contestant, Race
from harness.measure import Sample, Timing
from harness.result import Entrant, Failure, Result, Run, Settings

STEADY = """
    def run(loops):
        for _ in range(loops):
            sum(range(50))

    yield {"work": Operation(run=run)}
"""


class Stable:
    """Writes adapters, makes races of them, and reads what the contestants logged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log.txt"

    def adapter(self, name: str, body: str = STEADY) -> Contestant:
        """An adapter module whose ``enter`` logs ``name pid seed workspace`` and then does ``body``."""
        head = f"""
            import os, sys, time
            from contextlib import contextmanager
            from pathlib import Path
            from harness.contestant import Operation

            @contextmanager
            def enter(workspace):
                with open({str(self.log)!r}, "a") as log:
                    print({name!r}, os.getpid(), os.environ["PYTHONHASHSEED"], workspace, file=log)
        """
        text = textwrap.dedent(head) + textwrap.indent(textwrap.dedent(body), "    ")
        (self.folder / f"fake_{name}.py").write_text(text)
        return Contestant(name=name, title=f"The {name}", module=f"fake_{name}", packages=("psutil",))

    def race(self, contestants: Iterable[Contestant], **changes: object) -> Race:
        """A race with one case, ``work``."""
        entered = tuple(contestants)
        facts: dict[str, object] = {
            "name": "fake",
            "title": "A fake race",
            "unit": "µs per thing",
            "figure": "wall",
            "baseline": entered[0].name,
            "cases": (Case(key="work", title="Work"),),
            "contestants": entered,
            "how": ("said how",),
        }
        return Race(**{**facts, **changes})

    def logged(self) -> list[list[str]]:
        """A list ``[name, pid, seed, workspace]`` for each process, in the order of their start."""
        return [line.split() for line in self.log.read_text().splitlines()]

    def order(self) -> str:
        """The names in the order of their start."""
        return " ".join(entry[0] for entry in self.logged())


@pytest.fixture
def stable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stable:
    folder = tmp_path / "stable"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(str(folder))
    return Stable(folder)


class Silent:
    """A watcher that only remembers."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def begin(self, race: str, rounds: int, contestants: int) -> None:
        self.told.append(("begin", race, rounds, contestants))

    def running(self, contestant: str, round_: int, *, repeated: bool) -> None:
        self.told.append((contestant, round_, repeated))

    def end(self) -> None:
        self.told.append(("end",))


@pytest.fixture
def watcher() -> Silent:
    return Silent()


class ScriptedMeter:
    """A meter that reads the figures it was given, one after the other; the last one stays."""

    def __init__(self, *figures: float | None) -> None:
        self.figures = list(figures)
        self.pids: tuple[int, ...] = ()

    def __call__(self, pids: tuple[int, ...]) -> ScriptedMeter:
        self.pids = pids
        return self

    def start(self) -> None: ...

    def read(self) -> float | None:
        return self.figures.pop(0) if len(self.figures) > 1 else self.figures[0]


@pytest.fixture
def scripted() -> type[ScriptedMeter]:
    return ScriptedMeter


@pytest.fixture
def quick() -> Callable[..., Settings]:
    """Settings for fakes: each measurement lasts a millisecond."""

    def make(**changes: object) -> Settings:
        return Settings(
            **{"rounds": 3, "samples": 1, "minimum": 0.001, "timeout": 30.0, "patience": 0.0, **changes}
        )

    return make


@pytest.fixture
def made_result() -> Callable[..., Result]:
    """A result from ``{contestant: {case: [µs of round 0, of round 1, ...]}}``, without any race."""

    def make(figures: dict[str, dict[str, list[float]]], **changes: object) -> Result:
        rounds = max(len(values) for cases in figures.values() for values in cases.values())
        runs = [
            Run(
                contestant=name,
                round=round_,
                position=position,
                attempts=1,
                foreign=0.0,
                samples={case: [_sample(values[round_])] for case, values in cases.items()},
            )
            for round_ in range(rounds)
            for position, (name, cases) in enumerate(figures.items())
        ]
        facts: dict[str, object] = {
            "race": "made",
            "title": 'Made <up> & "quoted"',
            "unit": "µs",
            "scale": 1e6,
            "figure": "wall",
            "baseline": next(iter(figures)),
            "columns": 2,
            "cases": {case: case.title() for cases in figures.values() for case in cases},
            "how": ("by hand",),
            "entrants": tuple(
                Entrant(name=name, title=name.title(), ours=name.startswith("our")) for name in figures
            ),
            "settings": Settings(rounds=rounds, samples=1),
            "machine": {"cpu": "abacus", "cores": 1, "python": "CPython"},
            "services": {"server": "1.0"},
            "versions": {"thing": "2.0"},
            "started": "2026-01-02T03:04:05+00:00",
            "seconds": 1.5,
            "load_before": [0.1, 0.2, 0.3],
            "load_after": [0.1, 0.2, 0.3],
            "noise": "foreign CPU use measured",
            "gc": "on",
            "runs": tuple(runs),
            "failures": (),
        }
        return Result(**{**facts, **changes})

    return make


def _sample(microseconds: float) -> Sample:
    seconds = microseconds / 1e6 * 1000
    return Sample(units=10, run=Timing(100, seconds, seconds / 2))


@pytest.fixture
def failure() -> Failure:
    return Failure(
        contestant="rival", round=1, error="ValueError: <odd> & bad", traceback="Traceback\n  line"
    )
