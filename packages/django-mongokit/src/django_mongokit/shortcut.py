"""What views, commands and shells need in one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404
from pymongo import MongoClient

from django_mongokit.conf import DEFAULT_ALIAS, ENGINE, database_name, entry, require_mongodb_alias
from django_mongokit.key_texts import is_storable, keys_of
from django_mongokit.mongodb.creation import ensure_test_database, in_test_environment
from django_mongokit.mongodb.pool import shared_connection
from mongokit.performing import is_asynchronous

if TYPE_CHECKING:
    from mongokit import Connection, Database
    from mongokit.proxy import DocumentProxy

T = TypeVar("T")

__all__ = [
    "aget_document_or_404",
    "aget_list_or_404",
    "documents_of",
    "get_database",
    "get_document_or_404",
    "get_list_or_404",
    "name_of_collection",
]


def get_database(
    conn: Connection | None = None, *, using: str = DEFAULT_ALIAS, alias: str | None = None
) -> Database:
    """Return the database of `DATABASES[using]`, on `conn` or that alias's own connection.

    `alias=` is another word for `using=`, which Django's own functions have.

    Its name is looked up at each call, since it differs between a test run and a normal one: call it where you use
    it, not once at import. Inside a test environment it is always a test database, never the real one.
    Raises `ConnectionDoesNotExist` for an undeclared alias, `ImproperlyConfigured` for one of another ENGINE, `TypeError`
    when `conn` is no connection; connects to nothing yet.
    """
    using = using if alias is None else alias
    given: object = conn
    if not (given is None or isinstance(given, MongoClient)):
        alias = f" An alias is named so: get_database(using={given!r})." if isinstance(given, str) else ""
        raise TypeError(f"get_database() takes a mongokit Connection, or nothing, not {given!r}.{alias}")
    if entry(using).get("ENGINE") != ENGINE:
        require_mongodb_alias(using, "get_database(using=…)")
    if in_test_environment():
        ensure_test_database(using)
    return (shared_connection(using) if conn is None else conn)[database_name(using)]


def documents_of(
    owner: type, document: Any, collection: str | None = None, using: str = DEFAULT_ALIAS
) -> DocumentProxy[Any]:
    """Return a document class in its collection, as `get_database().talks.Talk`.

    :param owner: the class that asks, for the error.
    :param collection: the name; None for the class's `__collection__`.

    Raises `ImproperlyConfigured` where neither says which collection.
    """
    name = name_of_collection(owner, document, collection)
    found: DocumentProxy[Any] = get_database(using=using)[name].proxy(document)
    return found


def name_of_collection(owner: type, document: Any, collection: str | None) -> str:
    """Return the name of the collection that `documents_of` looks in, and raise what it raises; asks no server."""
    name: str | None = collection or document.__collection__
    if not name:
        raise ImproperlyConfigured(
            f"{owner.__name__} does not say where to find its documents. Write collection = … in it, "
            f"or __collection__ in {document.__name__}."
        )
    return name


def get_document_or_404(documents: Any, query: Mapping[str, Any] | None = None, /, **fields: Any) -> Any:
    """Return the one document that matches, or raise `Http404`.

    `documents` is a collection's document class (`get_database().talks.Talk`), `query` is in MongoDB's language and
    `fields` are values to be equal to; `pk=` takes the key as text, as it stands in a URL::

        get_document_or_404(get_database().talks.Talk, pk=talk_id)
        get_document_or_404(get_database().talks.Talk, {"draft": {"$ne": True}}, slug=slug)

    Values in `fields` may come from users: one with a query operator in it (`{"$gt": ""}`) equals no document's.
    Raises `mongokit.MultipleResultsFound` when more than one matches.
    """
    clauses = _clauses(documents, query, fields)
    return _or_404(documents, None if clauses is None else documents.one(clauses))


def get_list_or_404(
    documents: Any, query: Mapping[str, Any] | None = None, /, *, sort: Any = None, **fields: Any
) -> list[Any]:
    """Return a list of the documents that match, or raise `Http404` where there is none.

    `sort` is a field, or a list of (field, direction) pairs, as the cursor's `sort()` takes it; the rest is as for
    `get_document_or_404`.
    """
    clauses = _clauses(documents, query, fields)
    return _or_404(
        documents, None if clauses is None else documents.find(clauses, sort=_pairs(sort)).to_list()
    )


async def aget_document_or_404(
    documents: Any, query: Mapping[str, Any] | None = None, /, **fields: Any
) -> Any:
    """Do what `get_document_or_404` does, awaited; for collections of an `AsyncConnection`, and in a thread for others."""
    if not is_asynchronous(documents.collection):
        return await sync_to_async(get_document_or_404)(documents, query, **fields)
    clauses = _clauses(documents, query, fields)
    return _or_404(documents, None if clauses is None else await documents.one(clauses))


async def aget_list_or_404(
    documents: Any, query: Mapping[str, Any] | None = None, /, *, sort: Any = None, **fields: Any
) -> list[Any]:
    """Do what `get_list_or_404` does, awaited; for collections of an `AsyncConnection`, and in a thread for others."""
    if not is_asynchronous(documents.collection):
        return await sync_to_async(get_list_or_404)(documents, query, sort=sort, **fields)
    clauses = _clauses(documents, query, fields)
    found: list[Any] | None = (
        None if clauses is None else await documents.find(clauses, sort=_pairs(sort)).to_list()
    )
    return _or_404(documents, found)


def _or_404(documents: Any, found: T | None) -> T:
    if found is None or found == []:
        raise Http404(f"No {_name_of(documents)} matches the given query.")
    return found


def _pairs(sort: Any) -> Any:
    return [(sort, 1)] if isinstance(sort, str) else sort


def _clauses(
    documents: Any, query: Mapping[str, Any] | None, fields: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return one query, or None where no document equals a value of `fields`: a condition, or what BSON cannot hold."""
    if any(_has_operator(value) or not is_storable(value) for value in fields.values()):
        return None
    clauses = [dict(query or {})]
    clauses += [
        _key_is(documents, value) if name == "pk" else {name: value} for name, value in fields.items()
    ]
    clauses = [clause for clause in clauses if clause]
    return {"$and": clauses} if len(clauses) > 1 else clauses[0] if clauses else {}


def _key_is(documents: Any, value: Any) -> dict[str, Any]:
    """Return the query for a key, which may be given as text."""
    keys = keys_of(getattr(documents, "_obj_class", None), value) if isinstance(value, str) else [value]
    return {"_id": keys[0]}


def _has_operator(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(str(key).startswith("$") or _has_operator(one) for key, one in value.items())
    return isinstance(value, list | tuple) and any(_has_operator(one) for one in value)


def _name_of(documents: Any) -> str:
    return str(getattr(getattr(documents, "_obj_class", documents), "__name__", "document"))
