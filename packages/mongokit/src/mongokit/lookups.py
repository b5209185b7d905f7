"""Documents by their ``_id``: many at a time, for each collection and class."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import bson
from bson.binary import STANDARD
from bson.codec_options import CodecOptions

from mongokit.flow import Flow
from mongokit.loading import Reading
from mongokit.portions import portions
from mongokit.scalars import is_plain

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["Key", "find_many", "find_one", "key_of", "known", "note"]

D = TypeVar("D", bound="Document")
_OPTIONS: CodecOptions[Any] = CodecOptions(uuid_representation=STANDARD)


class Key(NamedTuple):
    """Which document, read as which class."""

    collection: str
    id: Hashable
    document_class: type[Document] | None


def key_of(collection: Any, document_class: type[Document] | None, id: Any) -> Key:
    """Return the key of a document, whatever its ``_id`` is."""
    # True is no 1 to MongoDB; what has no hash is a dict.
    hashed = (bool, id) if isinstance(id, bool) else id
    if not isinstance(id, Hashable):
        hashed = bson.encode({"": id}, codec_options=_OPTIONS)
    return Key(collection.full_name, hashed, document_class)


def known(reading: Reading, key: Key) -> Document | None:
    """Return a document that the reading knows: as it was read first, if that was by a class that will do."""
    found = reading.known.get(key._replace(document_class=None))
    if found is None or key.document_class is None or isinstance(found, key.document_class):
        return found
    return reading.known.get(key)


def note(reading: Reading, document: Document, key: Key) -> None:
    """Let the reading know a document."""
    reading.known.setdefault(key._replace(document_class=None), document)
    reading.known[key] = document


def find_one(collection: Any, document_class: type[D], id: Any) -> Flow[D | None]:
    """Return a document, or None."""
    if not is_plain(id):
        return None
    found: D | None = yield _proxy(collection, document_class).get_from_id(id)
    return found


def find_many(
    wanted: Mapping[Key, tuple[Any, Any]], reading: Reading, *, remember: bool = False
) -> Flow[list[Document]]:
    """Find documents and add them to those that the reading knows; returns them, not finished yet.

    :param wanted: for each key, the collection and the ``_id``.
    :param remember: let the documents remember how they are stored, so that it is known whether they change.
    """
    places: dict[tuple[str, type[Document]], tuple[Any, list[Any]]] = {}
    for key, (collection, id) in wanted.items():
        if key.document_class is not None:
            places.setdefault((key.collection, key.document_class), (collection, []))[1].append(id)
    found: list[Document] = []
    for (_, cls), (collection, ids) in places.items():
        proxy = _proxy(collection, cls)
        for some in portions(filter(is_plain, ids)):
            cursor = proxy._reader.find({"_id": {"$in": some}}, session=reading.session)
            for raw in (yield cursor.to_list()):
                document = proxy._loader.make(raw)
                if remember:
                    document._remember_all(raw)
                note(reading, document, key_of(collection, cls, raw["_id"]))
                found.append(document)
    return found


def _proxy(collection: Any, document_class: type[Document]) -> Any:
    return document_class(gen_skel=False, collection=collection)._proxy()
