"""What is awaited of a document in an asynchronous collection, under names whose types say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from mongokit.performing import is_asynchronous

__all__ = ["Awaited"]


class Awaited:
    """``asave()`` for ``save()``, and so on.

    In an asynchronous collection ``await document.save()`` does the same. But a class can be used in either kind of
    collection, and its methods have one type each: ``save()`` is declared to return the document. Under these names
    type checkers know that there is something to be awaited.
    """

    __slots__ = ()

    async def asave(self, *args: Any, **options: Any) -> Self:
        """Validate and store the document; see :meth:`Document.save`. Raises TypeError in a blocking collection."""
        done: Self = await _of(self, "save", *args, **options)
        return done

    async def adelete(self, **options: Any) -> None:
        """Delete the document; see :meth:`Document.delete`."""
        await _of(self, "delete", **options)

    async def areload(self, **options: Any) -> None:
        """Read the document again; see :meth:`Document.reload`."""
        await _of(self, "reload", **options)

    async def aupdate_atomic(self, update: Mapping[str, Any], **options: Any) -> Self:
        """Let the server change the document; see :meth:`Document.update_atomic`."""
        done: Self = await _of(self, "update_atomic", update, **options)
        return done


def _of(document: Any, name: str, *args: Any, **options: Any) -> Any:
    if not is_asynchronous(document.collection):
        raise TypeError(
            f"a{name}() is for documents in the collections of an AsyncConnection; this {type(document).__name__} is in "
            f"{document.collection.full_name} of a blocking connection: call {name}()"
        )
    return getattr(document, name)(*args, **options)
