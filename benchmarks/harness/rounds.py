"""Run a race: rounds interleaved, the order rotated, noisy runs repeated, the failed set aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from harness.contestant import Contestant, Race, Services
from harness.launch import launch
from harness.machine import ForeignCpu, Meter, facts, load, noise_story
from harness.measure import GC_STATE
from harness.result import Crashed, Failure, Result, Run, Settings, entrants
from harness.worker import Reply, Request

__all__ = ["Watcher", "order", "run_race"]


_QUIET_SECONDS = 1.0


class Watcher(Protocol):
    """Is told how far the race is."""

    def begin(self, race: str, rounds: int, contestants: int) -> None: ...

    def running(self, contestant: str, round_: int, *, repeated: bool) -> None: ...

    def end(self) -> None: ...


def order(contestants: Sequence[Contestant], round_: int) -> list[Contestant]:
    """The order of a round: each round begins with the next contestant, so that nobody is always first."""
    shift = round_ % len(contestants) if contestants else 0
    return [*contestants[shift:], *contestants[:shift]]


def run_race(
    race: Race,
    settings: Settings,
    watcher: Watcher,
    meter: Callable[[tuple[int, ...]], Meter] = ForeignCpu,
    pause: Callable[[float], object] = time.sleep,
) -> Result:
    """Run all rounds of a race and return every measurement.

    A contestant that fails is out of the following rounds; the others go on. One that crashes in a case is out of
    that case: the crash is its result there. ``meter`` is given the process ids of
    the race's services; ``pause`` waits for so many seconds.
    """
    started, clock, load_before = datetime.now(UTC), time.monotonic(), load()
    with TemporaryDirectory(prefix="bench-race-") as scratch, race.services(Path(scratch)) as services:
        track = _Track(race, settings, services, Path(scratch), meter(services.pids), watcher, pause)
        watcher.begin(race.name, settings.rounds, len(race.contestants))
        try:
            for round_ in range(settings.rounds):
                track.run_round(round_)
        finally:
            watcher.end()
    return Result(
        race=race.name,
        title=race.title,
        unit=race.unit,
        scale=race.scale,
        figure=race.figure,
        baseline=race.baseline,
        columns=race.columns,
        cases={case.key: case.title for case in race.cases},
        baselines={case.key: case.baseline for case in race.cases if case.baseline},
        gauges=race.gauges,
        rate=race.rate,
        targets=race.targets,
        how=race.how,
        entrants=entrants(race),
        settings=settings,
        machine=facts(),
        services=dict(services.facts),
        versions=dict(sorted(track.versions.items(), key=lambda item: item[0].lower())),
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - clock, 1),
        load_before=load_before,
        load_after=load(),
        noise=noise_story(),
        gc=GC_STATE,
        runs=tuple(track.runs),
        failures=tuple(track.failures),
        crashes=tuple(track.crashes),
    )


@dataclass
class _Track:
    """A race that is being run."""

    race: Race
    settings: Settings
    services: Services
    scratch: Path
    meter: Meter
    watcher: Watcher
    pause: Callable[[float], object]
    runs: list[Run] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    crashes: list[Crashed] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    hints: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    repeated: int = 0
    waited: float = 0.0

    def run_round(self, round_: int) -> None:
        """Everyone once; then those again, some times, whose run others disturbed. The quietest run counts."""
        done: dict[str, Run] = {}
        ordered = order(self._standing(), round_)
        for position, contestant in enumerate(ordered):
            run = self._run(contestant, round_, position, repeated=False)
            if run is not None:
                done[contestant.name] = run
        if round_ >= self.settings.dropped:
            for _ in range(self.settings.attempts - 1):
                self._repeat_noisy(ordered, done)
        self.runs.extend(done.values())

    def _repeat_noisy(self, ordered: Sequence[Contestant], done: dict[str, Run]) -> None:
        most = self.settings.repeats * len(self.race.contestants)
        for contestant in ordered:
            run = done.get(contestant.name)
            if run is not None and self._is_noisy(run) and self.repeated < most:
                self.repeated += 1
                self._wait_for_quiet()
                done[contestant.name] = self._again(contestant, run)

    def _wait_for_quiet(self) -> None:
        while self.waited < self.settings.patience:
            self.meter.start()
            self.pause(_QUIET_SECONDS)
            self.waited += _QUIET_SECONDS
            foreign = self.meter.read()
            if foreign is None or foreign <= self.settings.noise_limit:
                return

    def _standing(self) -> list[Contestant]:
        out = {failure.contestant for failure in self.failures} | self.finished
        return [contestant for contestant in self.race.contestants if contestant.name not in out]

    def _is_noisy(self, run: Run) -> bool:
        return run.foreign is not None and run.foreign > self.settings.noise_limit

    def _again(self, contestant: Contestant, old: Run) -> Run:
        new = self._run(contestant, old.round, old.position, repeated=True)
        attempts = old.attempts + 1
        if new is None or (new.foreign or 0.0) >= (old.foreign or 0.0):
            return replace(old, attempts=attempts)
        return replace(new, attempts=attempts)

    def _run(self, contestant: Contestant, round_: int, position: int, *, repeated: bool) -> Run | None:
        self.watcher.running(contestant.name, round_, repeated=repeated)
        self.meter.start()
        reply = self._launch(contestant, round_)
        foreign = self.meter.read()
        if reply.error is None and not reply.samples and not reply.crashes:
            reply = replace(reply, error="the contestant runs in none of the race's cases")
        self.versions |= reply.versions
        if reply.error is not None:
            self.failures.append(
                Failure(
                    contestant=contestant.name, round=round_, error=reply.error, traceback=reply.traceback
                )
            )
            return None
        self._remember(contestant, reply, round_)
        return Run(
            contestant=contestant.name,
            round=round_,
            position=position,
            attempts=1,
            foreign=None if foreign is None else round(foreign, 3),
            samples=reply.samples,
            gauges=reply.gauges,
        )

    def _launch(self, contestant: Contestant, round_: int) -> Reply:
        request = Request(
            module=contestant.module,
            packages=contestant.packages,
            workspace="",
            cases=tuple(case.key for case in self.race.cases),
            figure=self.race.figure,
            minimum=self.settings.minimum,
            samples=self.settings.samples,
            hints=self.hints.get(contestant.name, {}),
            skip=tuple(crash.case for crash in self.crashes if crash.contestant == contestant.name),
            check=round_ == 0,
        )
        # The same seed for all in a round, another one in the next: the luck of hashing is shared, and averaged.
        return launch(
            request,
            environment=self.services.environment,
            hash_seed=round_ + 1,
            timeout=self.settings.timeout,
            scratch=self.scratch,
        )

    def _remember(self, contestant: Contestant, reply: Reply, round_: int) -> None:
        for case, reason in reply.crashes.items():
            self.crashes.append(Crashed(contestant=contestant.name, case=case, round=round_, reason=reason))
        if not reply.samples:
            # It crashes wherever it runs: there is nothing left to be measured.
            self.finished.add(contestant.name)
        self.hints[contestant.name] = {
            case: (samples[-1].run.loops, samples[-1].overhead.loops if samples[-1].overhead else 1)
            for case, samples in reply.samples.items()
        }
