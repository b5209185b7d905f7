"""The question, and who answers it."""

from __future__ import annotations

from functools import partial

from harness.contestant import Case, Contestant, Race, Target
from races.documents.server import server
from races.test_cleaning.work import TESTS

__all__ = ["RACE"]

PUBLISHED = 3.024
"""Seconds that 55 tests took in 2010, all in all."""


def _contestant(name: str, title: str, *, ours: bool = False) -> Contestant:
    return Contestant(
        name=name,
        title=title,
        module=f"races.test_cleaning.{name}",
        packages=("Django", "pymongo", "slimstack-django-mongokit"),
        ours=ours,
    )


RACE = Race(
    name="test_cleaning",
    title=f"Set-up and tear-down of {TESTS} tests that write",
    unit="seconds",
    scale=1.0,
    figure="wall",
    baseline="drop_collections",
    cases=(
        Case(key="plain", title="One collection"),
        Case(key="indexed", title="Ten collections, each with an index"),
    ),
    contestants=(
        _contestant("emptying", "MongoTestCase empties what was written to", ours=True),
        _contestant("drop_collections", "each collection is dropped, as in 2010"),
        _contestant("drop_database", "the database is dropped"),
        _contestant("nothing", "nothing is cleaned"),
    ),
    services=partial(server, journaled=True),
    samples=1,
    rounds=4,
    how=(
        "run by Django's own runner, by the name of the test class: its time, less that of the tests' bodies",
        "so what the runner does once is in every figure, and in that of MongoTestCase the drop of the database at the end",
        "each test stores two documents in one collection in turn, and looks that they are all there is, and for the index",
        "who drops collections or the database makes the index anew before the next test; that is part of the figure",
        "the embedded server is as it is shipped: writes are journaled",
    ),
    targets=(
        Target(case="plain", contestant="emptying", at_most=PUBLISHED / 5),
        Target(case="plain", contestant="emptying", at_most=1.0, against="drop_collections"),
        Target(case="indexed", contestant="emptying", at_most=1 / 2, against="drop_collections"),
    ),
)
