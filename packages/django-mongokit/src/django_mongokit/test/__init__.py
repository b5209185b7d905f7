"""Tests that write to MongoDB and leave nothing behind.

`MongoTestCase`, `MongoTransactionTestCase` and `MongoTestMixin` are for Django's runner and unittest;
`pytest_plugins = ["django_mongokit.test.fixtures"]` in a `conftest.py` brings the fixture `mongodb` to pytest.
"""

from __future__ import annotations

from django_mongokit.test.cases import MongoTestCase, MongoTestMixin, MongoTransactionTestCase

__all__ = ["MongoTestCase", "MongoTestMixin", "MongoTransactionTestCase"]
