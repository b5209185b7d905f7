"""Tests that would fail if two workers shared a database, in the runner's care (A-D) and without it (E-H)."""

import os
import time

from django.test import TestCase

from django_mongokit import get_database
from django_mongokit.test import MongoTestCase


class Checks:
    def test_alone(self):
        database = get_database()
        assert database.name != os.environ["SITE_NAME"]
        with open(os.environ["SITE_NOTES"], "a") as notes:
            notes.write(f"{type(self).__name__} {database.name} {os.getpid()}\n")
        database.alone.drop()
        for number in range(5):
            database.alone.insert_one({"_id": number})
            time.sleep(0.02)
            assert database.alone.count_documents({}) == number + 1
        database.alone.drop()


for letter in "ABCD":
    globals()[f"Listed{letter}"] = type(f"Listed{letter}", (Checks, MongoTestCase), {"__module__": __name__})
for letter in "EFGH":
    globals()[f"Plain{letter}"] = type(f"Plain{letter}", (Checks, TestCase), {"__module__": __name__})
