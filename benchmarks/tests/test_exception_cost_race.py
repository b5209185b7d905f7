"""The race over what a successful request pays: its checks, and those contestants that need no rival's package."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contestant import find_races
from harness.rounds import run_race
from harness.summarise import summarise

RACE = find_races()["exception_cost"]


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("noop", ["call", "acall", "request"]),
        ("ours", ["call", "acall", "request", "added"]),
        ("eager", ["request", "added"]),
    ],
)
def test_a_contestant_answers(name, cases, quick, watcher, scripted):
    chosen = tuple(each for each in RACE.contestants if each.name == name)
    alone = tuple(replace(case, baseline=None) for case in RACE.cases)
    race = replace(RACE, contestants=chosen, baseline=name, cases=alone, targets=())

    result = run_race(race, quick(rounds=2), watcher, scripted(0.0))

    assert [failure.traceback for failure in result.failures] == []
    assert [case for case, of_case in summarise(result).items() if name in of_case] == cases


SITE = """
    import sys
    from types import ModuleType

    from django.http import HttpResponse
    from races.exception_cost import site

    own = sys.modules["own"] = ModuleType("own")
    own.middleware = {middleware}
    site.configure(workspace, "own.middleware")
    yield {{"work": site.{case}}}
"""


@pytest.mark.parametrize(
    ("middleware", "case", "says"),
    [
        ("lambda get: lambda request: HttpResponse('own')", "call('own.middleware')", "did not pass"),
        ("lambda get: lambda request: HttpResponse('own')", "whole()", "b'own'"),
        ("lambda get: lambda request: HttpResponse('fine', status=202)", "whole()", "202 Accepted"),
    ],
    ids=["another answer", "another body", "another status"],
)
def test_who_does_other_work_than_the_others_fails(stable, quick, watcher, scripted, middleware, case, says):
    lazy = stable.adapter("lazy", SITE.format(middleware=middleware, case=case))

    result = run_race(stable.race([lazy]), quick(rounds=2), watcher, scripted(0.0))

    assert says in result.failures[0].error
