"""Fixtures for pytest with pytest-django: `pytest_plugins = ["django_mongokit.test.fixtures"]` in `conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from django_mongokit.conf import entry, mongodb_aliases
from django_mongokit.mongodb.prepared import is_prepared, owner_of
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
    originals: dict[str, str] = {}
    for alias in mongodb_aliases():
        owner = owner_of(alias)
        # Who shares the test database of another alias is pointed at it by the first look.
        if not (is_prepared(alias) or is_prepared(owner)):
            originals[owner] = entry(owner)["NAME"]
            keep = django_db_keepdb and not django_db_createdb
            connections[owner].creation.create_test_db(verbosity=0, keepdb=keep)
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
