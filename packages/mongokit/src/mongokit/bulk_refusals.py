"""What is said of the requests of a ``bulk_write()`` that the server has refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pymongo.errors

from mongokit.batches import explained
from mongokit.errors import BulkWriteError, MaxDocumentSizeError
from mongokit.operations import TOO_LARGE
from mongokit.sizes import exceeding
from mongokit.writes import Write

if TYPE_CHECKING:
    from mongokit.document import Document
    from mongokit.proxy_base import ProxyBase

__all__ = ["refused_requests"]


def refused_requests(
    proxy: ProxyBase[Any],
    requests: Sequence[Any],
    sent: Sequence[Any],
    error: pymongo.errors.BulkWriteError,
    *,
    ordered: bool,
) -> pymongo.errors.BulkWriteError:
    """Return the error for a bulk write by way of a class; PyMongo's own where it is not about a request.

    :param requests: as they were given.
    :param sent: the same with the values as they are stored.
    """
    refusals = error.details.get("writeErrors", ())
    if not refusals:
        return error
    # One knows how to say what the server says of a class.
    cls: type[Document] = proxy._obj_class
    write = Write[Any](cls.__new__(cls), proxy.collection, {})

    def said(refusal: dict[str, Any]) -> Exception:
        if refusal.get("code") not in TOO_LARGE:
            return explained(write, refusal)
        content = sent[refusal["index"]]._doc
        return MaxDocumentSizeError(f"{cls.__name__}: {exceeding(content, proxy.collection.codec_options)}")

    found = [(refusal["index"], said(refusal)) for refusal in refusals]
    tried = found[0][0] + 1 if ordered else len(requests)
    return BulkWriteError.of_requests(found, requests, tried, error.details)
