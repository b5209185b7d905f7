"""Documents as lines of text, and back: what `dumpdocuments` writes and `loaddocuments` reads.

A dump is UTF-8, a JSON object in each line: first what it is, then a document and its collection in each, in canonical
MongoDB Extended JSON v2 (so an int64 stays one; see `extended` for keys that look like it), and at the end how many there were, so that a dump that was cut off is
known for one. Neither side holds more than a batch of them in memory.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import bson
import pymongo.database
from bson.codec_options import CodecOptions
from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from django_mongokit.extended import CODEC, RAW_CODEC, read_escaped, read_plain, written

__all__ = ["DumpError", "Entry", "collection_names", "dump", "load", "read"]

Raw = dict[str, Any]
Progress = Callable[[str, int], Any]
"""Called with a collection's name and how many of its documents are done."""

_HEADER = {"django_mongokit": "documents", "version": 2}
_READERS: dict[Any, Callable[[str], Any]] = {1: read_plain, 2: read_escaped}
"""How the lines of each version are read; those of the first could not hold keys that look like Extended JSON."""
_BATCH = 1_000
_BATCH_BYTES = 8_000_000
_MOST_BYTES = 16 * 1024 * 1024
_MOST_ERRORS = 20
_MOST_NAME_BYTES = 255
"""Of a database and a collection together, with the dot between them."""


class DumpError(ValueError):
    """A dump cannot be read, or its documents not be stored; the text names the line, and the document.

    Or a document cannot be dumped, which the text names."""


class Entry(NamedTuple):
    """One document of a dump."""

    line: int
    collection: str
    document: Raw
    size: int
    """In bytes of BSON."""

    def __str__(self) -> str:
        return f"line {self.line} ({self.collection}, _id {self.document['_id']!r})"


def collection_names(database: Any) -> list[str]:
    """Return the collections that hold documents, sorted: no views, and nothing of the server's own."""
    found = database.list_collections(filter={"type": "collection"})
    return sorted(one["name"] for one in found if not one["name"].startswith("system."))


def dump(database: Any, names: Iterable[str], progress: Progress | None = None) -> Iterator[str]:
    """Yield the lines of a dump, the documents of each collection in the order of their ids.

    Raises `DumpError` for a document that cannot be read, which is none of BSON.
    """
    plain = _plain(database, RAW_CODEC)
    yield json.dumps(_HEADER) + "\n"
    total = 0
    for name in names:
        number = 0
        for document in plain[name].find().sort("_id", 1):
            yield _line(name, document)
            number += 1
            if progress is not None and number % _BATCH == 0:
                progress(name, number)
        if progress is not None:
            progress(name, number)
        total += number
    yield json.dumps({"end": total}) + "\n"


def read(lines: Iterable[bytes], database: str = "") -> Iterator[Entry]:
    """Yield what is in a dump; raises `DumpError` at the first line that is wrong, or missing at the end.

    :param database: the name of the one it is to be loaded into, which counts for how long names may be.
    """
    number, total, ended = 0, 0, False
    parse: Callable[[str], Any] = read_plain
    for number, line in enumerate(_undamaged(lines), 1):
        if ended:
            raise DumpError(
                f"line {number}: the dump has ended in the line before; is something appended to it?"
            )
        found = _parsed(number, line, parse)
        if number == 1:
            parse = _reader(found)
        elif found.keys() == {"end"}:
            ended = True
            if found["end"] != total:
                raise DumpError(
                    f"line {number}: the dump had {found['end']} documents, and {total} are there"
                )
        else:
            yield _entry(number, found, database)
            total += 1
    if not ended:
        raise DumpError(
            f"the dump ends too early, after line {number}: it was cut off, or is still being written"
        )


def load(database: Any, entries: Iterable[Entry], progress: Progress | None = None) -> int:
    """Store the documents, each in the place of the one with its id, and return how many there were.

    Doing it again changes nothing more, so what was interrupted is simply begun anew. Raises `DumpError`, when all
    others are stored, for documents that the server refuses.
    """
    plain, total, refused = _plain(database, CODEC), 0, list[str]()
    numbers: dict[str, int] = {}
    for batch in _batches(entries):
        name = batch[0].collection
        refused += _write(plain[name], batch)
        total += len(batch)
        numbers[name] = numbers.get(name, 0) + len(batch)
        if progress is not None:
            progress(name, numbers[name])
    if refused:
        more = [f"and {len(refused) - _MOST_ERRORS} more"] if len(refused) > _MOST_ERRORS else []
        raise DumpError(
            "\n".join(
                [
                    f"{total - len(refused)} of {total} documents are stored; MongoDB refuses these:",
                    *refused[:_MOST_ERRORS],
                    *more,
                    "Mend what is in the way, and load the dump again: what is stored already stays the same.",
                ]
            )
        )
    return total


def _plain(database: Any, codec: CodecOptions[Any]) -> Any:
    """Return PyMongo's own database: a dump is no part of a transaction, and knows no classes."""
    return pymongo.database.Database[Any](database.client, database.name, codec_options=codec)


def _line(collection: str, document: Any) -> str:
    try:
        return written(collection, document) + "\n"
    except bson.errors.BSONError as error:
        raise DumpError(
            f"{collection}, _id {_readable_id(document)}: the document cannot be read ({error}); mend it, or delete it"
        ) from None


def _readable_id(document: Any) -> str:
    try:
        return repr(document["_id"])
    except bson.errors.BSONError:
        return "unknown"


def _undamaged(lines: Iterable[bytes]) -> Iterator[bytes]:
    number = 0
    try:
        for line in lines:
            number += 1
            yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DumpError(f"after line {number}: the compressed dump is damaged, or cut off: {error}") from None


def _parsed(number: int, line: bytes, parse: Callable[[str], Any]) -> Raw:
    try:
        found = parse(line.decode())
    except Exception as error:  # noqa: BLE001 (PyMongo has a dozen, one for each type of BSON)
        raise DumpError(f"line {number}: no Extended JSON ({error}): {_shown(line)}") from None
    if not isinstance(found, dict):
        raise DumpError(f"line {number}: a JSON object is expected, not {_shown(line)}")
    return found


def _reader(found: Raw) -> Callable[[str], Any]:
    """Return how the lines are read after this first one."""
    if found.get("django_mongokit") != _HEADER["django_mongokit"]:
        raise DumpError(f"line 1: this is no dump of documents, which begins with {json.dumps(_HEADER)}")
    version = found.get("version")
    if type(version) is not int or version not in _READERS:
        raise DumpError(f"line 1: the dump has version {version!r:.40}; known are 1 and {_HEADER['version']}")
    return _READERS[version]


def _entry(number: int, found: Raw, database: str) -> Entry:
    name, document = found.get("collection"), found.get("document")
    if found.keys() != {"collection", "document"} or not isinstance(document, dict):
        keys = ", ".join(map(repr, found)) or "nothing"
        raise DumpError(
            f'line {number}: an object with "collection" and "document" is expected; it has {keys}'
        )
    if not isinstance(name, str) or not _is_name(name, database):
        raise DumpError(f"line {number}: {name!r:.80} is no collection's name")
    if "_id" not in document:
        raise DumpError(f"line {number} ({name}): the document has no _id")
    try:
        size = len(bson.encode(document, codec_options=CODEC))
    except Exception as error:  # noqa: BLE001 (of BSON, and OverflowError for a number that is too large)
        raise DumpError(f"line {number} ({name}, _id {document['_id']!r}): {error}") from None
    entry = Entry(number, name, document, size)
    if size > _MOST_BYTES:
        raise DumpError(f"{entry}: {size} bytes are more than a document of MongoDB may have ({_MOST_BYTES})")
    return entry


def _is_name(name: str, database: str) -> bool:
    """Return whether a collection in a database may have a name: what PyMongo or MongoDB would refuse, and the server's own."""
    parts = name.split(".")
    try:
        size = len(f"{database}.{name}".encode())
    except UnicodeEncodeError:
        return False
    return (
        all(parts)
        and not {"$", "\0"} & set(name)
        and parts[:-1][:1] != ["system"]
        and size <= _MOST_NAME_BYTES
    )


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        is_full = len(batch) == _BATCH or size + entry.size > _BATCH_BYTES
        if batch and (is_full or entry.collection != batch[0].collection):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch


def _write(collection: Any, batch: list[Entry]) -> list[str]:
    """Write a batch; return what the server says of the documents it refuses."""
    writes = [_written_over(one.document) for one in batch]
    try:
        collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        return [f"{batch[one['index']]}: {one['errmsg']}" for one in error.details["writeErrors"]]
    return []


def _written_over(document: Raw) -> ReplaceOne[Raw] | UpdateOne:
    # $eq, since an _id may look like a condition.
    place = {"_id": {"$eq": document["_id"]}}
    if any(name.startswith("$") for name in document):
        # MongoDB has such fields replaced by a pipeline only.
        return UpdateOne(place, [{"$replaceWith": {"$literal": document}}], upsert=True)
    return ReplaceOne(place, document, upsert=True)


def _shown(line: bytes) -> str:
    text = line.decode(errors="replace").strip()
    return repr(text if len(text) <= 80 else text[:80] + "…")
