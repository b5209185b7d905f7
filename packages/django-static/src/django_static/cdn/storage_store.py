"""Any storage of Django's as a store: a folder another server sends, or one of django-storages."""

from __future__ import annotations

import contextlib
import gzip
import os
import posixpath
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, BinaryIO

from django.core.files import File
from django.core.files.storage import Storage

from .store import NoAddress, Payload, Standing, Stored, StoreError

__all__ = ["StorageStore"]

_CHUNK = 1 << 20
#: The options, of Django's storages and of django-storages', that say where files are: not how they are named or sent.
_PLACES = (
    "account_name",
    "azure_container",
    "bucket_name",
    "container",
    "endpoint_url",
    "host",
    "location",
    "root_path",
)
_GZIP = b"\x1f\x8b"


class StorageStore:
    """A storage decides itself about headers: give it those it shall send among its own options.

    Args:
        storage: finds the storage, when it is first needed: its libraries may take a while to import.
        alias: what it is called in ``STORAGES``.
        options: those it has there.
    """

    #: Other settings may say where its files are.
    is_placed = False
    takes_encodings = False

    def __init__(
        self, storage: Callable[[], Storage], alias: str, options: Mapping[str, object] | None = None
    ) -> None:
        self._find = storage
        self._alias = alias
        self._place = _place(options or {})
        self._is_listed = True

    @property
    def identity(self) -> str:
        return ":".join(["storage", self._alias, *self._place])

    def place(self) -> str:
        """What it has become of its options and of other settings: storages keep that under the names of the options."""
        with self._errors("asking for", "the place of files"):
            found = {name: getattr(self._storage, name, None) for name in _PLACES}
        return ":".join(
            _place({name: value for name, value in found.items() if isinstance(value, str | Path)})
        )

    def standing(self, key: str, payload: Payload) -> Standing:
        with self._errors("asking for", key):
            if not self._storage.exists(key):
                return Standing.ABSENT
            path = self._path(key)
            if path is not None and not Path(path).is_file():
                raise StoreError(f"{path} in the storage {self._alias!r} is not a file")
            # The size it tells may be of what it has made of the file: some compress, and unpack what they give back.
            with self._storage.open(key) as stored, payload.open() as given:
                return _compared(stored, given, is_packed=payload.content_encoding == "gzip")

    def put(self, key: str, payload: Payload) -> None:
        with self._errors("storing", key), payload.open() as body:
            if self._storage.exists(key):
                self._storage.delete(key)  # or it would be stored under another name
            try:
                self._save(key, payload, body)
            except StoreError:
                raise
            except BaseException:
                with contextlib.suppress(Exception):
                    self._storage.delete(key)
                raise

    def can_renew(self, key: str) -> bool:
        with self._errors("asking for", key):
            return self._path(key) is not None or self._storage.get_available_name(key) == key

    def renew(self, key: str, payload: Payload) -> None:
        with self._errors("renewing", key):
            path = self._path(key)
            if path is not None:
                os.utime(path)
            else:
                with payload.open() as body:
                    self._save(key, payload, body)

    def now(self) -> float | None:
        return None

    def list(self, prefix: str) -> Iterator[Stored]:
        folder, slash, _ = prefix.rpartition("/")
        with self._errors("listing", prefix):
            try:
                _, names = self._storage.listdir(folder)
            except FileNotFoundError:
                return
            except NotImplementedError:
                self._is_listed = False
                return
            for name in names:
                key = f"{folder}{slash}{name}"
                if key.startswith(prefix):
                    yield Stored(key, self._storage.get_modified_time(key).timestamp())

    @property
    def can_list(self) -> bool:
        return self._is_listed

    def delete(self, key: str) -> None:
        with self._errors("removing", key):
            self._storage.delete(key)

    def url(self, key: str) -> str:
        with self._errors("naming", key):
            url = self._storage.url(key)
        if "?" in url:
            raise NoAddress(
                f"the storage {self._alias!r} signs its URLs, which then end after a while and are never cached: "
                "switch that off (querystring_auth of django-storages), or set DJANGO_STATIC_CDN_DOMAIN"
            )
        return url

    def _save(self, key: str, payload: Payload, body: BinaryIO) -> None:
        content = File(body, name=posixpath.basename(key))
        content.content_type = payload.content_type  # type: ignore[attr-defined]  # read by django-storages
        stored = self._storage.save(key, content)
        if stored != key:
            self._storage.delete(stored)
            raise StoreError(f"the storage {self._alias!r} calls {key} {stored}; it must keep names")

    def _path(self, key: str) -> str | None:
        """Where a file of a storage on this machine lies; None with any other storage."""
        try:
            return self._storage.path(key)
        except NotImplementedError:
            return None

    @property
    def _storage(self) -> Storage:
        return self._find()

    @contextlib.contextmanager
    def _errors(self, doing: str, key: str) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except Exception as error:  # (a storage may be anything)
            raise StoreError(
                f"{doing} {key} in the storage {self._alias!r}: {type(error).__name__}: {error}",
                is_general=True,
            ) from error


def _place(options: Mapping[str, object]) -> list[str]:
    """What the options of a storage say of where its files are, in no special order of theirs."""
    found = []
    for name in _PLACES:
        value = str(options.get(name) or "")
        if value:
            found.append(f"{name}={os.path.realpath(value) if Path(value).is_absolute() else value}")
    return found


def _compared(stored: IO[bytes], given: BinaryIO, *, is_packed: bool) -> Standing:
    piece = stored.read(_CHUNK)
    ours: BinaryIO | gzip.GzipFile = given
    if is_packed and not piece.startswith(_GZIP):
        ours = gzip.GzipFile(fileobj=given)
    while piece:
        if ours.read(len(piece)) != piece:
            return Standing.OTHER
        piece = stored.read(_CHUNK)
    # The beginning of our file: a process was killed while it wrote it.
    return Standing.UNFINISHED if ours.read(1) else Standing.SAME
