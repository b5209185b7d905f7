"""SQL operations, refused before any SQL is written; and `flush`, which MongoDB can do."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations

from django_mongokit.conf import database_name
from django_mongokit.mongodb.errors import MIGRATION, QUERY, refuse
from django_mongokit.mongodb.reaching import reaching
from django_mongokit.mongodb.refusing import RefusingOperations

__all__ = ["DatabaseOperations"]


class DatabaseOperations(RefusingOperations, BaseDatabaseOperations):
    """Refuses to compile any query, whichever way the ORM came to it."""

    compiler_module = "django_mongokit.mongodb.operations"

    def compiler(self, compiler_name: str) -> Any:
        """Refuse: this is what every query of the ORM asks for first."""
        refuse(self.connection.alias, "A query of Django's ORM", QUERY)

    def bulk_batch_size(self, fields: Any, objs: Any) -> int:
        """Refuse `bulk_create` and `bulk_update`, which come here before they compile anything."""
        refuse(self.connection.alias, "A bulk query of Django's ORM", QUERY)

    def quote_name(self, name: str) -> str:
        """Refuse: only SQL quotes names."""
        refuse(self.connection.alias, f"SQL that names {name!r}", MIGRATION)

    def sql_flush(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return no statements: `execute_sql_flush` needs none.

        Raises what `reaching` raises where the server cannot be used: after this `flush` asks whether all is to be deleted, and
        takes whatever fails then for wrong SQL. An empty list also keeps `flush` from sending `post_migrate`, whose receivers write to SQL tables.
        """
        with reaching(self.connection.alias):
            self.connection.ensure_connection()
        return []

    def execute_sql_flush(self, sql_list: Any) -> None:
        """Delete every document of the database, as `flush --database` says it does; collections and indexes stay.

        Django's TransactionTestCase calls it after each test for the aliases in its `databases`.
        """
        database = self.connection.connection[database_name(self.connection.alias)]
        for found in database.list_collections():
            if found.get("type") != "view" and not found["name"].startswith("system."):
                database[found["name"]].delete_many({})
