"""The stopwatch, with a clock that only the operations move."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest

from harness import measure as measure_module
from harness.contestant import Operation
from harness.measure import Sample, Timing, measure, settle_gc


class Clock:
    """Stands in for the time module: wall and CPU time move only when an operation says so."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def perf_counter(self) -> float:
        return self.wall

    def process_time(self) -> float:
        return self.cpu

    def work(self, wall: float, cpu: float, calls: list[int] | None = None) -> Callable[[int], None]:
        def run(loops: int) -> None:
            self.wall += wall * loops
            self.cpu += cpu * loops
            if calls is not None:
                calls.append(loops)

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(measure_module, "time", made)
    return made


@pytest.mark.parametrize("seconds", [3.0, 0.2, 0.01, 1e-4, 1e-6, 3e-9])
@pytest.mark.parametrize("figure", ["wall", "cpu"])
def test_no_measurement_is_shorter_than_the_minimum(clock: Clock, figure: str, seconds: float) -> None:
    work = clock.work(seconds, seconds / 2)

    taken = measure(Operation(run=work), figure, minimum=0.2, samples=3)

    for sample in taken:
        assert sample.run.per_loop(figure) * sample.run.loops >= 0.2
        assert sample.per_unit("wall") == pytest.approx(seconds)
        assert sample.per_unit("cpu") == pytest.approx(seconds / 2)
    assert len(taken) == 3
    assert taken[0].run.loops < 10 * max(1, 0.4 / seconds), "far more loops than the minimum asks for"


def test_the_overhead_and_the_units_are_taken_out(clock: Clock) -> None:
    operation = Operation(run=clock.work(70e-6, 50e-6), overhead=clock.work(20e-6, 10e-6), units=10)

    (sample,) = measure(operation, "wall", minimum=0.2, samples=1)

    assert sample.per_unit("wall") == pytest.approx(5e-6)
    assert sample.per_unit("cpu") == pytest.approx(4e-6)
    assert sample.overhead is not None
    assert sample.overhead.wall >= 0.2, "the overhead is measured as long as the work"


def test_there_is_a_warm_up_that_does_not_count(clock: Clock) -> None:
    calls: list[int] = []

    taken = measure(
        Operation(run=clock.work(1e-3, 1e-3, calls)), "wall", minimum=0.2, samples=2, hint=(300, 1)
    )

    assert calls == [30, 300, 300]
    assert [sample.run.loops for sample in taken] == [300, 300]


def test_a_hint_that_has_become_too_small_is_raised(clock: Clock) -> None:
    taken = measure(Operation(run=clock.work(1e-3, 1e-3)), "wall", minimum=0.2, samples=1, hint=(50, 1))

    assert taken[0].run.loops >= 200


def test_the_state_is_brought_back_before_every_measurement(clock: Clock) -> None:
    happened: list[str] = []
    work = clock.work(1.0, 1.0)

    def run(loops: int) -> None:
        happened.append("run")
        work(loops)

    measure(Operation(run=run, before=lambda: happened.append("before")), "wall", minimum=0.2, samples=2)

    assert happened == ["before", "run"] * 3
    assert clock.wall == 3.0


def test_what_before_costs_is_not_counted(clock: Clock) -> None:
    slow, work = clock.work(5.0, 5.0), clock.work(1.0, 1.0)

    (sample,) = measure(Operation(run=work, before=lambda: slow(1)), "wall", minimum=0.2, samples=1)

    assert sample.per_unit("wall") == 1.0


def test_an_operation_that_ignores_its_loops_is_an_error(clock: Clock) -> None:
    with pytest.raises(ValueError, match="does not do its work once for each loop"):
        measure(Operation(run=lambda loops: None), "wall", minimum=0.2, samples=1)


def test_an_operation_that_gets_faster_is_given_more_loops(clock: Clock) -> None:
    slow_calls = [3]

    def run(loops: int) -> None:
        slow_calls[0] -= 1
        clock.work(1e-3 if slow_calls[0] >= 0 else 1e-5, 0.0)(loops)

    taken = measure(Operation(run=run), "wall", minimum=0.2, samples=2)

    assert [sample.run.wall >= 0.2 for sample in taken] == [True, True]
    assert taken[0].run.loops >= 20_000


def test_garbage_is_collected_before_the_clock_starts(clock: Clock) -> None:
    class Node:
        pass

    alive: list[weakref.ref[Node]] = []
    seen: list[bool] = []

    def make_garbage() -> None:
        node = Node()
        node.itself = node  # type: ignore[attr-defined]
        alive.append(weakref.ref(node))

    def run(loops: int) -> None:
        seen.append(alive[-1]() is None)
        clock.work(1.0, 1.0)(loops)

    measure(Operation(run=run, before=make_garbage), "wall", minimum=0.2, samples=2)

    assert seen == [True] * 3


def test_the_collector_is_on_and_does_not_see_what_set_up_made(clock: Clock) -> None:
    seen: list[tuple[bool, int]] = []
    work = clock.work(1.0, 1.0)

    def run(loops: int) -> None:
        seen.append((gc.isenabled(), gc.get_count()[2]))
        work(loops)

    gc.disable()
    try:
        settle_gc()
        frozen = gc.get_freeze_count()
        measure(Operation(run=run), "wall", minimum=0.2, samples=2)
    finally:
        gc.unfreeze()
        gc.enable()

    assert frozen > 1000
    assert seen == [(True, 0)] * 3, "a full collection came right before"


def test_a_sample_without_overhead() -> None:
    assert Sample(units=4, run=Timing(10, 8.0, 4.0)).per_unit("wall") == pytest.approx(0.2)
    assert Sample(units=4, run=Timing(10, 8.0, 4.0)).per_unit("cpu") == pytest.approx(0.1)
