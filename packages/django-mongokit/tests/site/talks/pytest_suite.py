"""Run by pytest with pytest-django, in a process of its own."""

import os

import pytest
from books.models import Book
from django.test import TestCase

from django_mongokit import get_database
from django_mongokit.test import MongoTestCase
from talks.models import add_talk


@pytest.mark.parametrize("number", range(5))
def test_fixture(mongodb, number):
    assert mongodb == get_database()
    assert mongodb.name.startswith(f"test_{os.environ['SITE_NAME']}")
    assert mongodb.talks.count_documents({}) == 0
    add_talk(mongodb)


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(3))
def test_with_sql(mongodb, number):
    assert Book.objects.count() == 0
    Book.objects.create(title="x")
    mongodb.talks.insert_one({})
    assert mongodb.talks.count_documents({}) == 1


@pytest.mark.django_db(databases=["default", "mongodb"])
@pytest.mark.parametrize("number", range(3))
def test_flushed_by_django(number):
    assert get_database().talks.count_documents({}) == 0
    assert Book.objects.count() == 0
    get_database().talks.insert_one({})
    Book.objects.create(title="x")


def test_without_any_fixture():
    name = get_database().name
    assert name.startswith(f"test_{os.environ['SITE_NAME']}")
    assert name.endswith(os.environ.get("PYTEST_XDIST_WORKER", ""))


class Case(MongoTestCase):
    def test_1(self):
        assert self.database.talks.count_documents({}) == 0
        self.database.talks.insert_one({})

    def test_2(self):
        self.test_1()


class Plain(TestCase):
    def test(self):
        assert get_database().name.startswith(f"test_{os.environ['SITE_NAME']}")
