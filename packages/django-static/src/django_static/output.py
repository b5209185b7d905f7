"""Locks between processes, and the files that these read and write.

A lock keeps other processes from doing the same work; it is an ``flock``, so the kernel releases it when its holder dies,
however it dies. Where locks do not exist (Windows, some network file systems) work may be done more than once, but nothing
is ever seen half written.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from .regular import naming, read_regular

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # pragma: no cover (Windows)
    fcntl = None

__all__ = [
    "LockTimeout",
    "fill",
    "load",
    "locked",
    "read",
    "remove",
    "store",
]

_POLL_SECONDS = 0.01
#: How often the lock file of another user may be gone and there in turn before there is another reason.
_ATTEMPTS = 1000
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


class LockTimeout(OSError):
    """Another process has held the lock for longer than we may wait."""


@contextlib.contextmanager
def locked(path: Path, timeout: float, *, shared: bool = False) -> Iterator[bool]:
    """Hold a lock, waiting at most ``timeout`` seconds; yields False where the system has no locks.

    Many may hold it at once if all of them share it. The lock file is removed by its last holder at the end: whoever then
    gets the lock on the removed file starts over.

    Raises:
        LockTimeout: another process kept the lock too long.
        OSError: the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    while True:
        handle = _opened(path)
        try:
            held = _lock(handle, path, deadline, shared=shared)
            if held and not _is_current(handle, path):
                continue
            try:
                yield held
            finally:
                with contextlib.suppress(OSError):
                    if shared and fcntl is not None:
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                if held and fcntl is not None:
                    # Closing is not enough: a child that was forked meanwhile has the same open file.
                    fcntl.flock(handle, fcntl.LOCK_UN)
            return
        finally:
            os.close(handle)


def read(path: str, size: int) -> bytes:
    """The bytes of a file that is expected to have that many; the few system calls of it, since builds read thousands.

    Raises:
        OSError: it cannot be read.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        pieces = []
        while piece := os.read(handle, size + 1):
            pieces.append(piece)
            if len(piece) == size and len(pieces) == 1:
                break  # all of it; what is appended meanwhile shows at the next look
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    finally:
        os.close(handle)


def fill(path: str, data: bytes) -> None:
    """Write a file, new or anew; not forced to the disk.

    Raises:
        OSError: it cannot be written.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        written = os.write(handle, data)
        while written < len(data):
            written += os.write(handle, memoryview(data)[written:])
    except OSError as error:
        error.filename = error.filename or path
        raise
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Take back a published file that a newer one has replaced; it may be gone already."""
    with contextlib.suppress(OSError):
        path.unlink()


def load(path: Path) -> Any:
    """The value of a record, or None when there is none that can be read."""
    try:
        return json.loads(read_regular(path))
    except (OSError, ValueError, RecursionError):
        return None


def store(path: Path, value: object) -> None:
    """Write a record; the caller holds the lock of what it records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}-{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with naming(temporary):
            temporary.write_text(json.dumps(value), "utf-8")
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> int:
    for _ in range(_ATTEMPTS):
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except PermissionError:
            # Of another user who shares the folder: to wait for them reading is enough, but on some network drives.
            # Gone by now if they have ended meanwhile.
            with contextlib.suppress(FileNotFoundError):
                return os.open(path, os.O_RDONLY)
            if not os.access(path.parent, os.W_OK | os.X_OK):
                raise
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _lock(handle: int, path: Path, deadline: float, *, shared: bool) -> bool:
    while fcntl is not None:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            if time.monotonic() >= deadline:
                raise LockTimeout(
                    errno.ETIMEDOUT, "another process has held the lock too long", str(path)
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return True
    return False


def _is_current(handle: int, path: Path) -> bool:
    """Whether the locked file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
