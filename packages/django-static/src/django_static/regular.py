"""Open files that are files."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_regular", "read_regular"]

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


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


def _opened(path: str, flags: int) -> int:
    handle = os.open(path, flags | _NO_WAIT)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "Not a regular file", path)
    return handle
