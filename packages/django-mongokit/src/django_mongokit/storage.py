"""Django's file storage in GridFS, e.g. for uploads that every web server has to see.

    STORAGES = {"default": {"BACKEND": "django_mongokit.storage.GridFSStorage"}, …}

`OPTIONS` are `bucket` (the collections are "media.files" and "media.chunks" unless it is given), `base_url` (MEDIA_URL)
and `using` (the alias "mongodb"). `django_mongokit.media.serve` is the view for its URLs.
"""

from __future__ import annotations

import datetime
import io
import mimetypes
import posixpath
from collections.abc import Iterator
from typing import Any

import pymongo.database
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible
from django.utils.encoding import filepath_to_uri
from django.utils.timezone import make_naive
from gridfs import GridIn, GridOut
from gridfs.errors import FileExists

from django_mongokit.conf import DEFAULT_ALIAS
from django_mongokit.shortcut import get_database

__all__ = ["GridFSStorage"]

Raw = dict[str, Any]

# By alias, database and bucket: where this process has seen to the index that keeps names apart.
_indexed: set[tuple[str, str, str]] = set()


@deconstructible(path="django_mongokit.storage.GridFSStorage")
class GridFSStorage(Storage):
    """Files by name, in one bucket of GridFS; the methods, and what they raise, are those of Django's storages.

    A name is one file's: of two who save under one name at the same moment, one gets another name. A file appears
    when it is complete, and is never changed afterwards.

    :param bucket: the collections are `<bucket>.files` and `<bucket>.chunks`.
    :param base_url: what URLs begin with; MEDIA_URL unless it is given.
    :param using: the alias in DATABASES.
    """

    def __init__(
        self, bucket: str = "media", base_url: str | None = None, using: str = DEFAULT_ALIAS
    ) -> None:
        self.bucket = bucket
        self.using = using
        self._base_url = base_url

    @property
    def base_url(self) -> str:
        """What the URLs begin with."""
        return settings.MEDIA_URL if self._base_url is None else self._base_url

    def grid_out(self, name: str) -> GridOut:
        """Return PyMongo's file, to be read in any order; raises `FileNotFoundError`."""
        root = self._root()
        found = root.files.find_one({"filename": _clean(name)})
        if found is None:
            raise FileNotFoundError(f"GridFS bucket {root.full_name!r} has no file {name!r}")
        return GridOut(root, file_document=found)

    def exists(self, name: str) -> bool:
        """Return whether the name is taken, by a file or by a folder of files."""
        cleaned = _clean(name)
        within = _within(cleaned)
        taken = {"$or": [{"filename": cleaned}, within]} if within else {}
        return self._root().files.find_one(taken, {"_id": True}) is not None

    def delete(self, name: str) -> None:
        """Delete a file; where there is none, do nothing. Raises `ValueError` for an empty name."""
        if not name:
            raise ValueError("The name must be given to delete().")
        root = self._root()
        found = root.files.find_one({"filename": _clean(name)}, {"_id": True})
        if found is not None:
            # In this order, as PyMongo's: a file that is listed has its chunks.
            root.files.delete_one({"_id": found["_id"]})
            root.chunks.delete_many({"files_id": found["_id"]})

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the folders and the files in a folder, sorted; raises `FileNotFoundError` for one that is none."""
        cleaned = _clean(path)
        start = len(cleaned) + 1 if cleaned else 0
        names = self._root().files.distinct("filename", _within(cleaned))
        if not names and cleaned:
            raise FileNotFoundError(f"GridFS bucket {self._root().full_name!r} has no folder {path!r}")
        rests = [name[start:] for name in names]
        folders = sorted({rest.partition("/")[0] for rest in rests if "/" in rest})
        return folders, sorted(rest for rest in rests if "/" not in rest)

    def size(self, name: str) -> int:
        """Return the number of bytes; raises `FileNotFoundError`."""
        return int(self.grid_out(name).length)

    def url(self, name: str | None) -> str:
        """Return the URL: `base_url` and the name, quoted."""
        return self.base_url + filepath_to_uri(_clean(name or ""))

    def get_modified_time(self, name: str) -> datetime.datetime:
        """Return when the file was stored, aware if USE_TZ is set; raises `FileNotFoundError`."""
        stored: datetime.datetime = self.grid_out(name).upload_date
        aware = stored.replace(tzinfo=datetime.UTC) if stored.tzinfo is None else stored
        return aware if settings.USE_TZ else make_naive(aware)

    get_created_time = get_modified_time

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        if mode not in ("rb", "r", "rt"):
            raise ValueError(
                f"open({name!r}, {mode!r}): files in GridFS are read only ('rb' or 'r'); save() stores one"
            )
        found: Any = self.grid_out(name)
        return File(found if mode == "rb" else io.TextIOWrapper(found, encoding="utf-8"), name)

    def _save(self, name: str, content: File[Any]) -> str:
        self._keep_names_apart()
        name = _clean(name)
        kind = getattr(content, "content_type", None) or mimetypes.guess_type(name)[0]
        file = GridIn(self._root(), filename=name, metadata={"contentType": kind} if kind else {})
        try:
            for chunk in content.chunks():
                file.write(chunk.encode() if isinstance(chunk, str) else chunk)
            while True:
                try:
                    file.close()
                except FileExists:
                    # Somebody has taken the name meanwhile; what is written already is good for another one.
                    name = file.filename = self.get_available_name(name)
                else:
                    return name
        except BaseException:
            file.abort()
            raise

    def _root(self) -> Any:
        """Return PyMongo's own collection: GridFS is no part of transactions."""
        database = get_database(using=self.using)
        return pymongo.database.Database[Raw](database.client, database.name)[self.bucket]

    def _keep_names_apart(self) -> None:
        root = self._root()
        key = self.using, root.database.name, self.bucket
        if key not in _indexed:
            root.files.create_index("filename", unique=True, name="filename_unique")
            _indexed.add(key)


def read_range(file: GridOut, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes of a file from `start` up to `stop`, a chunk at a time."""
    file.seek(start)
    while start < stop:
        part = file.read(min(stop - start, file.chunk_size))
        start += len(part)
        yield part


def _clean(name: Any) -> str:
    """Return a name in its one spelling; raises `SuspiciousFileOperation` for one that leads out of the storage."""
    cleaned = posixpath.normpath(str(name).replace("\\", "/"))
    if cleaned.startswith("/") or cleaned.split("/")[0] == ".." or "\0" in cleaned:
        raise SuspiciousFileOperation(f"{str(name)!r} is no name of a file in this storage")
    return "" if cleaned == "." else cleaned


def _within(folder: str) -> Raw:
    """Return the query of the files in a folder; "0" is what comes after "/"."""
    return {"filename": {"$gte": f"{folder}/", "$lt": f"{folder}0"}} if folder else {}
