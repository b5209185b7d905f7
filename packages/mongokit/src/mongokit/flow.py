"""Work that waits for a server now and then, written once for both kinds of connection.

A flow is a generator. It yields what PyMongo returned, or what a hook returned, and gets back what that stands for: with
a synchronous connection the very same object, with an asynchronous one what comes of awaiting it::

    def exists(collection, id):
        found = yield collection.find_one({"_id": id}, {"_id": True})
        return found is not None
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from pymongo.asynchronous.collection import AsyncCollection

__all__ = ["Flow", "drive", "run", "run_async"]

R = TypeVar("R")

Flow = Generator[Any, Any, R]


def run(flow: Flow[R]) -> R:
    """Do what a flow says, at once; raises TypeError where something would have to be awaited."""
    try:
        step = next(flow)
        while True:
            step = flow.throw(_refusal(step)) if _is_awaitable(step) else flow.send(step)
    except StopIteration as end:
        result: R = end.value
        return result


async def run_async(flow: Flow[R]) -> R:
    """Do what a flow says, awaiting what has to be awaited."""
    value: Any = None
    error: BaseException | None = None
    while True:
        try:
            value = flow.send(value) if error is None else flow.throw(error)
        except StopIteration as end:
            result: R = end.value
            return result
        error = None
        if _is_awaitable(value):
            try:
                value = await value
            except BaseException as raised:  # noqa: BLE001 (the flow is told, a cancellation too, and raises it)
                error = raised


def drive(collection: object, flow: Flow[R]) -> Any:
    """Do what a flow says as the connection of a collection wants it: return what came of it, or the awaitable of that."""
    return run_async(flow) if isinstance(collection, AsyncCollection) else run(flow)


def _is_awaitable(value: Any) -> bool:
    # Asked of the class: a document would look for a field of that name.
    return hasattr(type(value), "__await__")


def _refusal(awaitable: Any) -> TypeError:
    close = getattr(awaitable, "close", None)
    if close is not None:
        # A coroutine that nobody awaits gives a warning of its own.
        close()
    name = getattr(awaitable, "__qualname__", type(awaitable).__name__)
    return TypeError(
        f"{name} has to be awaited, which is not done here: use the asynchronous form of what you have called, or, where "
        "it is a hook of a document in a blocking connection, write it with def"
    )
