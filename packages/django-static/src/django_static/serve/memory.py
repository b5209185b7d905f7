"""The bytes of small files, kept within a limit."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import BinaryIO

from .. import names
from ..regular import open_regular
from .representation import Representation

__all__ = ["Damaged", "Memory", "Vanished", "open_file", "open_whole", "read_all"]


class Vanished(Exception):
    """There is no file where one was published."""


class Damaged(Exception):
    """A file cannot be read, or is not the one that was published; the message says which and why."""


class Memory:
    """What was asked for, until there is no more room: then goes what nobody has asked for since the last time."""

    def __init__(self, limit: int) -> None:
        """``limit`` in bytes."""
        self._limit = limit
        self._lock = threading.Lock()
        self._held: deque[Representation] = deque()
        #: Bytes that are kept now.
        self.size = 0

    def hold(self, representation: Representation) -> bytes:
        """Read a small file, and keep it.

        Raises:
            Vanished: it is not there.
            Damaged: it is another one.
        """
        with open_whole(representation) as file:
            data = read_all(file, representation.size + 1)
        if len(data) != representation.size:
            raise Damaged(_cut(representation, len(data)))
        if representation.digest and names.content_digest(data) != representation.digest:
            raise Damaged(f"{representation.path} has another content than it was published with")
        self.keep(representation, data)
        return data

    def keep(self, representation: Representation, data: bytes) -> None:
        """Keep bytes that were read."""
        with self._lock:
            if representation.content is not None or representation.size > self._limit:
                return
            while self.size + representation.size > self._limit:
                oldest = self._held.popleft()
                if oldest.is_used:
                    oldest.is_used = False
                    self._held.append(oldest)
                else:
                    self.size -= oldest.size
                    oldest.content = None
            self._held.append(representation)
            self.size += representation.size
            representation.content = data


def open_file(path: str) -> BinaryIO:
    """An open file.

    Raises:
        Vanished: it is not there.
        Damaged: it cannot be opened, or is something else than a file.
    """
    try:
        return open_regular(path)
    except (FileNotFoundError, NotADirectoryError):
        raise Vanished(f"{path} is not there any more") from None
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} cannot be read: {error}") from error


def open_whole(representation: Representation) -> BinaryIO:
    """The open file of a representation, which has the bytes it should have.

    Raises:
        Vanished: it is not there.
        Damaged: it has more or less, or cannot be read.
    """
    file = open_file(representation.path)
    size = os.fstat(file.fileno()).st_size
    if size != representation.size:
        file.close()
        raise Damaged(_cut(representation, size))
    return file


def read_all(file: BinaryIO, most: int) -> bytes:
    """What an open file holds, and no more than so many bytes.

    Raises:
        Damaged: it cannot be read.
    """
    try:
        return file.read(most)
    except OSError as error:
        raise Damaged(f"{file.name} cannot be read: {error}") from error


def _cut(representation: Representation, size: int) -> str:
    return f"{representation.path} has {size} bytes, not {representation.size} as when it was published"
