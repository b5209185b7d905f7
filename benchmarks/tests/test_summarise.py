"""Medians, spreads, ratios and losses, from made figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.measure import Sample, Timing
from harness.summarise import Loss, Summary, losses, ratios, summarise


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([99, 3], (3, 3, 3, 1)),
        ([0, 1, 2, 3], (2, 1, 3, 3)),
        ([99, 3, 1, 2], (2, 1, 3, 3)),
        ([99, 1, 2, 4, 100], (3, 1, 100, 4)),
        ([99, 5, 5, 5], (5, 5, 5, 3)),
    ],
    ids=["one", "dropped is low", "dropped is high", "even number, outlier", "all the same"],
)
def test_the_median_of_the_counted_rounds_with_its_spread(made_result, rounds, expected):
    summary = summarise(made_result({"ant": {"work": rounds}}))["work"]["ant"]

    figures = (summary.median, summary.low, summary.high, summary.rounds)
    assert figures == pytest.approx(expected)


def test_a_round_counts_with_the_median_of_its_samples(made_result):
    result = made_result({"ant": {"work": [1, 1]}})
    samples = [Sample(units=1, run=Timing(1, wall, 0.0)) for wall in (7e-6, 2e-6, 3e-6)]
    runs = tuple(replace(run, samples={"work": samples}) for run in result.runs)

    assert summarise(replace(result, runs=runs))["work"]["ant"].median == pytest.approx(3)


def test_the_other_clock_is_there_too(made_result):
    result = made_result({"ant": {"work": [9, 8]}})

    assert summarise(result, "cpu")["work"]["ant"].median == pytest.approx(4)
    assert summarise(replace(result, figure="cpu"))["work"]["ant"].median == pytest.approx(4)


def test_cases_are_kept_apart_and_the_order_is_that_of_the_race(made_result):
    result = made_result({"bee": {"work": [1, 1], "play": [2, 2]}, "ant": {"play": [3, 3]}})

    table = summarise(result)

    assert {case: list(of_case) for case, of_case in table.items()} == {
        "work": ["bee"],
        "play": ["bee", "ant"],
    }


def test_who_failed_is_not_summarised(made_result, failure):
    result = made_result({"ant": {"work": [1, 1]}, "rival": {"work": [1, 1]}}, failures=(failure,))

    assert list(summarise(result)["work"]) == ["ant"]


def test_a_race_in_which_all_failed_is_empty(made_result, failure):
    result = made_result({"rival": {"work": [1, 1]}}, failures=(failure,))

    assert summarise(result) == {"work": {}}
    assert ratios(summarise(result), "rival") == {"work": {}}


def summary(value):
    return Summary(median=value, low=value, high=value, rounds=1)


@pytest.mark.parametrize(
    ("medians", "expected"),
    [
        ({"ant": 2, "bee": 4}, {"ant": 1, "bee": 2}),
        ({"ant": 4, "bee": 1, "cat": 4}, {"ant": 1, "bee": 0.25, "cat": 1}),
        ({"bee": 4}, {}),
        ({"ant": 0, "bee": 4}, {}),
        ({"ant": -0.1, "bee": 4}, {}),
    ],
    ids=["slower", "faster", "no baseline", "baseline unmeasurable", "baseline below its overhead"],
)
def test_ratios_to_the_baseline(medians, expected):
    table = {"work": {name: summary(value) for name, value in medians.items()}}

    assert ratios(table, "ant") == {"work": pytest.approx(expected)}


def test_losses_name_every_one_who_is_ahead_of_ours_worst_first(made_result):
    result = made_result(
        {
            "ours": {"work": [0, 4], "play": [0, 1]},
            "ours too": {"work": [0, 1]},
            "ant": {"work": [0, 2], "play": [0, 0.5]},
            "bee": {"work": [0, 1], "play": [0, 1]},
        }
    )

    found = losses(result, summarise(result))

    assert [(loss.case, loss.ours, loss.winner) for loss in found] == [
        ("work", "ours", "bee"),
        ("play", "ours", "ant"),
        ("work", "ours", "ant"),
    ]
    assert [loss.factor for loss in found] == pytest.approx([4, 2, 2])
    assert isinstance(found[0], Loss)
