"""Two aliases of one test database: what is written through one is there through the other, whoever prepared them."""

import os

from django.test import TestCase

from django_mongokit import get_database
from django_mongokit.test import MongoTestCase


class Checks:
    def test_both_are_one(self):
        one, other = get_database(), get_database(using="archive")
        with open(os.environ["SITE_NOTES"], "a") as notes:
            notes.write(f"{one.name} {other.name} {os.getpid()}\n")
        assert one.name == other.name
        assert one.papers.count_documents({}) == 0
        one.papers.insert_one({"_id": 1})
        other.papers.insert_one({"_id": 2})
        assert [one.papers.count_documents({}), other.papers.count_documents({})] == [2, 2]
        self.addCleanup(one.papers.drop)

    def test_once_more(self):
        self.test_both_are_one()


class Both(Checks, MongoTestCase):
    databases = {"default", "mongodb", "archive"}


class OnlyOne(Checks, MongoTestCase):
    """`databases` names mongodb alone."""


class OnlyTheOther(Checks, MongoTestCase):
    databases = {"default", "archive"}


class Neither(Checks, TestCase):
    """A plain one."""


class OtherFirst(TestCase):
    """What is looked at first is the alias that owns nothing."""

    def test(self):
        assert get_database(using="archive") == get_database()
