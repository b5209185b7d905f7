"""Tests as they were written in 2010: a plain TestCase that knows nothing of `databases`, and drops what is there."""

import os

from django.test import SimpleTestCase, TestCase

from django_mongokit import get_database
from django_mongokit.test import MongoTestMixin
from talks.models import add_talk


class BaseTest(TestCase):
    def setUp(self):
        self.database = get_database()

    def tearDown(self):
        for name in self.database.list_collection_names():
            if name not in ("system.indexes",):  # noqa: FURB171 (as it stood in 2010)
                self.database.drop_collection(name)


class TalkTest(BaseTest):
    pass


early = get_database()


class EarlyTest(MongoTestMixin, SimpleTestCase):
    """A module that looks too early gets the test database all the same, and is cleaned after."""

    def test_1(self):
        assert early.name == get_database().name
        assert early.early.count_documents({}) == 0
        early.early.insert_one({})

    def test_2(self):
        self.test_1()


def add(number):
    def test(self):
        assert self.database.name.startswith(f"test_{os.environ['SITE_NAME']}"), self.database.name
        assert self.database.talks.count_documents({}) == 0
        add_talk(self.database, f"number {number}")
        self.database.others.insert_one({"number": number})
        assert self.database.talks.count_documents({}) == 1
        assert self.database.others.count_documents({}) == 1

    setattr(TalkTest, f"test_{number:02}", test)


for number in range(55):
    add(number)
