"""MongoDB in a Django project: settings, connection, documents with _meta, signals and test databases.

    from django_mongokit import connection, get_database

Importing this module reads no settings and connects to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_mongokit.shortcut import (
        aget_document_or_404,
        aget_list_or_404,
        get_database,
        get_document_or_404,
        get_list_or_404,
    )
    from mongokit import Connection

    connection: Connection

__all__ = [
    "__version__",
    "aget_document_or_404",
    "aget_list_or_404",
    "connection",
    "get_database",
    "get_document_or_404",
    "get_list_or_404",
    "get_version",
]

__version__ = "0.1.0"


def get_version() -> str:
    """Return the version of this package."""
    return __version__


def __getattr__(name: str) -> Any:
    # Django imports this package before its apps are ready, so what needs Django comes when it is asked for.
    if name == "connection":
        from django_mongokit.mongodb.pool import LazyConnection

        return globals().setdefault("connection", LazyConnection())
    if name in __all__:
        from django_mongokit import shortcut

        return getattr(shortcut, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
