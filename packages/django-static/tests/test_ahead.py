"""Minifying in several processes."""

from __future__ import annotations

import pytest

from django_static import minify
from django_static.minify.ahead import Ahead

CHAIN = ("tdewolff", "strip")


@pytest.fixture
def ahead():
    made = Ahead(2)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("text", "kind", "chain"),
    [
        ("a ( 1 ) ;", "js", CHAIN),
        ("a { b : c }", "css", CHAIN),
        ("a ( 'é\u2028' ) ;\n", "js", CHAIN),
        ("a (", "js", CHAIN),
        ("a ( 1 ) ;", "js", ("static_test_helpers.broken",)),
        ("", "js", CHAIN),
    ],
)
def test_the_result_is_that_of_this_process(ahead, text, kind, chain):
    ahead.want(text, kind, chain)
    assert ahead.slim(text, kind, chain) == minify.slim(text, kind, chain)


def test_one_that_was_not_wanted(ahead):
    assert ahead.slim("a ( 1 ) ;", "js", CHAIN).text == "a(1)"


def test_many(ahead):
    texts = [f"f ( {number} ) ;" for number in range(50)]
    for text in texts:
        ahead.want(text, "js", CHAIN)
        ahead.want(text, "js", CHAIN)
    assert [ahead.slim(text, "js", CHAIN).text for text in texts] == [f"f({number})" for number in range(50)]
    assert len(ahead._processes) <= 2


def test_a_process_that_dies_is_made_good(ahead):
    ahead.want("a ( 1 ) ;", "js", CHAIN)
    ahead.slim("a ( 1 ) ;", "js", CHAIN)
    for process in ahead._processes:
        process.kill()
        process.wait()
    ahead.want("b ( 1 ) ;", "js", CHAIN)
    assert ahead.slim("b ( 1 ) ;", "js", CHAIN).text == "b(1)"


def test_an_engine_that_prints_is_not_taken_for_an_answer(ahead):
    chain = ("static_test_helpers.talkative",)
    ahead.want("a ( 1 ) ;", "js", chain)
    assert ahead.slim("a ( 1 ) ;", "js", chain).text == "a ( 1 );"


def test_nothing_is_left_running():
    ahead = Ahead(1)
    ahead.want("a ( 1 ) ;", "js", CHAIN)
    ahead.slim("a ( 1 ) ;", "js", CHAIN)
    ahead.close()
    assert all(process.poll() is not None for process in ahead._processes)
