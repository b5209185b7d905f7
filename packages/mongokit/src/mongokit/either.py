"""One flow for both kinds of connection: done at once, or awaited."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pymongo.asynchronous.collection
import pymongo.asynchronous.database
import pymongo.collection
import pymongo.database
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.client_session import ClientSession

from mongokit.flow import Flow, run, run_async

Awaited = (
    AsyncMongoClient[Any]
    | pymongo.asynchronous.database.AsyncDatabase[Any]
    | pymongo.asynchronous.collection.AsyncCollection[Any]
)
"""What is awaited."""
Blocking = MongoClient[Any] | pymongo.database.Database[Any] | pymongo.collection.Collection[Any]
"""What answers at once."""

__all__ = [
    "CLIENTS",
    "COLLECTIONS",
    "DATABASES",
    "SESSIONS",
    "Awaited",
    "Blocking",
    "done",
    "is_asynchronous",
    "rest",
]

COLLECTIONS = (pymongo.collection.Collection, pymongo.asynchronous.collection.AsyncCollection)
DATABASES = (pymongo.database.Database, pymongo.asynchronous.database.AsyncDatabase)
CLIENTS = (MongoClient, AsyncMongoClient)
SESSIONS = (ClientSession, AsyncClientSession)


def is_asynchronous(where: object) -> bool:
    return isinstance(where, (COLLECTIONS[1], DATABASES[1], CLIENTS[1]))


def done(where: object, flow: Flow[Any]) -> Any:
    """Do what a flow says with a client, database or collection; return its result, or the awaitable of that."""
    return run_async(flow) if is_asynchronous(where) else run(flow)


def rest(where: object, seconds: float) -> Any:
    """Return what a flow yields to wait for so many seconds."""
    return asyncio.sleep(seconds) if is_asynchronous(where) else time.sleep(seconds)
