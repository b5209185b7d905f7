"""The race over static references: its page, its checks, and those contestants that need no rival's package."""

from __future__ import annotations

from dataclasses import replace

import pytest
from races.static_render import site

from harness.contestant import find_races
from harness.rounds import run_race
from harness.summarise import summarise

RACE = find_races()["static_render"]
OURS = ("staticfile_literal", "staticfile_variable", "slimall")
NEED_NO_RIVAL = ("plain", "static", "static_manifest", *OURS, *(f"{name}_manifest" for name in OURS))
ONE_FILE_ONLY = {name for name in NEED_NO_RIVAL if name.startswith("staticfile")}

SITE = """
    from races.static_render import site

    site.configure(workspace, {configure})
    yield {{"work": site.operations({expected!r}, {three!r})["tag"]}}
"""


@pytest.mark.parametrize("name", NEED_NO_RIVAL)
def test_a_contestant_renders_a_page_with_every_reference(name, quick, watcher, scripted):
    chosen = tuple(each for each in RACE.contestants if each.name == name)
    race = replace(RACE, contestants=chosen, baseline=name, targets=())

    result = run_race(race, quick(rounds=2), watcher, scripted(0.0))

    assert [failure.traceback for failure in result.failures] == []
    table = summarise(result)
    assert [case for case, of_case in table.items() if name in of_case] == (
        ["tag"] if name in ONE_FILE_ONLY else ["tag", "three"]
    )
    for (sample,) in result.counted()[0].samples.values():
        assert sample.units == 100
        assert sample.overhead is not None


@pytest.mark.parametrize(
    ("configure", "expected", "three"),
    [
        ("tag=lambda name: ''", r"/static/css/sheet\d+\.css", None),
        ("tag=lambda name: '/static/css/sheet001.css'", r"/static/css/sheet\d+\.css", None),
        ("tag=lambda name: '/static/' + name", r"/static/css/sheet\d+\.[0-9a-f]{12}\.css", None),
        ("tag=lambda name: '/static/' + name if '7' in name else ''", r"/static/css/sheet\d+\.css", None),
        ("tag=lambda name: name, block=lambda names: ''", r"css/sheet\d+\.css", r"css/sheet\d+\.css"),
        (
            "tag=lambda name: name, block=lambda names: names[0]",
            r"css/sheet\d+\.css",
            r"joined_sheet\d+\.css",
        ),
    ],
    ids=["nothing", "always the same", "no fingerprint", "some of them", "no blocks", "not joined"],
)
def test_who_renders_less_than_the_others_fails(stable, quick, watcher, scripted, configure, expected, three):
    lazy = stable.adapter("lazy", SITE.format(configure=configure, expected=expected, three=three))

    result = run_race(stable.race([lazy]), quick(rounds=2), watcher, scripted(0.0))

    assert "of 100 references like" in result.failures[0].error


def test_every_group_is_of_three_files_and_another_one():
    assert len(set(site.GROUPS)) == 100
    assert all(len(set(group)) == 3 and set(group) <= set(site.NAMES) for group in site.GROUPS)


def test_all_templates_have_the_same_nodes_between_the_tags(stable, quick, watcher, scripted):
    body = """
        from django.template.loader import get_template
        from races.static_render import site

        site.configure(workspace, tag=lambda name: "{% now 'Y' %}")
        full, three, empty = (
            get_template(name).template.nodelist for name in ("full.html", "three.html", "empty.html")
        )
        for nodes, tags in ((full, 100), (three, 300)):
            kinds = [type(node).__name__ for node in nodes]
            assert kinds.count("NowNode") == tags, kinds
            rest = [str(node) for node in nodes if type(node).__name__ != "NowNode"]
            assert rest == [str(node) for node in empty]
        assert len(empty) == 100
        assert get_template("full.html").template is get_template("full.html").template, "cached"
        yield {"work": Operation(run=lambda loops: [sum(range(50)) for _ in range(loops)])}
    """

    result = run_race(stable.race([stable.adapter("nodes", body)]), quick(rounds=2), watcher, scripted(0.0))

    assert [failure.error for failure in result.failures] == []
