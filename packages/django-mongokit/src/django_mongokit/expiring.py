"""Collections whose documents go away when their time is over: those of the sessions and of the cache.

Each document has the time of its end under `expires`, and MongoDB's TTL monitor deletes it some time after that (once a
minute). So who reads asks for documents that have not expired: the index only keeps the collection from growing.
"""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass
from typing import Any

import pymongo.database
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from django_mongokit.mongodb.reaching import WRONG_PASSWORD
from django_mongokit.shortcut import get_database

__all__ = ["EXPIRES", "NEVER", "ExpiringCollection", "utc_now"]

EXPIRES = "expires"

NEVER = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
"""The end of what has none. A date like the others, so that one comparison and one sort order serve them all."""

logger = logging.getLogger("django_mongokit")

# By alias, database and collection: which this process has found or given an index.
_indexed: set[tuple[str, str, str]] = set()


def utc_now() -> datetime.datetime:
    """Return the time, as MongoDB compares it."""
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class ExpiringCollection:
    """One such collection: the alias of its database, and its name."""

    alias: str
    name: str

    def for_reading(self) -> Collection[dict[str, Any]]:
        """Return the collection, of the test database in a test run.

        It is PyMongo's own: what is kept here must not be undone together with a transaction of documents, nor a
        key that is taken abort one.
        """
        database = get_database(using=self.alias)
        plain = pymongo.database.Database[dict[str, Any]](database.client, database.name)
        return plain[self.name]

    def for_writing(self) -> Collection[dict[str, Any]]:
        """Return the same; the first time in a process, see to its index."""
        collection = self.for_reading()
        if self._key(collection) not in _indexed:
            self.ensure_index()
        return collection

    def ensure_index(self) -> None:
        """Make the TTL index unless it is there. A user who may not is told in the log, once, and can go on."""
        collection = self.for_reading()
        try:
            collection.create_index(EXPIRES, expireAfterSeconds=0)
        except OperationFailure as error:
            if error.code in WRONG_PASSWORD:
                raise  # nothing else may be done either, and PyMongo would take the next try for a server that is away
            logger.warning(
                "%s has no index that deletes what has expired, so it grows: %s. "
                "Make it by hand: db.%s.createIndex({%s: 1}, {expireAfterSeconds: 0})",
                collection.full_name,
                error,
                collection.name,
                EXPIRES,
            )
        _indexed.add(self._key(collection))

    def delete_expired(self) -> int:
        """Delete what has expired, without waiting for MongoDB to do it, and return how many documents that were."""
        deleted = self.for_reading().delete_many({EXPIRES: {"$lte": utc_now()}})
        return deleted.deleted_count

    def _key(self, collection: Collection[dict[str, Any]]) -> tuple[str, str, str]:
        return self.alias, collection.database.name, self.name
