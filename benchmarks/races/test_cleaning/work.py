"""The tests that all contestants run, and the stopwatch around them."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from types import ModuleType
from typing import Any

import django
from django.conf import settings
from django.test.runner import DiscoverRunner
from pymongo import MongoClient

from harness.contestant import Elapsed, Operation
from races.documents.store import uri

__all__ = ["TESTS", "configure", "make_indexes", "operations", "torn_down_by"]

TESTS = 55
COLLECTIONS = {"plain": 1, "indexed": 10}
_INDEX = "topic_1"
_NAME = "bench_cleaning"


class _Bodies:
    """How long the tests themselves took, as far as they have run."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


def configure() -> None:
    """Set Django up, with a database of its own on the server of the race."""
    settings.configure(
        SECRET_KEY="of no use outside of this process",
        INSTALLED_APPS=["django_mongokit"],
        USE_TZ=True,
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
            "mongodb": {"ENGINE": "django_mongokit.mongodb", "NAME": _NAME, "HOST": uri()},
        },
    )
    django.setup()


def operations(make: Callable[[str], type[Any]], *, cleans: bool = True) -> Mapping[str, Operation]:
    """The cases of a contestant.

    :param make: returns, for a case, the test class that sets up and tears down.
    :param cleans: whether a test finds only what it has stored itself.
    """
    return {
        case: Operation(run=_runner(case, make(case), cleans=cleans), before=_drop_database, turns=1)
        for case in COLLECTIONS
    }


def collections(case: str) -> list[Any]:
    """The collections of a case, in the test database."""
    from django_mongokit import get_database

    database = get_database()
    return [database[f"talks{number}"] for number in range(COLLECTIONS[case])]


def make_indexes(case: str) -> None:
    """Build what indexes the case has."""
    if case == "indexed":
        for collection in collections(case):
            collection.create_index("topic", name=_INDEX)


def torn_down_by(clean: Callable[[Any], object]) -> Callable[[str], type[Any]]:
    """What makes a ``TestCase`` that builds the indexes before each test, and has the test database cleaned after it."""
    from django.test import TestCase

    from django_mongokit import get_database

    def make(case: str) -> type[TestCase]:
        class Dropping(TestCase):
            def setUp(self) -> None:
                make_indexes(case)

            def tearDown(self) -> None:
                clean(get_database())

        return Dropping

    return make


def _drop_database() -> None:
    """Begin without a test database: that of a plain TestCase is there until the process ends."""
    with MongoClient[Any](uri()) as client:
        client.drop_database(f"test_{_NAME}")


def _runner(case: str, base: type[Any], *, cleans: bool) -> Callable[[int], Elapsed]:
    def run(loops: int) -> Elapsed:
        wall = cpu = 0.0
        for _ in range(loops):
            bodies = _Bodies()
            label = _module(case, base, bodies, cleans=cleans)
            before = time.perf_counter(), time.process_time()
            _run_tests(label)
            wall += time.perf_counter() - before[0] - bodies.wall
            cpu += time.process_time() - before[1] - bodies.cpu
        return Elapsed(wall, cpu)

    return run


def _run_tests(label: str) -> None:
    """Have Django's runner run the tests of a class; ValueError unless all have run and passed."""
    said = io.StringIO()
    with redirect_stderr(said):
        failures = DiscoverRunner(verbosity=0, interactive=False).run_tests([label])
    found = re.search(r"Ran (\d+) tests", said.getvalue())
    if failures or found is None or int(found[1]) != TESTS:
        raise ValueError(f"{failures} tests failed, and {TESTS} should have run:\n{said.getvalue()}")


def _module(case: str, base: type[Any], bodies: _Bodies, *, cleans: bool) -> str:
    """Put a class with the tests into a module of its own; return the label by which the runner finds it."""

    def test(number: int) -> None:
        with bodies.running():
            known = collections(case)
            collection = known[number % len(known)]
            topics = [f"{number} {letter}" for letter in "ab"]
            collection.insert_many([{"topic": topic} for topic in topics])
            stored = collection.count_documents({} if cleans else {"topic": {"$in": topics}})
            assert stored == 2
            if case == "indexed":
                assert _INDEX in collection.index_information()

    def made(number: int) -> Callable[[object], None]:
        return lambda _: test(number)

    tests = {f"test_{number:02}": made(number) for number in range(TESTS)}
    name = f"cleaned_{case}"  # at the top, as unittest asks packages for what is in them
    module = sys.modules[name] = ModuleType(name)
    module.Tests = type("Tests", (base,), {"__module__": name, **tests})  # type: ignore[attr-defined]  # made here
    return f"{name}.Tests"
