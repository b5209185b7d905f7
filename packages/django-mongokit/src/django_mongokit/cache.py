"""Django's cache in MongoDB.

    CACHES = {"default": {"BACKEND": "django_mongokit.cache.MongoDBCache", "LOCATION": "cache"}}

`LOCATION` is the collection, and may be shared by as many processes and machines as like; `OPTIONS` are Django's
`MAX_ENTRIES` and `CULL_FREQUENCY`, and `ALIAS`, another one than "mongodb". A value is pickled, as in Django's own
caches, an int stored as a number; who can write to the database can make a reader run code.
"""

from __future__ import annotations

import datetime
import itertools
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import cached_property
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DocumentTooLarge, DuplicateKeyError

from django_mongokit.conf import DEFAULT_ALIAS, require_mongodb_alias
from django_mongokit.expiring import EXPIRES, NEVER, ExpiringCollection, utc_now

__all__ = ["MongoDBCache", "entries_of"]

VALUE = "value"
INT64 = range(-(2**63), 2**63)
_TRIES = 5
_DUPLICATE = 11_000  # MongoDB's code of the error
Raw = dict[str, Any]

# How many entries this process has added, by collection: all threads together, since each has a backend of its own.
_added: dict[ExpiringCollection, Iterator[int]] = {}


class MongoDBCache(BaseCache):
    """The methods, and what they return and raise, are those of Django's cache API.

    `add()`, `incr()` and `decr()` are atomic, between processes and machines too. What has expired is never returned;
    MongoDB deletes it within a minute or so, by a TTL index.

    The number of entries is looked at after every tenth part of `MAX_ENTRIES` that a process has added, so there may
    be as many more than `MAX_ENTRIES`. When there are too many, those that expire first go: one of `CULL_FREQUENCY`.
    """

    def __init__(self, location: object, params: Mapping[str, Any]) -> None:
        super().__init__(dict(params))
        self._location = location
        self._alias = params.get("OPTIONS", {}).get("ALIAS", DEFAULT_ALIAS)

    # Looked at by the first use: Django's own checks make every cache, and what that raised would be all that is said.
    @cached_property
    def _entries(self) -> ExpiringCollection:
        return entries_of(self._location, self._alias)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return a value, or `default`."""
        found = self._find(self.make_and_validate_key(key, version))
        return default if found is None else _loaded(found[VALUE])

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Return the values that are there, by key, with one query."""
        names = {self.make_and_validate_key(key, version): key for key in keys}
        if not names:
            return {}
        found = self._entries.for_reading().find(_live({"$in": list(names)}))
        return {names[one["_id"]]: _loaded(one[VALUE]) for one in found}

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Return whether a value is there."""
        spec = _live(self.make_and_validate_key(key, version))
        return self._entries.for_reading().find_one(spec, {"_id": True}) is not None

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store a value."""
        name = self.make_and_validate_key(key, version)
        change = {VALUE: _stored(value), EXPIRES: self._end(timeout)}
        result = _again(lambda: self._write(name, {"_id": name}, change))
        if result.upserted_id is not None:
            self._cull_after(1)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store a value unless there is one; return whether it was stored. Of many at once just one gets True."""
        name = self.make_and_validate_key(key, version)
        change = {VALUE: _stored(value), EXPIRES: self._end(timeout)}
        try:
            # What has expired is replaced; what has not does not match, and its key cannot be inserted again.
            result = self._write(name, {"_id": name, EXPIRES: {"$lte": utc_now()}}, change)
        except DuplicateKeyError:
            return False
        if result.upserted_id is not None:
            self._cull_after(1)
        return True

    def set_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        """Store values, together; return the empty list: who cannot store them raises."""
        end = self._end(timeout)
        writes = []
        for key, value in data.items():
            name = self.make_and_validate_key(key, version)
            change = {"$set": {VALUE: _stored(value), EXPIRES: end}}
            writes.append(UpdateOne({"_id": name}, change, upsert=True))
        if writes:
            result = _again(lambda: self._entries.for_writing().bulk_write(writes, ordered=False))
            self._cull_after(result.upserted_count)
        return []

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set when a value expires; return whether there is one."""
        spec = _live(self.make_and_validate_key(key, version))
        change = {"$set": {EXPIRES: self._end(timeout)}}
        return self._entries.for_reading().update_one(spec, change).matched_count > 0

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Delete a value; return whether there was one."""
        spec = _live(self.make_and_validate_key(key, version))
        return self._entries.for_reading().delete_one(spec).deleted_count > 0

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """Delete values with one command."""
        names = [self.make_and_validate_key(key, version) for key in keys]
        if names:
            self._entries.for_reading().delete_many({"_id": {"$in": names}})

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Add to a number, and return the sum; the time at which it expires stays.

        Raises `ValueError` where there is none, and what Python raises for a value to which nothing can be added.
        """
        name = self.make_and_validate_key(key, version)
        collection = self._entries.for_reading()
        # No findAndModify: the embedded server reads the whole collection for one.
        while (found := self._find(name)) is not None:
            value: int = _loaded(found[VALUE]) + delta
            unchanged = {**_live(name), VALUE: found[VALUE]}
            if collection.update_one(unchanged, {"$set": {VALUE: _stored(value)}}).matched_count:
                return value
        raise ValueError(f"Key {key!r} not found")

    def clear(self) -> None:
        """Delete every entry of the collection, whatever its prefix and version."""
        self._entries.for_writing().delete_many({})

    # Django's asynchronous methods of these names read and write in two steps, or key by key.

    async def aincr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Do what `incr()` does, as atomically."""
        return await sync_to_async(self.incr)(key, delta, version)

    async def aget_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Do what `get_many()` does."""
        return await sync_to_async(self.get_many)(keys, version)

    async def aset_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[Any]:
        """Do what `set_many()` does."""
        return await sync_to_async(self.set_many)(data, timeout, version)

    async def adelete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """Do what `delete_many()` does."""
        await sync_to_async(self.delete_many)(keys, version)

    async def ahas_key(self, key: Any, version: int | None = None) -> bool:
        """Do what `has_key()` does."""
        return await sync_to_async(self.has_key)(key, version)

    def _find(self, name: str) -> Raw | None:
        return self._entries.for_reading().find_one(_live(name))

    def _write(self, name: str, spec: Raw, change: Raw) -> Any:
        try:
            return self._entries.for_writing().update_one(spec, {"$set": change}, upsert=True)
        except DocumentTooLarge as error:
            raise DocumentTooLarge(
                f"the cache's value under {name!r} is too large for MongoDB: {error}"
            ) from None

    def _end(self, timeout: Any) -> datetime.datetime:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        if seconds is None:
            return NEVER
        if seconds <= 0:
            return utc_now()
        try:
            return utc_now() + datetime.timedelta(seconds=seconds)
        except OverflowError:
            return NEVER

    def _cull_after(self, added: int) -> None:
        """Look at the number of entries when this process has added enough of them; the first time at once."""
        step = max(1, self._max_entries // 10)
        numbers = _added.setdefault(self._entries, itertools.count())
        if any(number % step == 0 for number in [next(numbers) for _ in range(added)]):
            self._cull()

    def _cull(self) -> None:
        collection = self._entries.for_reading()
        if collection.estimated_document_count() <= self._max_entries:
            return
        self._entries.delete_expired()
        count = collection.estimated_document_count()
        if count <= self._max_entries:
            return
        if self._cull_frequency == 0:
            collection.delete_many({})
        else:
            _delete_first(collection, max(count // self._cull_frequency, count - self._max_entries))


def entries_of(location: object, alias: object) -> ExpiringCollection:
    """Return the collection of a cache.

    :param location: its `LOCATION`; `alias`: its `OPTIONS["ALIAS"]`.

    Raises `ImproperlyConfigured` for what cannot work; connects to nothing.
    """
    if not isinstance(location, str) or not location:
        raise ImproperlyConfigured(
            f'LOCATION of the cache is {location!r}; it takes the name of a collection, e.g. "django_cache".'
        )
    return ExpiringCollection(require_mongodb_alias(alias, "OPTIONS['ALIAS'] of the cache"), location)


def _delete_first(collection: Collection[Raw], number: int) -> None:
    """Delete so many entries, those that expire first."""
    found = collection.find({}, {"_id": True}).sort(EXPIRES).limit(number)
    names = (one["_id"] for one in found)
    while batch := list(itertools.islice(names, 1_000)):
        collection.delete_many({"_id": {"$in": batch}})


def _again(write: Callable[[], Any]) -> Any:
    """Write what takes the place of whatever is there: of two who find nothing there, one is told of a duplicate."""
    for _ in range(_TRIES - 1):
        try:
            return write()
        except DuplicateKeyError:
            continue
        except BulkWriteError as error:
            if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
                raise
    return write()


def _live(key: Any) -> Raw:
    return {"_id": key, EXPIRES: {"$gt": utc_now()}}


def _stored(value: Any) -> Any:
    """Return a value as it is stored: an int of eight bytes as itself, everything else pickled."""
    if type(value) is int and value in INT64:
        return value
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _loaded(stored: Any) -> Any:
    return int(stored) if isinstance(stored, int) else pickle.loads(stored)  # noqa: S301 (as Django's own caches do)
