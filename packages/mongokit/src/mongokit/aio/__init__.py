"""The asynchronous twins: PyMongo's AsyncMongoClient, with the same document classes."""

from mongokit.aio.collection import AsyncCollection
from mongokit.aio.connection import AsyncConnection
from mongokit.aio.cursor import AsyncCursor
from mongokit.aio.database import AsyncDatabase
from mongokit.aio.proxy import AsyncDocumentProxy

__all__ = ["AsyncCollection", "AsyncConnection", "AsyncCursor", "AsyncDatabase", "AsyncDocumentProxy"]
