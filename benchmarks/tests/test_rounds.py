"""Whole races of fast fake contestants, in real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.contestant import Contestant, Services
from harness.result import Settings
from harness.rounds import order, run_race
from harness.summarise import summarise

STEADY = """
    yield {"work": Operation(run=lambda loops: [sum(range(50)) for _ in range(loops)])}
"""
CRASHES = 'raise RuntimeError("no such server")\nyield {}'
EXITS = 'print("last words", flush=True)\nos._exit(3)\nyield {}'
HANGS = "time.sleep(600)\nyield {}"
NOTHING = "yield {}"
STRANGE = 'yield {"play": Operation(run=lambda loops: None)}'
IGNORES = 'yield {"work": Operation(run=lambda loops: None)}'
LATE = """
    def run(loops):
        for _ in range(loops):
            sum(range(50))
        if os.environ["PYTHONHASHSEED"] == "3":
            raise KeyError("third round")

    yield {"work": Operation(run=run)}
"""
FORKS = """
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path({target!r}).write_text(str(child.pid))
    yield {{"work": Operation(run=lambda loops: [sum(range(50)) for _ in range(loops)])}}
"""


WRITES = """
    outside = Path({outside!r})
    (workspace / "deep").mkdir()
    (workspace / "deep" / "own.txt").write_text("own")
    (workspace / "twin.txt").hardlink_to(workspace / "deep" / "own.txt")
    (workspace / "shared.txt").hardlink_to(outside)
    (workspace / "link.txt").symlink_to(outside)
    os.mkfifo(workspace / "pipe")
    places = [Path(line.split()[-1]) for line in open({log!r}).read().splitlines()]
    with open({sizes!r}, "w") as file:
        for place in places:
            print(*((place / name).stat().st_size for name in ("deep/own.txt", "twin.txt")), file=file)
    yield {{"work": Operation(run=lambda loops: [sum(range(50)) for _ in range(loops)])}}
"""


def contestants_named(*names):
    return [Contestant(name=name, title=name, module=name, packages=()) for name in names]


@pytest.mark.parametrize(
    ("names", "round_", "expected"),
    [
        ("", 4, ""),
        ("a", 3, "a"),
        ("ab", 0, "ab"),
        ("ab", 1, "ba"),
        ("ab", 2, "ab"),
        ("abc", 1, "bca"),
        ("abc", 2, "cab"),
        ("abc", 7, "bca"),
    ],
)
def test_the_order_rotates(names, round_, expected):
    assert "".join(each.name for each in order(contestants_named(*names), round_)) == expected


def test_rounds_are_interleaved_each_in_a_fresh_process(stable, quick, watcher, scripted):
    race = stable.race(stable.adapter(name) for name in ("ant", "bee", "cat"))

    result = run_race(race, quick(rounds=4), watcher, scripted(0.0))

    assert stable.order() == "ant bee cat bee cat ant cat ant bee ant bee cat"
    logged = stable.logged()
    assert len({pid for _, pid, _, _ in logged}) == 12, "every run has a process of its own"
    assert [seed for _, _, seed, _ in logged] == [*"111222333444"]
    assert len({workspace for *_, workspace in logged}) == 12
    assert not any(Path(workspace).exists() for *_, workspace in logged), "the workspaces are gone"
    places = [(run.round, run.position) for run in result.runs if run.contestant == "bee"]
    assert places == [(0, 1), (1, 0), (2, 2), (3, 1)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_files_stay_without_content_until_the_race_is_over(stable, quick, watcher, scripted, tmp_path):
    outside, sizes = tmp_path / "outside.txt", tmp_path / "sizes.txt"
    outside.write_text("not the race's")
    body = WRITES.format(outside=str(outside), sizes=str(sizes), log=str(stable.log))

    result = run_race(stable.race([stable.adapter("ant", body)]), quick(rounds=3), watcher, scripted(0.0))

    assert result.failures == ()
    assert sizes.read_text().splitlines() == ["0 0", "0 0", "3 3"], "deleted ones would slow down the next"
    assert outside.read_text() == "not the race's"
    assert not any(Path(workspace).exists() for *_, workspace in stable.logged())


def test_the_first_round_is_kept_but_not_counted(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant")])

    result = run_race(race, quick(rounds=4), watcher, scripted(0.0))

    assert [run.round for run in result.runs] == [0, 1, 2, 3]
    assert [run.round for run in result.counted()] == [1, 2, 3]
    assert summarise(result)["work"]["ant"].rounds == 3


def test_a_result_says_how_it_came_about(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant")])

    result = run_race(race, quick(), watcher, scripted(0.0))

    assert result.versions["psutil"] == psutil.__version__
    assert result.versions["Python"] in result.machine["python"]
    assert result.machine["cores"] >= 1
    assert result.how == ("said how",)
    assert "collection before every measurement" in result.gc
    assert result.failures == ()
    (sample,) = result.runs[1].samples["work"]
    assert sample.run.wall >= result.settings.minimum
    assert sample.run.cpu > 0


def test_loops_found_in_one_round_are_used_in_the_next(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant")])

    result = run_race(race, quick(minimum=0.02), watcher, scripted(0.0))

    first, second, third = (run.samples["work"][0].run.loops for run in result.runs)
    assert first > 100
    assert second >= first
    assert third >= second


@pytest.mark.parametrize(
    ("body", "error", "detail"),
    [
        (CRASHES, "RuntimeError: no such server", "no such server"),
        (EXITS, "ended with exit code 3 and no reply", "last words"),
        (NOTHING, "runs in none of the race's cases", None),
        (STRANGE, "has operations for ['play']", "KeyError"),
        (IGNORES, "does not do its work once for each loop", "ValueError"),
        ("yield {}\nsyntax error", "SyntaxError", "SyntaxError"),
    ],
    ids=["raises", "exits", "no case", "unknown case", "no work", "no Python"],
)
def test_a_failing_contestant_is_set_aside_and_the_race_goes_on(
    stable, quick, watcher, scripted, body, error, detail
):
    race = stable.race([stable.adapter("ant"), stable.adapter("bad", body), stable.adapter("cat")])

    result = run_race(race, quick(), watcher, scripted(0.0))

    (failure,) = result.failures
    assert (failure.contestant, failure.round) == ("bad", 0)
    assert error in failure.error
    assert (failure.traceback is None) if detail is None else (detail in failure.traceback)
    assert list(summarise(result)["work"]) == ["ant", "cat"]
    assert sum(1 for run in result.runs if run.contestant == "cat") == 3
    assert not any(run.contestant == "bad" for run in result.runs)


def test_a_missing_package_is_a_failure_that_names_it(stable, quick, watcher, scripted):
    absent = replace(stable.adapter("bad"), packages=("there-is-no-such-package",))

    result = run_race(stable.race([stable.adapter("ant"), absent]), quick(), watcher, scripted(0.0))

    assert "there-is-no-such-package" in result.failures[0].error


def test_a_contestant_that_hangs_is_killed(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("slow", HANGS)])

    result = run_race(race, quick(timeout=1.5), watcher, scripted(0.0))

    assert "no reply within 1.5 s" in result.failures[0].error
    ((_, pid, *_),) = stable.logged()
    assert not psutil.pid_exists(int(pid))


def test_a_contestant_that_fails_late_counts_as_failed(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant"), stable.adapter("late", LATE)])

    result = run_race(race, quick(rounds=5), watcher, scripted(0.0))

    (failure,) = result.failures
    assert (failure.contestant, failure.round) == ("late", 2)
    assert list(summarise(result)["work"]) == ["ant"], "what it did before is no result"
    assert stable.order().split().count("late") == 3, "it does not run again"


def test_what_a_contestant_started_ends_with_it(stable, quick, watcher, scripted):
    target = stable.folder / "child.pid"
    race = stable.race([stable.adapter("ant", FORKS.format(target=str(target)))])

    result = run_race(race, quick(rounds=2), watcher, scripted(0.0))

    assert result.failures == ()
    child = int(target.read_text())
    _, alive = psutil.wait_procs([psutil.Process(child)] if psutil.pid_exists(child) else [], timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_quiet_race_repeats_nothing(stable, quick, watcher, scripted):
    result = run_race(stable.race([stable.adapter("ant")]), quick(), watcher, scripted(0.1))

    assert stable.order() == "ant ant ant"
    assert [run.attempts for run in result.runs] == [1, 1, 1]
    assert result.noisy() == []


def test_noisy_runs_are_repeated_after_their_round_until_they_are_quiet(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant"), stable.adapter("bee")])
    # round 0: ant, bee; round 1: bee (noisy), ant; bee again (noisy), bee again; round 2: ant, bee.
    meter = scripted(9.0, 9.0, 0.8, 0.02, 0.5, 0.05, 0.01, 0.03)

    result = run_race(race, quick(), watcher, meter)

    assert stable.order() == "ant bee bee ant bee bee ant bee"
    noted = [(run.contestant, run.round, run.attempts, run.foreign) for run in result.counted()]
    assert noted == [("bee", 1, 3, 0.05), ("ant", 1, 1, 0.02), ("ant", 2, 1, 0.01), ("bee", 2, 1, 0.03)]
    assert result.noisy() == []
    assert ("bee", 1, True) in watcher.told


def test_repeats_are_bounded_and_the_quietest_run_counts(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant")])
    meter = scripted(0.0, 0.9, 0.4, 0.6)

    result = run_race(race, quick(rounds=2), watcher, meter)

    assert stable.order() == "ant ant ant ant"
    (run,) = result.counted()
    assert (run.attempts, run.foreign) == (3, 0.4)
    assert result.noisy() == [run], "what could not be made quiet is said"


def test_on_a_busy_machine_the_race_comes_to_an_end(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant"), stable.adapter("bee")])

    result = run_race(race, quick(rounds=5, attempts=2, repeats=2), watcher, scripted(0.8))

    assert len(stable.logged()) == 5 * 2 + 2 * 2
    assert [run.attempts for run in result.counted()] == [2, 2, 2, 2, 1, 1, 1, 1]
    assert len(result.noisy()) == 8


def test_a_repeat_waits_for_a_quiet_second(stable, quick, watcher, scripted):
    waited = []
    # ant is quiet, then noisy; two seconds are noisy too, the third is quiet, and so is the repeated run.
    meter = scripted(0.0, 0.9, 0.8, 0.7, 0.1, 0.05)

    result = run_race(
        stable.race([stable.adapter("ant")]), quick(rounds=2, patience=60), watcher, meter, waited.append
    )

    assert waited == [1.0, 1.0, 1.0]
    (run,) = result.counted()
    assert (run.attempts, run.foreign) == (2, 0.05)


def test_patience_ends_and_a_quiet_race_needs_none(stable, quick, watcher, scripted):
    waited = []
    race = stable.race([stable.adapter("ant")])

    run_race(race, quick(patience=60), watcher, scripted(0.0), waited.append)
    assert waited == []
    result = run_race(race, quick(rounds=4, patience=3.0), watcher, scripted(0.8), waited.append)

    assert waited == [1.0, 1.0, 1.0], "in the whole race, not for each run"
    assert len(result.noisy()) == 3


def test_the_dropped_round_is_never_repeated(stable, quick, watcher, scripted):
    run_race(stable.race([stable.adapter("ant")]), quick(rounds=2), watcher, scripted(5.0, 0.0))

    assert stable.order() == "ant ant"


def test_where_noise_is_unknown_nothing_is_repeated(stable, quick, watcher, scripted):
    result = run_race(stable.race([stable.adapter("ant")]), quick(), watcher, scripted(None))

    assert stable.order() == "ant ant ant"
    assert {run.foreign for run in result.runs} == {None}
    assert result.noisy() == []


def test_services_last_for_the_race_and_reach_the_contestants(stable, quick, watcher, scripted):
    events = []

    @contextmanager
    def services(workspace: Path) -> Iterator[Services]:
        assert workspace.is_dir()
        events.append("up")
        yield Services(environment={"FAKE_SERVER": "there"}, pids=(4, 5), facts={"server": "7.1"})
        events.append(stable.order())

    asks = '    assert os.environ["FAKE_SERVER"] == "there"' + STEADY
    race = stable.race([stable.adapter("ant", asks)], services=services)
    meter = scripted(0.0)

    result = run_race(race, quick(), watcher, meter)

    assert result.failures == ()
    assert events == ["up", "ant ant ant"]
    assert meter.pids == (4, 5)
    assert result.services == {"server": "7.1"}


def test_an_interrupted_race_leaves_no_process(stable, quick, watcher, scripted):
    def interrupted(pids):
        class Meter:
            def start(self): ...

            def read(self):
                raise KeyboardInterrupt

        return Meter()

    before = set(psutil.Process().children())
    with pytest.raises(KeyboardInterrupt):
        run_race(stable.race([stable.adapter("ant")]), quick(), watcher, interrupted)

    assert watcher.told[-1] == ("end",)
    # What other tests have ended may not have been waited for yet; it runs no more.
    left = [child for child in psutil.Process().children() if child not in before]
    assert [child for child in left if child.status() != psutil.STATUS_ZOMBIE] == []


def test_the_watcher_hears_of_every_run(stable, quick, watcher, scripted):
    run_race(
        stable.race([stable.adapter("ant"), stable.adapter("bee")]), quick(rounds=2), watcher, scripted(0.0)
    )

    assert watcher.told == [
        ("begin", "fake", 2, 2),
        ("ant", 0, False),
        ("bee", 0, False),
        ("bee", 1, False),
        ("ant", 1, False),
        ("end",),
    ]


@pytest.mark.parametrize(
    "changes",
    [{"rounds": 1}, {"rounds": 0}, {"samples": 0}, {"minimum": 0.0}, {"minimum": -1.0}],
    ids=str,
)
def test_settings_that_measure_nothing_are_refused(changes):
    with pytest.raises(ValueError, match=r"take more|above nothing"):
        Settings(**changes)


def test_a_race_whose_parts_do_not_fit_is_refused(stable):
    ant = stable.adapter("ant")
    with pytest.raises(ValueError, match="two contestants of one name"):
        stable.race([ant, ant])
    with pytest.raises(ValueError, match="the baseline 'wasp' is none of"):
        stable.race([ant], baseline="wasp")
