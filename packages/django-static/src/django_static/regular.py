"""Open files that are files, and name those for which there is no room."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["naming", "open_regular", "read_regular"]

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
#: What only writing meets with, when the file is open already, and the system names none.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def open_regular(path: str | Path) -> BinaryIO:
    """An open file to read, which the caller closes.

    A pipe would keep its reader waiting for a writer, a device may never end: both are refused, at once.

    Raises:
        OSError: it cannot be opened, or is something else than a file.
    """
    return open(path, "rb", opener=_opened)


def read_regular(path: str | Path) -> bytes:
    """What a file holds.

    Raises:
        OSError: it cannot be read, or is something else than a file.
    """
    with open_regular(path) as file:
        return file.read()


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Have an error that tells of a full disk name the file that it had no room for."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in _NO_ROOM:
            error.filename = os.fspath(path)
        raise


def _opened(path: str, flags: int) -> int:
    handle = os.open(path, flags | _NO_WAIT)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "Not a regular file", path)
    return handle
