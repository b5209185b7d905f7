"""The `DatabaseWrapper` that Django makes for each thread and alias: it hands out one connection and refuses SQL."""

from __future__ import annotations

from types import TracebackType
from typing import Any, NoReturn, Self

from django.core.management.base import CommandError
from django.db import connections
from django.db import utils as _django_errors
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.validation import BaseDatabaseValidation
from django.db.utils import DatabaseError, IntegrityError
from pymongo.errors import PyMongoError

from django_mongokit.conf import TEST_DATABASE_PREFIX
from django_mongokit.mongodb.client import DatabaseClient
from django_mongokit.mongodb.creation import DatabaseCreation
from django_mongokit.mongodb.errors import (
    MIGRATION,
    QUERY,
    TRANSACTION,
    UnsupportedConnectionOperation,
    refusal,
    refuse,
)
from django_mongokit.mongodb.features import DatabaseFeatures
from django_mongokit.mongodb.introspection import DatabaseIntrospection
from django_mongokit.mongodb.operations import DatabaseOperations
from django_mongokit.mongodb.pool import open_connection, shared_connection
from django_mongokit.mongodb.refusing import RefusingWrapper
from mongokit import Connection

__all__ = [
    "TEST_DATABASE_PREFIX",
    "DatabaseClient",
    "DatabaseCreation",
    "DatabaseError",
    "DatabaseFeatures",
    "DatabaseIntrospection",
    "DatabaseOperations",
    "DatabaseWrapper",
    "IntegrityError",
    "RefusingCursor",
    "UnsupportedConnectionOperation",
]


class RefusingCursor:
    """A cursor that can be opened and closed, as tools do to look for tables, but runs no SQL."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def execute(self, sql: object, params: object = None) -> NoReturn:
        """Refuse."""
        refuse(self._alias, f"The SQL {str(sql)[:60]!r}", QUERY)

    def executemany(self, sql: object, param_list: object) -> NoReturn:
        """Refuse."""
        self.execute(sql)

    def callproc(self, procname: str, params: object = None, kparams: object = None) -> NoReturn:
        """Refuse."""
        refuse(self._alias, f"The stored procedure {procname!r}", QUERY)


class DatabaseWrapper(RefusingWrapper, BaseDatabaseWrapper):
    """One alias in one thread. `.connection` is the mongokit `Connection` that the whole process shares.

    That connection is safe between threads and after a fork and keeps a pool of its own, so nothing is opened or
    closed here: `close_old_connections` and `connections.close_all()` cost nothing and break nothing.
    """

    vendor = "mongodb"
    display_name = "MongoDB"
    Database = _django_errors  # where Django looks for the PEP 249 exceptions
    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations
    validation_class = BaseDatabaseValidation

    def __init__(self, settings_dict: dict[str, Any], alias: str = "mongodb") -> None:
        super().__init__(settings_dict, alias)
        # Left out, Django's runner takes it that "default" must come first, and fails when no test needs that one.
        settings_dict.setdefault("TEST", {}).setdefault("DEPENDENCIES", [])
        self.autocommit = True
        self._own: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The process's connection of this alias; made at the first use, connected at its first operation."""
        if connections.settings.get(self.alias) is self.settings_dict:
            return shared_connection(self.alias)
        if self._own is None:  # made by hand, from settings of its own
            self._own = open_connection(self.alias, self.settings_dict)
        return self._own

    @connection.setter
    def connection(self, value: None) -> None:
        """Ignore Django's `self.connection = None`: there is nothing of this thread's own to forget."""

    def ensure_connection(self) -> None:
        """Ask the server for an answer, as health checks do; raises PyMongo's `ConnectionFailure` without one."""
        self.connection.admin.command("ping")

    connect = ensure_connection

    def is_usable(self) -> bool:
        """Return whether the server answers."""
        try:
            self.ensure_connection()
        except PyMongoError:
            return False
        return True

    def close(self) -> None:
        """Do nothing: other threads use the same pool, and PyMongo closes idle sockets itself."""
        self.run_on_commit = []

    def _close(self) -> None:
        # Django's would close what the whole process uses.
        return None

    def close_if_unusable_or_obsolete(self) -> None:
        """Do nothing, for the same reason: PyMongo replaces a broken socket by itself."""

    def close_if_health_check_failed(self) -> None:
        """Do nothing, for the same reason."""

    def get_autocommit(self) -> bool:
        """Return True, without asking a server: each write stands at once."""
        return True

    def cursor(self) -> Any:
        """Return a cursor that refuses whatever it is given."""
        return RefusingCursor(self.alias)

    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        """Refuse to leave autocommit, which is how `transaction.atomic` begins."""
        if not autocommit:
            refuse(self.alias, "A transaction (transaction.atomic, set_autocommit)", TRANSACTION)

    def commit(self) -> None:
        """Refuse."""
        refuse(self.alias, "transaction.commit()", TRANSACTION)

    def rollback(self) -> None:
        """Refuse."""
        refuse(self.alias, "transaction.rollback()", TRANSACTION)

    def savepoint(self) -> NoReturn:
        """Refuse."""
        refuse(self.alias, "transaction.savepoint()", TRANSACTION)

    def savepoint_commit(self, sid: str) -> None:
        """Refuse."""
        refuse(self.alias, "transaction.savepoint_commit()", TRANSACTION)

    def savepoint_rollback(self, sid: str) -> None:
        """Refuse."""
        refuse(self.alias, "transaction.savepoint_rollback()", TRANSACTION)

    def schema_editor(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        refuse(self.alias, "A migration (schema_editor)", MIGRATION)

    def prepare_database(self) -> None:
        """Refuse `manage.py migrate --database`, which calls this first, in one line instead of a traceback."""
        raise CommandError(refusal(self.alias, "migrate", MIGRATION))

    def get_database_version(self) -> tuple[int, ...]:
        """Return the version of the server."""
        return tuple(int(part) for part in self.connection.server_info()["versionArray"][:3])
