"""The one error for everything that only an SQL database can do."""

from __future__ import annotations

from typing import NoReturn

from django.core.management.base import CommandError
from django.db.utils import NotSupportedError

__all__ = [
    "INSPECTION",
    "MIGRATION",
    "QUERY",
    "TRANSACTION",
    "UnsupportedConnectionOperation",
    "refusal",
    "refuse",
]

QUERY = (
    "Query it with documents (get_database().talks.Talk.find()) or PyMongo, "
    "and keep Django's models on another alias."
)
TRANSACTION = (
    "Run atomic() on an SQL alias; several writes to MongoDB are made one by "
    "`with connection.start_session() as session, session.start_transaction(): …`, on a replica set."
)
INSPECTION = "What a collection holds is declared by the `structure` of a document class, which you write."
MIGRATION = "Collections are made by the first write and need no tables; migrate an SQL alias instead."


class UnsupportedConnectionOperation(NotSupportedError, CommandError):
    """Something was asked of a MongoDB alias that only an SQL database can do; a command says so without a traceback."""


def refusal(alias: str, operation: str, instead: str) -> str:
    """Return the sentence that says what cannot be done, why, and what to use instead."""
    return f"{operation} cannot work on DATABASES[{alias!r}]: it is MongoDB and speaks no SQL. {instead}"


def refuse(alias: str, operation: str, instead: str) -> NoReturn:
    """Raise that sentence as `UnsupportedConnectionOperation`."""
    raise UnsupportedConnectionOperation(refusal(alias, operation, instead))
