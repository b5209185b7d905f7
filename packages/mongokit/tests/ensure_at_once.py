"""A program: once it is told to, change the indexes of a collection to those declared. Used by test_index_races."""

from __future__ import annotations

import asyncio
import sys

from mongokit import AsyncConnection, Connection, Document


class Thing(Document):
    structure = {"a": str, "b": int, "items": [{"n": int}]}
    indexes = [
        {"fields": "a", "unique": True},
        {"fields": ["a", "b"]},
        {"fields": "b", "sparse": True},
        {"fields": "items.n", "name": "n"},
    ]


def blocking(uri, database):
    with Connection(uri) as connection:
        collection = connection[database].things
        collection.find_one()
        wait()
        collection.proxy(Thing).ensure_indexes(drop=True)


async def asynchronous(uri, database):
    async with AsyncConnection(uri) as connection:
        collection = connection[database].things
        await collection.find_one()
        wait()
        await collection.proxy(Thing).ensure_indexes(drop=True)


def wait():
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    kind, *place = sys.argv[1:]
    if kind == "blocking":
        blocking(*place)
    else:
        asyncio.run(asynchronous(*place))
