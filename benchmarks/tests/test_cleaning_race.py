"""The race over set-up and tear-down: each contestant does the work, and who does not clean is found out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contestant import find_races
from harness.rounds import run_race
from harness.summarise import summarise

RACE = find_races()["test_cleaning"]


@pytest.fixture(autouse=True)
def _server():
    pytest.importorskip("secantus", reason="the embedded server has no wheel for this Python")


@pytest.mark.parametrize("name", [each.name for each in RACE.contestants])
def test_a_contestant_runs_all_tests(name, quick, watcher, scripted):
    chosen = tuple(each for each in RACE.contestants if each.name == name)
    race = replace(RACE, contestants=chosen, baseline=name, targets=())

    result = run_race(race, quick(rounds=2), watcher, scripted(0.0))

    assert [failure.traceback for failure in result.failures] == []
    assert [case for case, of_case in summarise(result).items() if name in of_case] == ["plain", "indexed"]


LAZY = """
    from races.test_cleaning import work

    work.configure()
    from django.test import TestCase

    yield {{"work": work.operations(lambda case: TestCase{more})["{case}"]}}
"""


@pytest.mark.parametrize(
    ("case", "more", "says"),
    [("plain", "", "54 tests failed"), ("indexed", ", cleans=False", "55 tests failed")],
    ids=["nothing cleaned", "no index"],
)
def test_who_does_less_than_the_others_fails(stable, quick, watcher, scripted, case, more, says):
    lazy = stable.adapter("lazy", LAZY.format(case=case, more=more))

    result = run_race(
        replace(stable.race([lazy]), services=RACE.services), quick(rounds=2), watcher, scripted(0.0)
    )

    assert says in result.failures[0].error
