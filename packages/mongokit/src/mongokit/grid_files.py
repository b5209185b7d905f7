"""The files of one document in GridFS: written, read, listed and removed, in versions (MongoDB's GridFS specification).

A file is stored as PyMongo's ``gridfs`` stores it, with three fields more: ``docid``, the ``_id`` of its document,
``collection``, where that is, and the ``container``, where it is in one. Files of MongoKit, which noted no collection,
are found too.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pymongo.asynchronous.database
import pymongo.database
from gridfs import GridIn, GridOut, NoFile
from gridfs.asynchronous.grid_file import AsyncGridIn, AsyncGridOut

from mongokit.altering import alters_data
from mongokit.flow import Flow, run, run_async
from mongokit.identifying import has_id
from mongokit.performing import is_asynchronous
from mongokit.portions import portions
from mongokit.scalars import stored_id

if TYPE_CHECKING:
    from mongokit.document import Document

__all__ = ["AsyncNewFile", "GridFiles", "MissingFileError", "NewFile", "UnstoredDocumentError"]

Raw = dict[str, Any]

ROOT = "fs"
"""The collections are ``fs.files`` and ``fs.chunks``, as everywhere."""
_OLDEST_FIRST = [("uploadDate", 1), ("_id", 1)]
_NEWEST_FIRST = [("uploadDate", -1), ("_id", -1)]
# Two versions of one millisecond are told apart by their ids.
_INDEX = [("docid", 1), ("filename", 1), ("uploadDate", 1)]


class MissingFileError(NoFile):
    """A document has no such file."""

    silent_variable_failure = True
    """As ``AutoReferenceError`` has it: Django's templates show nothing."""


class UnstoredDocumentError(RuntimeError):
    """A document that is not stored yet was asked for its files."""

    silent_variable_failure = True


class NewFile(GridIn):
    """A file that is being written. It appears when it is closed; where the block raises, nothing is left of it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


class AsyncNewFile(AsyncGridIn):
    """The same, awaited."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self.close()
        else:
            await self.abort()


class GridFiles:
    """Files of one document: all of them, or those of a container.

    With a document of an asynchronous collection the methods return what is to be awaited.
    """

    _document: Document
    _container: str | None

    def __init__(self, document: Document, container: str | None = None) -> None:
        object.__setattr__(self, "_document", document)
        object.__setattr__(self, "_container", container)

    @alters_data
    def new_file(self, filename: str, **fields: Any) -> Any:
        """Return a file to write to, in pieces: ``with doc.fs.new_file("video") as file: file.write(…)``.

        It takes the place of earlier versions when it is closed, not before; when the block raises nothing is stored.

        :param fields: PyMongo's (``content_type``, ``chunk_size`` in bytes), and others to be stored with the file.

        Raises AttributeError for a name that is not declared, RuntimeError for a document that is not saved.
        """
        self._check_name(filename)
        made = AsyncNewFile if self._is_asynchronous else NewFile
        return made(self._root(), **fields, filename=filename, **self._tags())

    @alters_data
    def put(self, data: Any, filename: str, **fields: Any) -> Any:
        """Store a version of a file, and return its id.

        :param data: bytes, or a file object, which is read in pieces.
        :param fields: as for ``new_file``.

        Raises TypeError for other data, and what ``new_file`` raises.
        """
        return self._do(self._put(data, filename, fields))

    def read(self, filename: str) -> Any:
        """Return the bytes of the last version; raises ``gridfs.NoFile``."""
        return self._do(self._read(filename))

    def get(self, file_id: Any) -> Any:
        """Return a file by its id, to be read in pieces (PyMongo's ``GridOut``).

        Raises ``gridfs.NoFile`` where this document has no such file.
        """
        return self._do(self._get({"_id": {"$eq": file_id}}, f"with the id {file_id!r}"))

    def get_version(self, filename: str, version: int = -1) -> Any:
        """Return a version of a file: 0 is the oldest, -1 the newest. Raises ``gridfs.NoFile``."""
        order, skip = (_OLDEST_FIRST, version) if version >= 0 else (_NEWEST_FIRST, -version - 1)
        spec = {"filename": {"$eq": filename}}
        return self._do(self._get(spec, f"{filename!r} in version {version}", order, skip))

    def get_last_version(self, filename: str) -> Any:
        """Return the newest version of a file, to be read in pieces. Raises ``gridfs.NoFile``."""
        return self.get_version(filename)

    @alters_data
    def delete(self, file_id: Any) -> Any:
        """Delete one version of a file by its id, with all its chunks; raises ``gridfs.NoFile``."""
        return self._do(self._delete(file_id))

    @alters_data
    def remove(self, filename: str) -> Any:
        """Delete all versions of a file, with their chunks, and return how many there were."""
        return self._do(self._remove({"filename": {"$eq": filename}}))

    @alters_data
    def prune(self, filename: str, keep: int = 1) -> Any:
        """Delete all versions of a file but the newest ``keep``, with their chunks, and return how many there were.

        Who is reading one of them meanwhile gets ``gridfs.CorruptGridFile``.
        """
        if keep < 0:
            raise ValueError(f"prune(keep={keep}): accepted is the number of versions to keep")
        return self._do(self._remove({"filename": {"$eq": filename}}, keep))

    @alters_data
    def clear(self) -> Any:
        """Delete all files, with their chunks, and return how many versions there were: before the document goes."""
        return self._do(self._remove({}))

    @alters_data
    def ensure_index(self) -> Any:
        """Have MongoDB find the files of each document by an index, and return its name: once for a database.

        PyMongo builds those of the GridFS specification by itself, which know nothing of documents.
        """
        return self._files().create_index(_INDEX)

    def __iter__(self) -> Iterator[GridOut]:
        """Yield every version of every file, by name, the oldest first; of a document that is not stored yet there is none."""
        if self._is_empty():
            return
        for found in self._files().find(self._spec(), sort=[("filename", 1), *_OLDEST_FIRST]):
            yield self._opened(found)

    async def __aiter__(self) -> AsyncIterator[AsyncGridOut]:
        if self._is_empty():
            return
        async for found in self._files().find(self._spec(), sort=[("filename", 1), *_OLDEST_FIRST]):
            yield self._opened(found)

    # What is done, for both kinds of connection.

    def _put(self, data: Any, filename: str, fields: Raw) -> Flow[Any]:
        if not (isinstance(data, (bytes, bytearray, memoryview)) or callable(getattr(data, "read", None))):
            raise TypeError(
                f"a file's content is bytes, or a file object to read them from, not {type(data).__name__}; "
                "text is to be encoded: text.encode()"
            )
        file = self.new_file(filename, **fields)
        try:
            yield file.write(
                bytes(data) if isinstance(data, (bytes, bytearray, memoryview)) else _Bounded(data)
            )
            yield file.close()
        except BaseException:
            yield file.abort()
            raise
        return file._id

    def _read(self, filename: str) -> Flow[bytes]:
        found = yield from self._get({"filename": {"$eq": filename}}, repr(filename))
        content: bytes = yield found.read()
        return content

    def _get(
        self, spec: Raw, what: str, order: list[tuple[str, int]] = _NEWEST_FIRST, skip: int = 0
    ) -> Flow[Any]:
        found = yield self._files().find_one(self._spec(spec), sort=order, skip=skip)
        if found is None:
            where = "" if self._container is None else f" in {self._container!r}"
            raise MissingFileError(f"{self._shown()} has no file {what}{where}")
        return self._opened(found)

    def _delete(self, file_id: Any) -> Flow[None]:
        removed = yield from self._remove({"_id": {"$eq": file_id}})
        if not removed:
            raise MissingFileError(f"{self._shown()} has no file with the id {file_id!r}")

    def _remove(self, spec: Raw, keep: int = 0) -> Flow[int]:
        files, chunks = self._files(), self._root().chunks
        # All at once: what comes later is not to be deleted.
        found = yield files.find(self._spec(spec), {"_id": True}, sort=_NEWEST_FIRST, skip=keep).to_list()
        ids = [one["_id"] for one in found]
        for some in portions(ids):
            # In this order, as PyMongo's: a file that is listed has its chunks.
            yield files.delete_many({"_id": {"$in": some}})
            yield chunks.delete_many({"files_id": {"$in": some}})
        return len(ids)

    def _do(self, flow: Flow[Any]) -> Any:
        return run_async(flow) if self._is_asynchronous else run(flow)

    @property
    def _is_asynchronous(self) -> bool:
        return is_asynchronous(self._document.collection)

    def _root(self) -> Any:
        """Return PyMongo's own collection: GridFS is no part of transactions, which ours would join."""
        database: Any = self._document.collection.database
        kind: Any = (
            pymongo.asynchronous.database.AsyncDatabase
            if self._is_asynchronous
            else pymongo.database.Database
        )
        options = (
            database.codec_options,
            database.read_preference,
            database.write_concern,
            database.read_concern,
        )
        return kind(database.client, database.name, *options)[ROOT]

    def _files(self) -> Any:
        return self._root().files

    def _opened(self, found: Raw) -> Any:
        kind: Any = AsyncGridOut if self._is_asynchronous else GridOut
        return kind(self._root(), file_document=found)

    def _tags(self) -> Raw:
        tags = {"docid": self._id(), "collection": self._document.collection.name}
        return tags if self._container is None else {**tags, "container": self._container}

    def _spec(self, more: Mapping[str, Any] | None = None) -> Raw:
        spec: Raw = {
            "docid": {"$eq": self._id()},
            "collection": {"$in": [self._document.collection.name, None]},
            **(more or {}),
        }
        if self._container is not None:
            spec["container"] = self._container
        elif "filename" in spec:
            spec["container"] = None
        return spec

    def _is_empty(self) -> bool:
        """Return whether there is nothing to list, as the document is not stored yet; asks for its collection all the same."""
        self._files()
        return not has_id(self._document)

    def _id(self) -> Any:
        if not has_id(self._document):
            raise UnstoredDocumentError(
                f"{self._shown()} is not stored yet, so it has no files: save() it first"
            )
        return stored_id(type(self._document), self._document["_id"])

    def _shown(self) -> str:
        return f"{type(self._document).__name__} {self._document.get('_id')!r}"

    def _check_name(self, filename: str) -> None:
        """Raise where a file cannot have this name."""


class _Bounded:
    """A file object that gives no more than it is asked for: PyMongo would make a chunk of it that nobody can read."""

    def __init__(self, source: Any) -> None:
        read = source.read

        def checked(data: Any, size: int) -> Any:
            if len(data) > size:
                raise ValueError(
                    f"{type(source).__name__}.read({size}) returned {len(data)} bytes: a file object returns at most as "
                    "many as it was asked for"
                )
            return data

        def bounded(size: int) -> Any:
            return checked(read(size), size)

        async def awaited(size: int) -> Any:
            return checked(await read(size), size)

        self.read: Any = awaited if inspect.iscoroutinefunction(read) else bounded
