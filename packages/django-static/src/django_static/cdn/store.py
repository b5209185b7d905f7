"""What a place for published files must be able to do, and what is brought there."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from ..regular import open_regular

__all__ = ["NoAddress", "Payload", "Standing", "Store", "StoreError", "Stored"]


#: How S3 says that something is not allowed, and the status of any server.
_DENIED = ("AccessDenied", "Forbidden", "403")


class StoreError(Exception):
    """A store cannot do what it was asked for; the message says which, why, and what to do.

    Attributes:
        is_general: whether every other file would meet with the same.
        refused: the key of the file that it is about, where that is one which is referred to; else empty.
    """

    def __init__(self, message: str, *, is_general: bool = False) -> None:
        super().__init__(message)
        self.is_general = is_general
        self.refused = ""

    @property
    def is_missing(self) -> bool:
        """Whether a storage has said that it has no such file; some do when they are asked for its URL."""
        return isinstance(self.__cause__, FileNotFoundError)

    @property
    def is_denied(self) -> bool:
        """Whether the store is there, and does not allow it; it may allow the same with another file."""
        cause = self.__cause__
        response = getattr(cause, "response", None)
        if isinstance(response, dict):  # botocore's
            code = (response.get("Error") or {}).get("Code")
        else:
            code = getattr(cause, "status_code", None) or getattr(cause, "code", None)
        return isinstance(cause, PermissionError) or str(code) in _DENIED


class NoAddress(StoreError):
    """A store has no URLs that a page can print, whatever is stored there."""

    def __init__(self, message: str) -> None:
        super().__init__(message, is_general=True)


class Standing(Enum):
    """What is under a name already."""

    ABSENT = "absent"
    SAME = "same"
    #: The same file, but not all of it, or in another encoding: to be replaced.
    UNFINISHED = "unfinished"
    #: Another content, which caches may hold for ever: to be left alone.
    OTHER = "other"


class Stored(NamedTuple):
    """A file in a store."""

    key: str
    #: When it came, in seconds of the epoch.
    modified: float


@dataclass(frozen=True, slots=True)
class Payload:
    """A file as it is to be stored."""

    path: Path
    #: SHA-256 of the file, hexadecimal.
    digest: str
    #: MD5 of what is sent, hexadecimal; S3 calls it ETag.
    md5: str
    #: SHA-256 of what is sent.
    checksum: bytes
    #: Bytes that are sent.
    size: int
    content_type: str
    content_encoding: str = ""
    #: What is sent where that is not the file itself.
    body: bytes | None = None

    @property
    def checksum_text(self) -> str:
        """Base64, as S3 wants it."""
        return base64.b64encode(self.checksum).decode()

    def open(self) -> BinaryIO:
        """What is sent, from its beginning.

        Raises:
            OSError: the file cannot be read.
        """
        return open_regular(self.path) if self.body is None else io.BytesIO(self.body)


class Store(Protocol):
    """A place that a CDN, or a browser, gets files from. Everything may raise :class:`StoreError`."""

    @property
    def identity(self) -> str:
        """Which place it is; what is known of one is not true of another."""

    @property
    def is_placed(self) -> bool:
        """Whether :attr:`identity` is all there is to know of that; else other URLs may mean another place."""

    def place(self) -> str:
        """Where that is, as far as the store itself can tell beyond :attr:`identity`; empty if it cannot. May take its time."""

    @property
    def takes_encodings(self) -> bool:
        """Whether it can send a file with the ``Content-Encoding`` it was stored with."""

    def standing(self, key: str, payload: Payload) -> Standing:
        """What is there under a name, compared with what is to be."""

    def put(self, key: str, payload: Payload) -> None:
        """Store a file, whole or not at all, in place of what is there."""

    def list(self, prefix: str) -> Iterable[Stored]:
        """What is there under names that begin so, without what is in folders below."""

    @property
    def can_list(self) -> bool:
        """Whether :meth:`list` says all that is there, as far as its answers so far have shown."""

    def can_renew(self, key: str) -> bool:
        """Whether :meth:`renew` is possible with a file that is there."""

    def renew(self, key: str, payload: Payload) -> None:
        """Have a file that is there count as one that came now; at no moment is it missing meanwhile."""

    def now(self) -> float | None:
        """The time there, in seconds of the epoch, by the clock that dates files; None where it is not told."""

    def delete(self, key: str) -> None:
        """Remove a file; it may be gone already."""

    def url(self, key: str) -> str:
        """Where browsers get it; empty where only a distribution knows. May take its time."""
