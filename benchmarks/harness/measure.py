"""Time one operation: find the number of loops, warm up, then take samples of wall and CPU time."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.contestant import Elapsed, Figure, Operation

__all__ = ["GC_STATE", "Sample", "Timing", "measure", "settle_gc"]

GC_STATE = (
    "enabled, with what set-up made frozen out of its sight and a full collection before every measurement"
)

_GROWTH = 10
_MARGIN = 1.2
_MOST_LOOPS = 10**9


@dataclass(frozen=True)
class Timing:
    """``loops`` turns and the seconds they took together."""

    loops: int
    wall: float
    cpu: float

    def per_loop(self, figure: Figure) -> float:
        """Seconds of one turn."""
        return (self.wall if figure == "wall" else self.cpu) / self.loops


@dataclass(frozen=True)
class Sample:
    """One measurement of an operation, with that of its overhead."""

    units: int
    run: Timing
    overhead: Timing | None = None

    def per_unit(self, figure: Figure) -> float:
        """Seconds for one unit of work, the overhead taken away."""
        overhead = self.overhead.per_loop(figure) if self.overhead else 0.0
        return (self.run.per_loop(figure) - overhead) / self.units


def settle_gc() -> None:
    """Bring the collector into the state that ``GC_STATE`` names; called once, after set-up."""
    gc.enable()
    gc.collect()
    gc.freeze()


def measure(
    operation: Operation, figure: Figure, *, minimum: float, samples: int, hint: tuple[int, int] = (1, 1)
) -> list[Sample]:
    """Take ``samples`` measurements, none of which lasts less than ``minimum`` seconds of ``figure``.

    ``hint`` is the number of loops to begin with, of the work and of its overhead: what an earlier round found.
    An operation that says its number of turns is neither calibrated nor held to the minimum.
    """
    before = operation.before or _nothing
    if operation.turns is not None:
        return [_sample(operation, before, operation.turns) for _ in range(samples)]
    loops = _calibrate(operation.run, before, figure, minimum, hint[0])
    overhead_loops = (
        _calibrate(operation.overhead, before, figure, minimum, hint[1]) if operation.overhead else 0
    )
    taken = []
    for _ in range(samples):
        run, loops = _timed_long_enough(operation.run, before, figure, minimum, loops)
        overhead = None
        if operation.overhead:
            overhead, overhead_loops = _timed_long_enough(
                operation.overhead, before, figure, minimum, overhead_loops
            )
        taken.append(Sample(operation.units, run, overhead))
    return taken


def _nothing() -> None:
    return None


def _sample(operation: Operation, before: Callable[[], object], turns: int) -> Sample:
    run = _timed(operation.run, before, turns)
    return Sample(
        operation.units, run, _timed(operation.overhead, before, turns) if operation.overhead else None
    )


def _timed(run: Callable[[int], object], before: Callable[[], object], loops: int) -> Timing:
    before()
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    returned = run(loops)
    cpu = time.process_time() - cpu
    wall = time.perf_counter() - wall
    if isinstance(returned, Elapsed):
        return Timing(loops, returned.wall, returned.cpu)
    return Timing(loops, wall, cpu)


def _calibrate(
    run: Callable[[int], object], before: Callable[[], object], figure: Figure, minimum: float, hint: int
) -> int:
    """The loops for one measurement. A tenth of it has been run at the end of this: that is the warm-up."""
    loops = max(1, hint // _GROWTH)
    while True:
        timing = _timed(run, before, loops)
        elapsed = timing.per_loop(figure) * loops
        if elapsed * _GROWTH >= minimum:
            return max(loops, hint, math.ceil(loops * _MARGIN * minimum / elapsed))
        loops = _more(loops, elapsed, minimum / _GROWTH)


def _timed_long_enough(
    run: Callable[[int], object], before: Callable[[], object], figure: Figure, minimum: float, loops: int
) -> tuple[Timing, int]:
    while True:
        timing = _timed(run, before, loops)
        elapsed = timing.per_loop(figure) * loops
        if elapsed >= minimum:
            return timing, loops
        loops = _more(loops, elapsed, minimum)


def _more(loops: int, elapsed: float, wanted: float) -> int:
    if loops >= _MOST_LOOPS:
        raise ValueError(
            f"{loops} loops took {elapsed} s: the operation does not do its work once for each loop it is asked for"
        )
    factor = min(_GROWTH, _MARGIN * wanted / elapsed) if elapsed > 0 else _GROWTH
    return max(loops + 1, math.ceil(loops * factor))
