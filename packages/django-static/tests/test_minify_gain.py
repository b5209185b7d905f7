"""What minifying costs: a text is judged where that gains something, and read once however many engines are asked."""

from __future__ import annotations

import gc

import pytest

from django_static import minify
from django_static.minify import gain, js_form, verify

CARELESS = "static_test_helpers.careless"
#: A hundred thousand characters, minified already, and as they were written.
DENSE = "a(1);\n" * 17_000
LOOSE = "a( 1 )  ;  b  ( )\n" * 6_000


@pytest.mark.parametrize(
    ("before", "after", "is_worthwhile"),
    [
        (50_000, 49_999, True),
        (50_000, 50_000, True),
        (50_001, 50_000, False),
        (100_000, 99_001, False),
        (100_000, 98_999, True),
        (100_000, 100_001, False),
        (0, 0, True),
    ],
)
def test_what_is_worth_a_judgement(before, after, is_worthwhile):
    assert gain.is_worthwhile("a" * before, "a" * after) is is_worthwhile


@pytest.mark.parametrize(
    ("text", "is_dense"),
    [
        ("a" * 501, True),
        ("a" * 500, False),
        ("a" * 900 + "\n", False),
        ("a" * 1001 + "\n", True),
        ("", False),
    ],
)
def test_what_was_minified_before(text, is_dense):
    assert gain.is_dense(text) is is_dense


def test_a_wrong_result_that_gains_nothing_is_not_looked_at(judged):
    result = minify.slim(DENSE, "js", [CARELESS, "strip"])
    assert result == (DENSE, "")
    assert judged == []


def test_a_wrong_result_that_gains_something_is(judged):
    result = minify.slim(LOOSE, "js", [CARELESS])
    assert "the result means something else" in result.problem
    assert result.text.endswith(LOOSE)
    assert len(judged) == 2


def test_of_a_short_text_every_gain_counts(judged):
    assert "means something else" in minify.slim("a()\nb()\nc()", "js", [CARELESS]).problem
    assert len(judged) == 2


def test_the_text_is_read_once_for_all_engines(judged):
    result = minify.slim(LOOSE, "js", [CARELESS, CARELESS, "strip"])
    assert not result.problem
    assert len(result.text) < len(LOOSE)
    assert judged.count(LOOSE) == 1
    assert len(judged) == 4


def test_the_default_engine_leaves_alone_what_was_minified(judged):
    text = ",".join(["a(1)"] * 20_000)
    assert minify.slim(text, "js", minify.DEFAULT_ENGINES["js"]) == (text, "")
    assert judged == []


@pytest.mark.parametrize("kind", ["js", "css"])
def test_of_a_text_in_one_line_nothing_is_said_while_a_page_waits(kind):
    text = {"js": "a(1);", "css": "a{b:c}"}[kind] * 120_000
    assert minify.slim_at_once(text, kind, ["strip"]) == (text, "")
    lines = text.replace("}", "}\n").replace(";", ";\n")
    assert "minify it ahead" in minify.slim_at_once(lines, kind, ["strip"]).problem


def test_a_judge_of_several_results():
    judge = verify.Judge("a( ) ; b( )", "js")
    assert [bool(judge.difference(each)) for each in ("a();b()", "a()", "a(", "a(),b()")] == [
        False,
        True,
        True,
        False,
    ]
    assert "syntax errors" in verify.Judge("a(", "js").difference("a(")


class TestCollector:
    """Python's search for garbage is spared while a text is judged, and works afterwards as it did before."""

    def test_it_rests_meanwhile(self):
        assert "the collector is off" in minify.slim("a( )", "js", ["static_test_helpers.watchful"]).problem

    @pytest.mark.parametrize("is_on", [True, False])
    @pytest.mark.parametrize("text", ["a( )", "a(", ""])
    def test_it_is_as_it_was(self, text, is_on):
        was_on = gc.isenabled()
        (gc.enable if is_on else gc.disable)()
        try:
            minify.slim(text, "js", ["strip"])
            assert gc.isenabled() is is_on
        finally:
            (gc.enable if was_on else gc.disable)()


@pytest.fixture
def judged(monkeypatch):
    """The scripts that were read to be compared."""
    read: list[str] = []
    real = js_form.normal_form

    def noted(text: str) -> list[str] | None:
        read.append(text)
        return real(text)

    monkeypatch.setattr(js_form, "normal_form", noted)
    return read
