"""Fixtures for pytest with pytest-django: `pytest_plugins = ["django_mongokit.test.fixtures"]` in `conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from django_mongokit.conf import entry, mongodb_aliases
from django_mongokit.mongodb.creation import is_prepared
from django_mongokit.mongodb.watch import recorder, start_recording
from django_mongokit.shortcut import get_database
from django_mongokit.test.touched import clean

if TYPE_CHECKING:
    from mongokit import Database

__all__ = ["mongodb", "mongodb_setup"]


@pytest.fixture(scope="session")
def mongodb_setup(
    django_db_setup: None,
    django_db_modify_db_settings: None,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> Iterator[None]:
    """Make, once, the test database of each MongoDB alias that pytest-django did not make itself.

    It makes those of the aliases that some test names in its `django_db` mark or its `databases`.
    """
    originals = {alias: entry(alias)["NAME"] for alias in mongodb_aliases() if not is_prepared(alias)}
    for alias in originals:
        keep = django_db_keepdb and not django_db_createdb
        connections[alias].creation.create_test_db(verbosity=0, keepdb=keep)
    yield
    for alias, name in originals.items():
        connections[alias].creation.destroy_test_db(name, verbosity=0, keepdb=django_db_keepdb)


@pytest.fixture
def mongodb(mongodb_setup: None) -> Iterator[Database]:
    """The test database of the alias "mongodb"; what the test wrote to it is gone afterwards.

    It needs no `django_db` mark, which is for SQL. `--reuse-db`, `--create-db` and pytest-xdist work as for SQL.
    """
    start_recording()
    recorder.forget()
    yield get_database()
    clean()
