"""Test databases: `test_` and the NAME, made for a test run and dropped after it, whichever runner runs.

Django's runner prepares only the aliases that some test class names in its `databases`. A plain `TestCase` names only
"default", so that its `get_database()` would reach the real data. `ensure_test_database` prevents that: inside a test
environment the first look at an alias that nobody prepared makes its test database, and the process's end drops it.

Of several aliases of one test database (see `naming`) one owns it, makes it and drops it; the others follow that one.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import sys
import threading
from collections.abc import Mapping
from multiprocessing.util import Finalize
from typing import Any

import pymongo
from django.conf import settings
from django.db import connections
from django.db.backends.base.creation import BaseDatabaseCreation
from django.db.utils import DatabaseError
from pymongo.errors import PyMongoError

from django_mongokit.conf import TEST_DATABASE_PREFIX, entry, mongodb_aliases
from django_mongokit.mongodb.naming import mirrored, safe_test_name, servers_of, signature_of
from django_mongokit.mongodb.pool import renew_connection
from django_mongokit.mongodb.prepared import (
    Prepared,
    aliases_of,
    current,
    is_prepared,
    owner_of,
    real_name,
    real_names,
    worker,
)
from django_mongokit.mongodb.reaching import reaching
from django_mongokit.mongodb.watch import start_recording

__all__ = ["DatabaseCreation", "ensure_test_database", "in_test_environment"]

_ADDRESS = ("HOST", "PORT", "USER", "PASSWORD", "OPTIONS")

_lock = threading.RLock()


class DatabaseCreation(BaseDatabaseCreation):
    """Django's test runner, `testserver` and pytest-django drive this."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        # A worker that is spawned makes this before the runner puts the parent's settings in the place of its own.
        self._declared = connection.settings_dict.get("NAME")

    def create_test_db(
        self,
        verbosity: int = 1,
        autoclobber: bool = False,
        serialize: bool | None = None,
        keepdb: bool = False,
    ) -> str:
        """Point NAME at an empty test database and return its name. MongoDB makes it with the first write.

        A left-over of a run that was killed is dropped without a question, unless `keepdb`: its name says what it is.
        There are no tables to migrate and nothing to serialize. Raises what `reaching` raises without a server.
        """
        start_recording()
        with _lock:
            name = self._get_test_db_name()
            for alias in {self.connection.alias, *aliases_of(self.test_db_signature())}:
                _restore(alias)
            original = self._original()
            if verbosity >= 1:
                action = "Using existing" if keepdb else "Creating"
                shown = f"{self.connection.alias!r}" + (f" ({name!r})" if verbosity >= 2 else "")
                self.log(f"{action} test database for alias {shown}...")
            if not keepdb:
                with reaching(self.connection.alias):
                    self._destroy_test_db(name, verbosity)
            self._switch(name)
            current[self.connection.alias] = Prepared(name, original, True, worker(), os.getpid())
        return name

    def destroy_test_db(
        self,
        old_database_name: str | None = None,
        verbosity: int = 1,
        keepdb: bool = False,
        suffix: str | None = None,
    ) -> None:
        """Drop the test database, or the clone with `suffix`, and restore NAME when `old_database_name` says so."""
        prepared = current.get(self.connection.alias)
        if old_database_name is not None and prepared is not None:
            # When the alias was in use before the runner came, what the runner noted was a test database already.
            old_database_name = prepared.original
        super().destroy_test_db(old_database_name, verbosity=verbosity, keepdb=keepdb, suffix=suffix)
        if suffix is None and old_database_name is not None:
            current.pop(self.connection.alias, None)
            _release(self.connection.alias)

    def test_db_signature(self) -> tuple[Any, ...]:
        """Return what tells two aliases' test databases apart: their servers, or embedded folders, and the name.

        Raises `SettingError` where the name cannot be, before the runner makes any database.
        """
        return signature_of(self.connection.alias, self.connection.settings_dict, self._get_test_db_name())

    def set_as_test_mirror(self, primary_settings_dict: Mapping[str, Any]) -> None:
        """Use the test database of another alias: the settings say which.

        Where nobody made that, as no test names it, the first look at one of them does.
        """
        with _lock:
            owner = owner_of(self.connection.alias)
            if is_prepared(owner):
                _follow(self.connection.alias, owner)

    def setup_worker_connection(self, _worker_id: int) -> None:
        """Point NAME at the clone of one parallel worker; an alias with a MIRROR follows that at its first use."""
        alias = self.connection.alias
        known = current.get(alias)
        original = self._declared if known is None else known.original
        owner = mirrored(alias)
        if owner == alias:
            super().setup_worker_connection(_worker_id)
        name = self.connection.settings_dict["NAME"]
        self._switch(name)
        follows = None if owner == alias else owner
        current[alias] = Prepared(name, original, True, worker(), os.getpid(), follows)

    def serialize_db_to_string(self) -> str:
        """Return that there are no rows of models; documents are not serialized."""
        return "[]"

    def deserialize_db_from_string(self, data: str) -> None:
        """Restore nothing: nothing was serialized."""

    def _get_test_db_name(self) -> str:
        values = self.connection.settings_dict
        return safe_test_name(self.connection.alias, values, self._original(), real_names())

    def _original(self) -> str:
        return str(real_name(self.connection.alias, self.connection.settings_dict))

    def _clone_test_db(self, suffix: str, verbosity: int, keepdb: bool = False) -> None:
        # The database that is cloned was made a moment ago and is empty, so a clone is one, too.
        if not keepdb:
            self._destroy_test_db(self.get_test_db_clone_settings(suffix)["NAME"], verbosity)

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        if not test_database_name.startswith(TEST_DATABASE_PREFIX):
            raise DatabaseError(
                f"Refusing to drop the database {test_database_name!r} of DATABASES[{self.connection.alias!r}]: "
                f"a test database's name begins with {TEST_DATABASE_PREFIX!r}."
            )
        servers = servers_of(self.connection.alias, self.connection.settings_dict)
        for alias, real in real_names().items():
            if real == test_database_name and servers & servers_of(alias, entry(alias)):
                raise DatabaseError(
                    f"Refusing to drop {test_database_name!r}, the real database of DATABASES[{alias!r}]."
                )
        self.connection.connection.drop_database(test_database_name)

    def _switch(self, name: str, address: Mapping[str, Any] | None = None) -> None:
        for values in (settings.DATABASES[self.connection.alias], self.connection.settings_dict):
            values.update(address or {}, NAME=name)
        if address is not None:
            renew_connection(self.connection.alias)


def in_test_environment() -> bool:
    """Return whether Django's `setup_test_environment` is in force; its documented sign is `mail.outbox`."""
    mail = sys.modules.get("django.core.mail")
    return mail is not None and hasattr(mail, "outbox")


def ensure_test_database(alias: str) -> None:
    """Give `alias` a test database unless a runner, or this function, did so already.

    To be called inside a test environment only. The database is dropped when the process ends; each worker of
    `manage.py test --parallel` has one of its own, named as the runner names its clones.
    """
    if is_prepared(alias):
        return
    start_recording()
    with _lock:
        if is_prepared(alias):
            return
        owner = owner_of(alias)
        if owner == alias:
            _make(alias)
        else:
            ensure_test_database(owner)
            _follow(alias, owner)


def _make(alias: str) -> None:
    creation = _creation_of(alias)
    original = creation._original()
    name = creation._get_test_db_name() + _suffix()
    creation._destroy_test_db(name, 0)
    creation._switch(name)
    current[alias] = Prepared(name, original, False, worker(), os.getpid())
    if multiprocessing.parent_process() is None:
        atexit.register(_drop_at_exit, alias)
    else:
        # A worker of multiprocessing leaves without running atexit.
        Finalize(None, _drop_at_exit, args=(alias,), exitpriority=1)


def _follow(alias: str, owner: str) -> None:
    """Point an alias at the test database of another one, and at its server where that is another."""
    values, theirs, known = entry(alias), entry(owner), current.get(alias)
    original = real_name(alias, values)
    address = None if known is None else known.address
    moved = None
    if servers_of(alias, values) != servers_of(owner, theirs):
        moved = {key: theirs.get(key, "") for key in _ADDRESS}
        address = address or {key: values.get(key, "") for key in _ADDRESS}
    _creation_of(alias)._switch(theirs["NAME"], moved)
    current[alias] = Prepared(theirs["NAME"], original, False, worker(), os.getpid(), owner, address)


def _creation_of(alias: str) -> DatabaseCreation:
    creation = connections[alias].creation
    assert isinstance(creation, DatabaseCreation)  # noqa: S101 (who comes here has seen the ENGINE)
    return creation


def _restore(alias: str) -> None:
    """Drop what `ensure_test_database` made in this process, and put NAME back."""
    prepared = current.get(alias)
    if prepared is None or prepared.by_runner or prepared.pid != os.getpid():
        return
    creation = _creation_of(alias)
    if prepared.owner is None:
        creation._destroy_test_db(prepared.name, 0)
    creation._switch(prepared.original, prepared.address)
    del current[alias]
    _release(alias)


def _release(owner: str) -> None:
    """Put back NAME and server of the aliases that followed one whose test database is gone."""
    for alias, prepared in list(current.items()):
        if prepared.owner == owner and alias in mongodb_aliases():
            _creation_of(alias)._switch(prepared.original, prepared.address)
            del current[alias]


def _drop_at_exit(alias: str) -> None:
    # The server may be gone before this process; what stays is dropped by the next run.
    with contextlib.suppress(PyMongoError), pymongo.timeout(1):
        _restore(alias)


def _suffix() -> str:
    found = worker() or os.environ.get("PYTEST_XDIST_WORKER")
    return f"_{found}" if found else ""
