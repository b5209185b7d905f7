"""The asynchronous twins, driven from blocking code, so that one table of tests serves both."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from contextlib import AbstractAsyncContextManager, contextmanager

import pymongo.asynchronous.command_cursor
import pymongo.asynchronous.cursor

from mongokit import AsyncCollection, AsyncConnection, AsyncCursor, AsyncDatabase, Document
from mongokit.aio import AsyncDocumentProxy
from mongokit.changes import AsyncChanges
from mongokit.results import AsyncResults
from mongokit.units import AsyncUnitOfWork

TWINS = (
    *(AsyncConnection, AsyncDatabase, AsyncCollection, AsyncDocumentProxy, AsyncCursor),
    *(AsyncResults, AsyncChanges, AsyncUnitOfWork),
    pymongo.asynchronous.cursor.AsyncCursor,
    pymongo.asynchronous.command_cursor.AsyncCommandCursor,
)
METHODS = (
    *("save", "delete", "reload", "update_atomic", "find", "find_one", "one", "get_from_id", "fetch"),
    *("fetch_one", "find_random"),
)
"""What a document has that asks the server."""


class Driver:
    """An event loop in a thread of its own, which any thread can have something done in."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.context = contextvars.Context()
        """That of all that is done, so that a block can set a variable for what is in it."""
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(20)
        self.loop.close()

    def finish(self, value):
        """Return what an awaitable comes to; the twins so that they can be used from here."""
        if inspect.isawaitable(value):
            value = asyncio.run_coroutine_threadsafe(self._in_context(value), self.loop).result(100)
        if isinstance(value, AbstractAsyncContextManager) and not isinstance(value, TWINS):
            return DrivenBlock(value, self)
        return Driven(value, self) if isinstance(value, TWINS) else value

    async def _in_context(self, value):
        return await self.loop.create_task(_awaited(value), context=self.context)

    def method(self, original):
        def method(*args, **options):
            return self.finish(original(*args, **options))

        return method


async def _awaited(value):
    return await value


class Driven:
    """A twin: what is called on it is awaited, what it gives is driven too."""

    def __init__(self, target, driver):
        self._target, self._driver = target, driver

    def __getattr__(self, name):
        found = getattr(self._target, name)
        if isinstance(found, TWINS):
            return Driven(found, self._driver)
        return self._driver.method(found) if callable(found) else found

    def __call__(self, *args, **options):
        return self._driver.method(self._target)(*args, **options)

    def __getitem__(self, key):
        return self._driver.finish(self._target[key])

    def __iter__(self):
        async def everything():
            return [each async for each in self._target]

        return iter(self._driver.finish(everything()))

    def __len__(self):
        return len(self._target)

    def __eq__(self, other):
        return self._target == getattr(other, "_target", other)

    __hash__ = None


class DrivenBlock:
    """What is for ``async with``, for ``with``."""

    def __init__(self, target, driver):
        self._target, self._driver = target, driver

    def __enter__(self):
        return self._driver.finish(self._target.__aenter__())

    def __exit__(self, *error):
        return self._driver.finish(self._target.__aexit__(*error))


@contextmanager
def documents_driven_by(driver, patch):
    """Let documents in asynchronous collections be used like those in blocking ones."""
    for name in METHODS:
        patch.setattr(Document, name, driver.method(getattr(Document, name)))
    original = Document.__init__

    def made(self, doc=None, gen_skel=True, collection=None):
        original(self, doc, gen_skel, getattr(collection, "_target", collection))

    patch.setattr(Document, "__init__", made)
    yield
