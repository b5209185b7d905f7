"""Results as JSON, as a chart, as a table: whole, well-formed, and the same when read back."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chart import render_chart
from harness.export import read_result, write_result
from harness.measure import Sample, Timing
from harness.result import Failure, Result, Run
from harness.rounds import run_race
from harness.summarise import summarise
from harness.table import number, render_table

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = {
    "plain": {"work": [9, 2, 2, 2.5], "play": [9, 20, 20, 20]},
    "ours": {"work": [9, 1, 1, 1.5], "play": [9, 30, 30, 31]},
    "rival": {"work": [9, 116, 118, 117]},
}


def test_a_result_comes_back_from_json_the_same(made_result, failure, tmp_path):
    result = made_result(FIGURES, failures=(failure,))

    path, _ = write_result(result, tmp_path / "new/folder")

    assert read_result(path) == result
    assert json.loads(path.read_text())["schema"] == "slimstack-benchmark/1"


def test_the_result_of_a_real_race_comes_back_the_same(stable, quick, watcher, scripted, tmp_path):
    race = stable.race([stable.adapter("ant"), stable.adapter("bad", "raise OSError('gone')\nyield {}")])
    result = run_race(race, quick(), watcher, scripted(0.5))

    path, _ = write_result(result, tmp_path)

    assert read_result(path) == result


seconds = st.floats(min_value=0, max_value=1e6)
timings = st.builds(Timing, st.integers(1, 10**9), seconds, seconds)
samples = st.builds(Sample, st.integers(1, 1000), timings, st.none() | timings)
runs = st.builds(
    Run,
    contestant=st.sampled_from(["ant", "bee"]),
    round=st.integers(0, 9),
    position=st.integers(0, 9),
    attempts=st.integers(1, 3),
    foreign=st.none() | st.floats(0, 64),
    samples=st.dictionaries(st.sampled_from(["work", "play"]), st.lists(samples, max_size=3), max_size=2),
)
failures = st.builds(
    Failure, contestant=st.text(), round=st.integers(0, 9), error=st.text(), traceback=st.none() | st.text()
)


@given(runs=st.lists(runs, max_size=5), failures=st.lists(failures, max_size=2), title=st.text())
def test_any_result_survives_json(made_result_once, runs, failures, title):
    result = replace(made_result_once, runs=tuple(runs), failures=tuple(failures), title=title)

    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result


@pytest.fixture(scope="module")
def made_result_once():
    """One result for all the examples that hypothesis makes of it."""
    from harness.contestant import Case, Contestant, Race
    from harness.result import Settings, entrants

    race = Race(
        name="one", title="One", unit="µs", figure="wall", baseline="ant", cases=(Case(key="work", title="Work"),),
        contestants=(Contestant(name="ant", title="Ant", module="ant", packages=()),), how=("so",),
    )  # fmt: skip
    return Result(
        race="one", title="One", unit="µs", scale=1e6, figure="wall", baseline="ant", columns=1,
        cases={"work": "Work"}, how=("so",), entrants=entrants(race), settings=Settings(), machine={"cores": 2},
        services={}, versions={"a": "1"}, started="2026-01-01T00:00:00+00:00", seconds=1.0, load_before=[0.0],
        load_after=[0.5], noise="none", gc="on", runs=(),
    )  # fmt: skip


def test_the_json_has_a_summary_for_other_readers(made_result, tmp_path):
    path, _ = write_result(made_result(FIGURES), tmp_path)

    summary = json.loads(path.read_text())["summary"]

    assert summary["work"]["ours"]["median"] == pytest.approx(1)
    assert summary["work"]["ours"]["ratio_to_baseline"] == pytest.approx(0.5)
    assert summary["play"]["ours"]["ratio_to_baseline"] == pytest.approx(1.5)
    assert "rival" not in summary["play"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "a result is a JSON file that the harness wrote"),
        ("{", "a result is a JSON file that the harness wrote"),
        ("[1]", "holds a list"),
        ("{}", "schema: None"),
        ('{"schema": "slimstack-benchmark/0"}', "Run the race again"),
    ],
    ids=["empty", "cut", "list", "no schema", "old schema"],
)
def test_what_is_no_result_is_refused(tmp_path, text, error):
    path = tmp_path / "bad.json"
    path.write_text(text)

    with pytest.raises(ValueError, match=error):
        read_result(path)


def test_a_write_that_fails_leaves_the_last_result(made_result, tmp_path, monkeypatch):
    path, chart = write_result(made_result(FIGURES), tmp_path)
    before = path.read_bytes(), chart.read_bytes()

    with pytest.raises(UnicodeEncodeError):
        write_result(made_result(FIGURES, how=("half a pair: \ud800",)), tmp_path)

    assert (path.read_bytes(), chart.read_bytes()) == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["made.json", "made.svg"]


def texts(root, css_class):
    return [
        element.text
        for element in root.iter(f"{SVG}text")
        if css_class in (element.get("class") or "").split()
    ]


def test_the_chart_is_well_formed_and_says_what_it_shows(made_result, tmp_path):
    result = made_result(FIGURES)

    _, path = write_result(result, tmp_path)

    root = ET.parse(path).getroot()
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    labelled = (root.get("aria-labelledby") or "").split()
    by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
    assert [by_id[name].tag for name in labelled] == [f"{SVG}title", f"{SVG}desc"]
    assert by_id["title"].text == result.title, "escaped once, and only once"
    for said in ("Plain 2.00", "Ours (ours) 1.00", "Rival 117", "Ours (ours) 30.0"):
        assert said in by_id["desc"].text
    assert texts(root, "value") == ["2.00", "1.00", "117", "20.0", "30.0"]
    assert texts(root, "case") == ["Work", "Play"]


def test_the_bars_are_as_long_as_the_figures(made_result):
    root = ET.fromstring(render_chart(made_result({"a": {"work": [0, 50]}, "b": {"work": [0, 100]}})))

    short, long = (float(bar.get("width")) for bar in root.iter(f"{SVG}rect") if "bar" in bar.get("class"))

    assert short / long == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("columns", [1, 2])
def test_everything_is_inside_the_picture(made_result, columns):
    names = [f"contestant {number}" for number in range(9)]
    result = made_result(
        {name: {"work": [0, 1, 3, 9], "play": [1, 1, 1, 1]} for name in names}, columns=columns
    )
    noisy = tuple(replace(run, foreign=1.5, attempts=3) for run in result.runs)
    result = replace(result, runs=noisy)

    root = ET.fromstring(render_chart(result))

    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("viewBox") == f"0 0 {width:.0f} {height:.0f}"
    for element in root.iter():
        if element.tag == f"{SVG}text":
            size = 6.2 if element.get("class") == "small" else 9 if element.get("class") == "title" else 7
            start = float(element.get("x"))
            end = start + size * len(element.text)
            assert end < width or element.get("text-anchor") == "end", (
                f"{element.text} runs out of the picture"
            )
        if element.get("y"):
            assert 0 <= float(element.get("x") or 0) < width - 20
            assert 0 <= float(element.get("y")) < height


def test_the_chart_is_readable_in_light_and_dark(made_result):
    style = next(ET.fromstring(render_chart(made_result(FIGURES))).iter(f"{SVG}style")).text

    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for part in (light, dark):
        for rule in ("text {", ".back {", ".bar {", ".bar.ours {", ".spread {"):
            assert rule in part


def test_the_chart_says_who_failed_and_who_did_not_take_part(made_result, failure):
    figures = {**FIGURES, "guest": {"play": [1, 1, 1, 1]}}

    root = ET.fromstring(render_chart(made_result(figures, failures=(failure,))))

    shown = texts(root, "small")
    assert shown.count("failed") == 2
    assert shown.count("does not run in this") == 1
    assert "Failed: rival." in next(root.iter(f"{SVG}desc")).text


def test_a_chart_of_nothing_is_still_a_chart(made_result, failure):
    root = ET.fromstring(render_chart(made_result({"rival": {"work": [1, 1]}}, failures=(failure,))))

    assert texts(root, "value") == []
    assert "Work: nobody." in next(root.iter(f"{SVG}desc")).text


def lines_of(result, baseline=None):
    return render_table(result, baseline).splitlines()


def row(lines, start):
    return next(line for line in lines if line.startswith(start)).split()


def test_the_table_compares_with_the_baseline(made_result):
    lines = lines_of(made_result(FIGURES))

    assert "÷ plain" in lines[3]
    assert row(lines, "  Plain") == ["Plain", "2.00", "2.00", "to", "2.50", "1.00"]
    assert row(lines, "* Ours") == ["*", "Ours", "1.00", "1.00", "to", "1.50", "0.50"]
    assert row(lines, "  Rival") == ["Rival", "117", "116", "to", "118", "58.50"]


def test_the_columns_stand_below_each_other_whatever_is_long(made_result):
    result = made_result({"ant": {"work": [1, 1]}, "a contestant with a long name": {"work": [2, 2]}})
    for cases in ({"work": "Work"}, {"work": "A case whose title is longer than the name of any contestant"}):
        head, *rows = lines_of(replace(result, cases=cases))[3:6]
        assert {len(head)} == {len(each) for each in rows}


def test_the_table_compares_with_any_other(made_result):
    lines = lines_of(made_result(FIGURES), "ours")

    assert "÷ ours" in lines[3]
    assert row(lines, "  Rival")[-1] == "117.00"


def test_a_tiny_ratio_is_not_rounded_to_nothing(made_result):
    lines = lines_of(made_result({"ours": {"work": [0, 0.041]}, "rival": {"work": [0, 13.5]}}), "rival")

    assert row(lines, "* Ours")[-1] == "0.0030"


def test_without_the_baseline_there_is_no_ratio(made_result, failure):
    lines = lines_of(made_result(FIGURES, failures=(failure,)), "rival")

    assert row(lines, "* Ours")[-1] == "-"


def test_the_table_says_where_ours_is_slower(made_result):
    text = render_table(made_result(FIGURES))

    assert "Where ours is slower:\n  Ours takes 1.50 times as long as Plain (Play)\n" in text


def test_the_table_says_when_ours_is_slower_nowhere(made_result):
    text = render_table(made_result({"ours": {"work": [1, 1]}, "rival": {"work": [2, 2]}}))

    assert "Ours is slower nowhere here." in text


@pytest.mark.parametrize("failed", [False, True], ids=["not in it", "failed"])
def test_a_race_without_ours_claims_nothing(made_result, failure, failed):
    figures = {"rival": {"work": [2, 2]}, **({"ours": {"work": [1, 1]}} if failed else {})}
    lost = (replace(failure, contestant="ours"),) if failed else ()

    assert "slower" not in render_table(made_result(figures, failures=lost))


def test_the_table_shows_a_failure_with_its_trace(made_result, failure):
    text = render_table(made_result(FIGURES, failures=(failure,)))

    assert "FAILED in round 1: Rival: ValueError: <odd> & bad\n    Traceback\n      line\n" in text


def test_the_table_names_machine_versions_and_how(made_result):
    text = render_table(made_result(FIGURES))

    for said in (
        "cpu abacus",
        "thing 2.0",
        "server 1.0",
        "- by hand",
        "[0.1, 0.2, 0.3] before",
        "collector: on",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("foreign", "attempts", "said"),
    [
        (0.05, 1, "0 runs were repeated"),
        (0.05, 3, "6 runs were repeated because others used more than 0.1 of a core"),
        (
            0.7,
            3,
            "NOT QUIET: others used more than 0.1 of a core in 3 of 3 runs that count, 0.70 cores at worst",
        ),
    ],
)
def test_noise_is_said_in_table_and_chart(made_result, foreign, attempts, said):
    result = made_result({"ant": {"work": [1, 1, 1, 1]}})
    noted = tuple(replace(run, foreign=foreign, attempts=attempts) for run in result.runs)
    result = replace(result, runs=noted)

    assert said in render_table(result)
    assert ("NOT QUIET" in render_chart(result)) is ("NOT QUIET" in said)


def test_noise_that_was_not_measured_is_said_too(made_result):
    result = made_result({"ant": {"work": [1, 1]}}, noise="foreign CPU use NOT measured: no counters")
    result = replace(result, runs=tuple(replace(run, foreign=None) for run in result.runs))

    text = render_table(result)

    assert "foreign CPU use NOT measured" in text
    assert "repeated" not in text
    assert "foreign CPU use NOT measured" in render_chart(result)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (0.0123, "0.012"),
        (-0.02, "-0.020"),
        (0.32, "0.32"),
        (1.5, "1.50"),
        (15.04, "15.0"),
        (116.4, "116"),
        (12345.6, "12,346"),
    ],
)
def test_numbers_have_three_digits(value, shown):
    assert number(value) == shown


def test_what_is_shown_is_what_is_summarised(made_result):
    result = made_result(FIGURES)
    text = render_table(result) + render_chart(result)

    for of_case in summarise(result).values():
        for summary in of_case.values():
            assert text.count(number(summary.median)) >= 3, (
                "in the table, the bar's label and the description"
            )
