"""The same 55 tests with MongoTestCase, which cleans what each touched; and SQL beside it, rolled back as usual."""

import os

from books.models import Book
from django.db import connection as sql
from django.test import SimpleTestCase, TransactionTestCase

from django_mongokit import get_database
from django_mongokit.test import MongoTestCase, MongoTestMixin
from talks.models import add_talk


class Checks:
    def check(self, number):
        database = get_database()
        assert database.name.startswith(f"test_{os.environ['SITE_NAME']}"), database.name
        assert database.talks.count_documents({}) == 0
        add_talk(database, f"number {number}")
        database[f"other{number % 3}"].insert_one({"number": number})


def add(cls, number):
    setattr(cls, f"test_{number:02}", lambda self: self.check(number))


class WithSql(Checks, MongoTestCase):
    def check(self, number):
        assert self.database == get_database()
        assert sql.in_atomic_block, "SQL is rolled back, not flushed"
        assert Book.objects.count() == 0
        Book.objects.create(title="x")
        super().check(number)


class NoSql(Checks, MongoTestMixin, SimpleTestCase):
    databases = {"mongodb"}


class Transactional(Checks, MongoTestMixin, TransactionTestCase):
    databases = "__all__"

    def check(self, number):
        Book.objects.create(title="x")
        assert Book.objects.count() == 1
        super().check(number)


class FlushedByDjango(Checks, TransactionTestCase):
    """No class of ours: Django's own flush empties the alias after each test."""

    databases = {"mongodb"}


for number in range(52):
    add(WithSql, number)
for cls in (NoSql, Transactional, FlushedByDjango):
    add(cls, 1)
    add(cls, 2)
