"""What a race can tell beside time: gauges, checks, crashes, targets, speeds; and work that is timed where it is done."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest

from harness import __main__ as command
from harness.chart import render_chart
from harness.contestant import Case, Gauge, Operation, Rate, Target, Unavailable
from harness.export import read_result, write_result
from harness.result import Crashed, Result
from harness.rounds import run_race
from harness.summarise import ratios, reached, summarise, summarise_gauges
from harness.table import render_table

ELSEWHERE = """
    from harness.contestant import Elapsed
    turned = []

    def run(loops):
        turned.append(loops)
        return Elapsed(wall=30.0 * loops, cpu=4.0 * loops)

    yield {"work": Operation(run=run, turns=2)}
    assert turned == [2, 2, 2], turned
"""
GAUGED = """
    import itertools
    count = itertools.count(int(os.environ["PYTHONHASHSEED"]) * 10)
    yield {"work": Operation(
        run=lambda loops: time.sleep(0.001), turns=1,
        gauges=lambda: {"size": next(count)}, check=lambda: {"broken": 7},
    )}
"""
CRASHES = """
    from harness.contestant import Crash

    def run(loops):
        raise Crash("no such file: a.map")

    yield {"work": Operation(run=run)}
"""
CRASHES_IN_ONE = """
    from harness.contestant import Crash

    def run(loops):
        raise Crash("not this")

    def fine(loops):
        for _ in range(loops):
            sum(range(50))

    yield {"work": Operation(run=run), "play": Operation(run=fine)}
"""
CRASHES_LATE = """
    from harness.contestant import Crash

    def run(loops):
        if os.environ["PYTHONHASHSEED"] == "3":
            raise Crash("the third time")
        time.sleep(0.001)

    yield {"work": Operation(run=run, turns=1)}
"""
TWO_CASES = (Case(key="work", title="Work"), Case(key="play", title="Play"))
GAUGES = (Gauge(key="size", title="size", unit="MB", divisor=10.0), Gauge(key="broken", title="broken"))


def test_time_that_was_taken_elsewhere_counts_in_place_of_the_stopwatchs(stable, quick, watcher, scripted):
    result = run_race(
        stable.race([stable.adapter("ant", ELSEWHERE)], scale=1.0),
        quick(rounds=2, samples=3),
        watcher,
        scripted(0.0),
    )

    assert result.failures == ()
    samples = result.counted()[0].samples["work"]
    assert [(sample.run.loops, sample.run.wall, sample.run.cpu) for sample in samples] == [(2, 60.0, 8.0)] * 3
    assert summarise(result)["work"]["ant"].median == 30.0
    assert summarise(result, "cpu")["work"]["ant"].median == 4.0


def test_work_with_fixed_turns_is_not_calibrated():
    from harness.measure import measure

    happened = []
    operation = Operation(
        run=lambda loops: happened.append(("run", loops)),
        overhead=lambda loops: happened.append(("overhead", loops)),
        before=lambda: happened.append("before"),
        turns=3,
    )

    taken = measure(operation, "wall", minimum=10.0, samples=2, hint=(900, 900))

    assert happened == ["before", ("run", 3), "before", ("overhead", 3)] * 2
    assert [sample.run.loops for sample in taken] == [3, 3]


def test_gauges_are_read_in_every_round_and_checks_made_in_the_first(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant", GAUGED)], gauges=GAUGES)

    result = run_race(race, quick(rounds=4), watcher, scripted(0.0))

    assert [run.gauges["work"] for run in result.runs] == [
        {"size": 10, "broken": 7},
        {"size": 20},
        {"size": 30},
        {"size": 40},
    ]
    assert summarise_gauges(result) == {"work": {"ant": {"size": 30, "broken": 7}}}, (
        "the dropped round is the last resort"
    )


def test_gauges_are_shown_in_their_units_and_exported(stable, quick, watcher, scripted, tmp_path):
    race = stable.race([stable.adapter("ant", GAUGED), stable.adapter("bee")], gauges=GAUGES)
    result = run_race(race, quick(rounds=2), watcher, scripted(0.0))

    path, _ = write_result(result, tmp_path)
    text = render_table(result)

    head = next(line for line in text.splitlines() if "size, MB" in line)
    assert head.split()[-1] == "broken"
    row = text.splitlines()[text.splitlines().index(head) + 1]
    assert row.split() == ["The", "ant", "2.00", "7"]
    assert "The bee" not in text.split(head)[1].split("\n\n")[0], "who has no gauges has no row"
    assert json.loads(path.read_text())["summary"]["work"]["ant"]["size"] == 20
    assert read_result(path) == result


def test_a_crash_is_a_result_and_the_others_go_on(stable, quick, watcher, scripted, tmp_path):
    race = stable.race([stable.adapter("ant"), stable.adapter("bad", CRASHES)])

    result = run_race(race, quick(rounds=3), watcher, scripted(0.0))

    assert result.failures == ()
    assert result.crashes == (Crashed(contestant="bad", case="work", round=0, reason="no such file: a.map"),)
    assert stable.order().split().count("bad") == 1, "it is known now"
    assert list(summarise(result)["work"]) == ["ant"]
    (line,) = [line for line in render_table(result).splitlines() if "The bad" in line]
    assert line.split(maxsplit=2) == ["The", "bad", "crashes: no such file: a.map"]
    chart = render_chart(result)
    assert ">crashes</text>" in chart
    assert "Crash there: bad." in chart
    path, _ = write_result(result, tmp_path)
    assert json.loads(path.read_text())["summary"]["work"]["bad"] == {"crashes": "no such file: a.map"}
    assert read_result(path) == result


def test_who_crashes_in_one_case_runs_in_the_others(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("odd", CRASHES_IN_ONE)], cases=TWO_CASES)

    result = run_race(race, quick(rounds=3), watcher, scripted(0.0))

    assert [crash.case for crash in result.crashes] == ["work"], "it is not asked again"
    assert [list(run.samples) for run in result.runs] == [["play"]] * 3
    assert summarise(result)["work"] == {}
    assert list(summarise(result)["play"]) == ["odd"]


def test_who_crashes_later_has_no_figure_in_that_case(stable, quick, watcher, scripted):
    race = stable.race([stable.adapter("ant"), stable.adapter("late", CRASHES_LATE)])

    result = run_race(race, quick(rounds=4), watcher, scripted(0.0))

    assert [(crash.contestant, crash.round) for crash in result.crashes] == [("late", 2)]
    assert list(summarise(result)["work"]) == ["ant"]


def test_a_long_reason_is_one_line_of_bounded_length(made_result):
    crash = Crashed(contestant="ant", case="work", round=0, reason="first\nsecond " + "x" * 500)
    text = render_table(made_result({"bee": {"work": [1, 1]}, "ant": {"play": [1, 1]}}, crashes=(crash,)))

    (line,) = [line for line in text.splitlines() if "crashes:" in line]
    assert "first second" in line
    assert line.endswith("…")
    assert len(line) < 200


def test_a_case_may_have_a_baseline_of_its_own(made_result):
    result = made_result(
        {"ant": {"work": [2, 2]}, "bee": {"work": [4, 4], "play": [3, 3]}, "cat": {"play": [6, 6]}},
        baselines={"play": "bee"},
    )

    assert ratios(summarise(result), result.baseline_of) == {
        "work": pytest.approx({"ant": 1, "bee": 2}),
        "play": pytest.approx({"bee": 1, "cat": 2}),
    }
    text = render_table(result)
    assert "÷ ant" in text
    assert "÷ bee" in text
    assert "÷ ant" not in render_table(result, "cat"), "a baseline that is asked for is it everywhere"


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target(case="work", contestant="ours", at_most=2.5), 2.0, True),
        (Target(case="work", contestant="ours", at_most=3.0, gauge="size"), 3.0, True),
        (Target(case="work", contestant="ours", at_most=1.9), 2.0, False),
        (Target(case="work", contestant="ours", at_most=0.5, against="ant"), 0.5, True),
        (Target(case="work", contestant="ours", at_most=0.4, against="ant"), 0.5, False),
        (Target(case="work", contestant="ours", at_most=4.0, gauge="size"), 3.0, True),
        (Target(case="work", contestant="ours", at_most=0, gauge="broken"), 1.0, False),
        (Target(case="work", contestant="ours", at_most=0.1, against="ant", gauge="size"), 0.1, True),
        (Target(case="play", contestant="ours", at_most=1.0), None, False),
        (Target(case="work", contestant="ours", at_most=1.0, against="bee"), None, False),
        (Target(case="play", contestant="ours", at_most=1.0, gauge="size"), None, False),
    ],
    ids=[
        "below", "just", "above", "share", "too large a share", "gauge", "gauge above", "gauge share",
        "not run", "no rival", "no gauge",
    ],
)  # fmt: skip
def test_targets(made_result, target, value, met):
    result = made_result(
        {"ours": {"work": [2, 2]}, "ant": {"work": [4, 4]}, "bee": {"play": [1, 1]}},
        gauges=GAUGES,
        targets=(target,),
    )
    noted = {"ours": {"work": {"size": 30.0, "broken": 1.0}}, "ant": {"work": {"size": 300.0}}}
    result = replace(
        result, runs=tuple(replace(run, gauges=noted.get(run.contestant, {})) for run in result.runs)
    )

    (found,) = reached(result, summarise(result))

    assert found.value == (None if value is None else pytest.approx(value))
    assert found.met is met
    (line,) = [line for line in render_table(result).splitlines() if "at most" in line]
    word = "reached" if met else "not known" if value is None else "NOT reached"
    assert line.split("  ")[1].strip() == word


def test_a_speed_is_shown_beside_the_figure(made_result):
    # 20 µs for a unit of work are 50,000 units a second.
    result = made_result({"ant": {"work": [20, 20]}}, rate=Rate(unit="kilo/s", scale=1e3))

    text = render_table(result)

    assert "kilo/s" in text
    assert next(line for line in text.splitlines() if "  Ant " in line).split()[-1] == "50.0"


def test_results_of_the_first_races_are_still_read(made_result):
    data = json.loads(json.dumps(made_result({"ant": {"work": [1, 1]}}).to_json()))
    for name in ("crashes", "baselines", "gauges", "rate", "targets"):
        del data[name]
    for run in data["runs"]:
        del run["gauges"]

    result = Result.from_json(data)

    assert (result.crashes, result.gauges, result.rate, result.targets) == ((), (), None, ())
    assert "÷ ant" in render_table(result)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"cases": (Case(key="work", title="Work", baseline="wasp"),)}, "the baseline 'wasp' is none of"),
        ({"targets": (Target(case="rest", contestant="ant", at_most=1),)}, "a case 'rest'"),
        ({"targets": (Target(case="work", contestant="wasp", at_most=1),)}, "a contestant 'wasp'"),
        ({"targets": (Target(case="work", contestant="ant", at_most=1, against="wasp"),)}, "a contestant 'wasp'"),
        ({"targets": (Target(case="work", contestant="ant", at_most=1, gauge="size"),)}, "a gauge 'size'"),
    ],
    ids=["baseline of a case", "case of a target", "contestant", "against", "gauge"],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(stable, changes, error):
    with pytest.raises(ValueError, match=error):
        stable.race([stable.adapter("ant")], **changes)


RACES = """
from contextlib import contextmanager
from harness.contestant import Case, Contestant, Race, Target, Unavailable

@contextmanager
def missing(workspace):
    raise Unavailable("there is no such thing; install it")
    yield

RACE = Race(
    name={name!r}, title="The race {name}", unit="µs", figure="wall", baseline="ant", rounds=3, how=("so",),
    cases=(Case(key="work", title="Work", baseline="bee"),),
    contestants=tuple(
        Contestant(name=name, title="The " + name, module="fake_" + name, packages=()) for name in ("ant", "bee")
    ),
    targets=(Target(case="work", contestant="ant", at_most=9, against="bee"),),
    {more}
)
"""


@pytest.fixture
def run(stable, tmp_path, capsys, request):
    package = f"course_{abs(hash(request.node.nodeid))}"
    for name, more in {"fine": "", "homeless": "services=missing,"}.items():
        folder = stable.folder / package / name
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "__init__.py").touch()
        (folder / "race.py").write_text(RACES.format(name=name, more=more))
    for name in ("ant", "bee"):
        stable.adapter(name)

    def call(*arguments):
        usual = ["--package", package, "--out", str(tmp_path / "out"), "--minimum", "0.001", "--noise", "99"]
        return (command.main([*usual, *arguments]), *capsys.readouterr())

    return call


def test_a_race_says_its_rounds_and_the_command_line_has_the_last_word(run, tmp_path):
    def rounds():
        return json.loads((tmp_path / "out/fine.json").read_text())["settings"]["rounds"]

    run("fine")
    assert rounds() == 3
    run("fine", "--rounds", "2")
    assert rounds() == 2


@pytest.mark.parametrize(
    ("arguments", "against", "targets"),
    [
        ([], "÷ bee", 1),
        (["--baseline", "ant"], "÷ ant", 1),
        (["--only", "ant"], "÷ ant", 0),
        (["--only", "bee"], "÷ bee", 0),
    ],
    ids=["as the case says", "as is asked", "without that baseline", "without ours"],
)
def test_a_narrowed_race_keeps_what_can_still_be_compared(run, arguments, against, targets):
    code, out, _ = run("fine", "--rounds", "2", *arguments)

    assert code == 0
    assert against in out
    assert out.count("at most 9") == targets


def test_a_race_that_lacks_something_is_left_out_with_the_reason(run, tmp_path):
    code, out, err = run("--rounds", "2")

    assert code == 1
    assert "error: race homeless was not run: there is no such thing; install it" in err
    assert "The race fine" in out
    assert [path.name for path in (tmp_path / "out").glob("*.json")] == ["fine.json"]


def test_unavailable_services_end_the_race_before_anyone_runs(stable, quick, watcher, scripted):
    @contextmanager
    def services(workspace):
        raise Unavailable("nothing here")
        yield

    with pytest.raises(Unavailable, match="nothing here"):
        run_race(stable.race([stable.adapter("ant")], services=services), quick(), watcher, scripted(0.0))

    assert not stable.log.exists()
