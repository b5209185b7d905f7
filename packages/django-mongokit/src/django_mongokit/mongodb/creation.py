"""Test databases: `test_` and the NAME, made for a test run and dropped after it, whichever runner runs.

Django's runner prepares only the aliases that some test class names in its `databases`. A plain `TestCase` names only
"default", so that its `get_database()` would reach the real data. `ensure_test_database` prevents that: inside a test
environment the first look at an alias that nobody prepared makes its test database, and the process's end drops it.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import Any

import pymongo
from django.conf import settings
from django.db import connections
from django.db.backends.base.creation import BaseDatabaseCreation
from django.db.utils import DatabaseError
from pymongo.errors import PyMongoError

from django_mongokit.conf import TEST_DATABASE_PREFIX, entry, test_database_name
from django_mongokit.mongodb.reaching import reaching
from django_mongokit.mongodb.watch import start_recording

__all__ = ["DatabaseCreation", "ensure_test_database", "in_test_environment", "is_prepared", "real_name"]


@dataclass(frozen=True)
class _TestDatabase:
    """The test database that an alias's NAME was switched to, and what to restore."""

    name: str
    original: str
    by_runner: bool
    worker: int
    pid: int


_current: dict[str, _TestDatabase] = {}
_lock = threading.RLock()


class DatabaseCreation(BaseDatabaseCreation):
    """Django's test runner, `testserver` and pytest-django drive this."""

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
            _restore(self.connection.alias)
            original = self._original()
            name = self._get_test_db_name()
            if verbosity >= 1:
                action = "Using existing" if keepdb else "Creating"
                shown = f"{self.connection.alias!r}" + (f" ({name!r})" if verbosity >= 2 else "")
                self.log(f"{action} test database for alias {shown}...")
            if not keepdb:
                with reaching(self.connection.alias):
                    self._destroy_test_db(name, verbosity)
            self._switch(name)
            _current[self.connection.alias] = _TestDatabase(name, original, True, _worker(), os.getpid())
        return name

    def destroy_test_db(
        self,
        old_database_name: str | None = None,
        verbosity: int = 1,
        keepdb: bool = False,
        suffix: str | None = None,
    ) -> None:
        """Drop the test database, or the clone with `suffix`, and restore NAME when `old_database_name` says so."""
        prepared = _current.get(self.connection.alias)
        if old_database_name is not None and prepared is not None:
            # When the alias was in use before the runner came, what the runner noted was a test database already.
            old_database_name = prepared.original
        super().destroy_test_db(old_database_name, verbosity=verbosity, keepdb=keepdb, suffix=suffix)
        if suffix is None and old_database_name is not None:
            _current.pop(self.connection.alias, None)

    def test_db_signature(self) -> tuple[Any, ...]:
        """Return what tells two aliases' test databases apart; also the folder of an embedded server."""
        options = self.connection.settings_dict.get("OPTIONS") or {}
        return (*super().test_db_signature(), str(options.get("embedded", "")))

    def setup_worker_connection(self, _worker_id: int) -> None:
        """Point NAME at the clone of one parallel worker."""
        original = self._original()
        super().setup_worker_connection(_worker_id)
        name = self.connection.settings_dict["NAME"]
        self._switch(name)
        _current[self.connection.alias] = _TestDatabase(name, original, True, _worker(), os.getpid())

    def serialize_db_to_string(self) -> str:
        """Return that there are no rows of models; documents are not serialized."""
        return "[]"

    def deserialize_db_from_string(self, data: str) -> None:
        """Restore nothing: nothing was serialized."""

    def _get_test_db_name(self) -> str:
        return test_database_name(self.connection.alias, self.connection.settings_dict, self._original())

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
        self.connection.connection.drop_database(test_database_name)

    def _switch(self, name: str) -> None:
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name


def in_test_environment() -> bool:
    """Return whether Django's `setup_test_environment` is in force; its documented sign is `mail.outbox`."""
    mail = sys.modules.get("django.core.mail")
    return mail is not None and hasattr(mail, "outbox")


def real_name(alias: str, values: Mapping[str, Any]) -> Any:
    """Return the NAME of an entry's real database, also while its NAME is that of a test database."""
    prepared = _current.get(alias)
    if prepared is not None and prepared.name == values.get("NAME"):
        return prepared.original
    return values.get("NAME")


def is_prepared(alias: str) -> bool:
    """Return whether a test database of the alias is in use that this process, or the runner, made for it."""
    prepared = _current.get(alias)
    if prepared is None or prepared.name != entry(alias)["NAME"]:
        return False  # or somebody has set NAME since then
    return prepared.by_runner or prepared.worker == _worker()


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
        values = entry(alias)
        original = real_name(alias, values)
        name = test_database_name(alias, values, original) + _suffix()
        creation = _creation_of(alias)
        creation._destroy_test_db(name, 0)
        creation._switch(name)
        _current[alias] = _TestDatabase(name, original, False, _worker(), os.getpid())
        if multiprocessing.parent_process() is None:
            atexit.register(_drop_at_exit, alias)
        else:
            # A worker of multiprocessing leaves without running atexit.
            Finalize(None, _drop_at_exit, args=(alias,), exitpriority=1)


def _creation_of(alias: str) -> DatabaseCreation:
    creation = connections[alias].creation
    assert isinstance(creation, DatabaseCreation)  # noqa: S101 (who comes here has seen the ENGINE)
    return creation


def _restore(alias: str) -> None:
    """Drop what `ensure_test_database` made in this process, and put NAME back."""
    prepared = _current.get(alias)
    if prepared is None or prepared.by_runner or prepared.pid != os.getpid():
        return
    creation = _creation_of(alias)
    creation._destroy_test_db(prepared.name, 0)
    creation._switch(prepared.original)
    del _current[alias]


def _drop_at_exit(alias: str) -> None:
    # The server may be gone before this process; what stays is dropped by the next run.
    with contextlib.suppress(PyMongoError), pymongo.timeout(1):
        _restore(alias)


def _worker() -> int:
    """Return the number of this worker of Django's parallel runner, counted from 1; 0 anywhere else."""
    runner = sys.modules.get("django.test.runner")
    return getattr(runner, "_worker_id", 0)


def _suffix() -> str:
    worker = _worker() or os.environ.get("PYTEST_XDIST_WORKER")
    return f"_{worker}" if worker else ""
