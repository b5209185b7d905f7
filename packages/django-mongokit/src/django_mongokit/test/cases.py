"""Test classes for Django's runner and unittest."""

from __future__ import annotations

import unittest
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connections
from django.test import TestCase, TransactionTestCase

from django_mongokit.conf import DEFAULT_ALIAS, mongodb_aliases
from django_mongokit.mongodb.watch import recorder, start_recording
from django_mongokit.shortcut import get_database
from django_mongokit.test.touched import Baseline, clean, remember

if TYPE_CHECKING:
    from mongokit import Database

    _Base = unittest.TestCase
else:
    _Base = object

__all__ = ["MongoTestCase", "MongoTestMixin", "MongoTransactionTestCase"]


class MongoTestMixin(_Base):
    """Cleans, after each test, the collections the test wrote to, in every MongoDB test database.

    Put it before any of unittest's or Django's test classes. What `setUpClass` and Django's `setUpTestData` store
    is there again for every test of the class, and gone after the last.

    Name the MongoDB aliases in `databases` as for any other alias, so that Django's runner prepares (and with
    `--keepdb` keeps, with `--parallel` clones) their test databases. They are taken out of it again while the class
    runs: MongoDB's lack of SQL transactions would make a `TestCase` flush the SQL databases after every test.
    """

    _baseline: ClassVar[Baseline] = Baseline()
    _everything: ClassVar[bool] = False
    """Whether collections are cleaned that nobody was heard to write to."""

    @property
    def database(self) -> Database:
        """The test database of the alias "mongodb"."""
        return get_database()

    @classmethod
    def setUpClass(cls) -> None:
        """Note what the class stores for all its tests."""
        _leave_sql_alone(cls)
        start_recording()
        recorder.forget()
        cls._baseline = Baseline()
        cls.addClassCleanup(cls._clean_class)
        super().setUpClass()

    @classmethod
    def _clean_class(cls) -> None:
        recorder.restructured.update(cls._baseline.names)
        clean(everything=cls._everything)

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test; the cleaning comes after its own tearDown and cleanups."""
        self._prepare()
        return super().run(result)

    def debug(self) -> None:
        """Run the test without collecting its result."""
        self._prepare()
        super().debug()

    def _prepare(self) -> None:
        # What was written between two tests was written by setUpClass, or by what it called.
        remember(self._baseline)
        self.addCleanup(clean, self._baseline, everything=self._everything)


class MongoTestCase(MongoTestMixin, TestCase):
    """Django's `TestCase`, with the SQL database "default" rolled back and MongoDB cleaned after each test."""

    databases: Any = {"default", DEFAULT_ALIAS}


class MongoTransactionTestCase(MongoTestMixin, TransactionTestCase):
    """Django's `TransactionTestCase`: what is done in SQL is committed, and all there is is emptied after each test.

    It differs from `MongoTestCase` in these:

    * The SQL database "default" is in no transaction of the test's own: `transaction.on_commit` runs what it is given,
      other connections (a thread's, a live server's) see what is written, `select_for_update` and an `IntegrityError`
      do what they do in production. It is flushed after each test, which takes longer than a rollback.
    * Of MongoDB every collection of the test databases is emptied, not only those that this process was heard to write
      to: also what another process has written, a worker or a server that the test started, or a client of PyMongo's
      that is older than the tests. That is one command for each collection there is.
    * There is no `setUpTestData`, as in Django. What `setUpClass` stores in MongoDB is there again for every test; what
      it stores in SQL is flushed after the first.

    In MongoDB both see what threads write, and in both its transactions commit: neither puts a transaction round a test.
    Django's runner has it come after every `TestCase`, so that what it empties is not missed by those.
    """

    databases: Any = {"default", DEFAULT_ALIAS}
    _everything = True


def _leave_sql_alone(cls: Any) -> None:
    """Take the MongoDB aliases out of a class's `databases` while it runs."""
    declared = getattr(cls, "databases", None)
    if not declared:
        return
    everything = frozenset(connections) if declared == "__all__" else frozenset(declared)
    cls.databases = everything - frozenset(mongodb_aliases())
    cls.addClassCleanup(setattr, cls, "databases", declared)
