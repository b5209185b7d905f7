"""The race over static references: its page, its checks, and those contestants that need no rival's package."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.contestant import find_races
from harness.rounds import run_race
from harness.summarise import summarise

RACE = find_races()["static_render"]
NEED_NO_RIVAL = ("plain", "static", "static_manifest", "staticfile_literal", "staticfile_variable", "slimall")

SITE = """
    from races.static_render import site

    site.configure(workspace, {configure})
    yield {{"work": site.operations({expected!r})}}
"""


@pytest.mark.parametrize("name", NEED_NO_RIVAL)
def test_a_contestant_renders_a_page_with_every_reference(name, quick, watcher, scripted):
    chosen = tuple(each for each in RACE.contestants if each.name == name)
    race = replace(RACE, contestants=chosen, baseline=name)

    result = run_race(race, quick(rounds=2), watcher, scripted(0.0))

    assert [failure.traceback for failure in result.failures] == []
    (sample,) = result.counted()[0].samples["tag"]
    assert sample.units == 100
    assert sample.overhead is not None
    assert list(summarise(result)["tag"]) == [name]


@pytest.mark.parametrize(
    ("configure", "expected"),
    [
        ("tag=lambda name: ''", r"/static/css/sheet\d+\.css"),
        ("tag=lambda name: '/static/css/sheet001.css'", r"/static/css/sheet\d+\.css"),
        ("tag=lambda name: '/static/' + name", r"/static/css/sheet\d+\.[0-9a-f]{12}\.css"),
        ("tag=lambda name: '/static/' + name if '7' in name else ''", r"/static/css/sheet\d+\.css"),
    ],
    ids=["nothing", "always the same", "no fingerprint", "some of them"],
)
def test_who_renders_less_than_the_others_fails(stable, quick, watcher, scripted, configure, expected):
    lazy = stable.adapter("lazy", SITE.format(configure=configure, expected=expected))

    result = run_race(stable.race([lazy]), quick(rounds=2), watcher, scripted(0.0))

    assert "of 100 references like" in result.failures[0].error


def test_both_templates_have_the_same_nodes_between_the_tags(stable, quick, watcher, scripted):
    body = """
        from django.template.loader import get_template
        from races.static_render import site

        site.configure(workspace, tag=lambda name: "{% now 'Y' %}")
        full, empty = (get_template(name).template.nodelist for name in ("full.html", "empty.html"))
        kinds = [type(node).__name__ for node in full]
        assert kinds.count("NowNode") == 100, kinds
        assert [str(node) for node in full if type(node).__name__ != "NowNode"] == [str(node) for node in empty]
        assert len(empty) == 100
        assert get_template("full.html").template is get_template("full.html").template, "cached"
        yield {"work": Operation(run=lambda loops: [sum(range(50)) for _ in range(loops)])}
    """

    result = run_race(stable.race([stable.adapter("nodes", body)]), quick(rounds=2), watcher, scripted(0.0))

    assert [failure.error for failure in result.failures] == []
