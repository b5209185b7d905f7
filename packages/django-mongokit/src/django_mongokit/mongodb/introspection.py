"""An SQL database's tables, of which there are none here."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.introspection import BaseDatabaseIntrospection

from django_mongokit.mongodb.errors import INSPECTION, refuse
from django_mongokit.mongodb.refusing import RefusingIntrospection

__all__ = ["DatabaseIntrospection"]


class DatabaseIntrospection(RefusingIntrospection, BaseDatabaseIntrospection):
    """Finds no tables: so no migration is recorded here, and no model installed.

    `makemigrations` asks every alias when DATABASE_ROUTERS is set, and must not fail for it.
    """

    def table_names(self, cursor: Any = None, include_views: bool = False) -> list[str]:
        """Return no names, without a connection."""
        return []

    def get_table_list(self, cursor: Any) -> list[Any]:
        """Refuse `inspectdb`, which asks for this, in one line: an empty module would look like success."""
        refuse(self.connection.alias, "inspectdb", INSPECTION)

    def get_sequences(self, cursor: Any, table_name: str, table_fields: Any = ()) -> list[Any]:
        """Return no sequences."""
        return []
