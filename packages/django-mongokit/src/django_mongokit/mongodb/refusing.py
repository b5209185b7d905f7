"""Methods of Django's backends that make or read SQL, each of which refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from django_mongokit.mongodb.errors import QUERY, refuse

__all__ = ["RefusingIntrospection", "RefusingOperations", "RefusingWrapper"]


def _refusing(operation: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        alias = self.alias if hasattr(self, "alias") else self.connection.alias
        refuse(alias, operation, QUERY)

    method.__doc__ = "Refuse."
    return method


class RefusingWrapper:
    """What a wrapper of an SQL database does with its own driver."""

    get_connection_params = _refusing("A connection of a database driver (get_connection_params)")
    get_new_connection = _refusing("A connection of a database driver (get_new_connection)")
    create_cursor = _refusing("A cursor of a database driver (create_cursor)")
    make_cursor = _refusing("A cursor of a database driver (make_cursor)")
    make_debug_cursor = _refusing("A cursor of a database driver (make_debug_cursor)")


class RefusingOperations:
    """The pieces of SQL that expressions are made of, and what is read from a cursor."""

    bulk_insert_sql = _refusing("An INSERT")
    date_extract_sql = _refusing("SQL for a part of a date")
    date_trunc_sql = _refusing("SQL for a part of a date")
    datetime_cast_date_sql = _refusing("SQL for a part of a time")
    datetime_cast_time_sql = _refusing("SQL for a part of a time")
    datetime_extract_sql = _refusing("SQL for a part of a time")
    datetime_trunc_sql = _refusing("SQL for a part of a time")
    explain_query_prefix = _refusing("EXPLAIN")
    fetch_returned_insert_columns = _refusing("A row that an INSERT returns")
    fk_on_delete_sql = _refusing("SQL for a foreign key")
    format_for_duration_arithmetic = _refusing("SQL that computes with durations")
    last_insert_id = _refusing("The key that an INSERT has made")
    no_limit_value = _refusing("A LIMIT in SQL")
    regex_lookup = _refusing("A pattern in SQL")
    subtract_temporals = _refusing("SQL that computes with times")
    time_extract_sql = _refusing("SQL for a part of a time")
    time_trunc_sql = _refusing("SQL for a part of a time")


class RefusingIntrospection:
    """What tables consist of."""

    get_constraints = _refusing("Looking at a table's constraints")
    get_field_type = _refusing("Looking at a column's type")
    get_primary_key_column = _refusing("Looking at a table's key")
    get_primary_key_columns = _refusing("Looking at a table's key")
    get_relations = _refusing("Looking at a table's relations")
    get_table_description = _refusing("Looking at a table's columns")
