"""The files of dumps: one that is written takes the place of the last one when it is complete."""

from __future__ import annotations

import errno
import gzip
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["reading", "replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to, which takes the place of `path` (compressed, where that ends with .gz) at the end.

    Until then, and when the block raises, what is at `path` stays. Only the owner can read a new file; one that takes the
    place of another has its mode. A link stays one, to a new file. What is no file, a FIFO or a device, is written to.

    Raises `OSError`, also where `path` is a folder.
    """
    mode = _mode_of(path)
    if mode is None or stat.S_ISREG(mode):
        with _beside(Path(os.path.realpath(path)), mode) as file, _packed(path, file) as packed:
            yield packed
    elif stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    else:
        # Not made, nor cut: by now there may be something else.
        descriptor = os.open(path, os.O_WRONLY | os.O_NOCTTY)
        with os.fdopen(descriptor, "wb") as file, _packed(path, file) as packed:
            yield packed


def _mode_of(path: Path) -> int | None:
    """Return the mode of what a path, or the link there, leads to; None where there is nothing yet."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


@contextmanager
def _packed(path: Path, file: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
        yield packed  # type: ignore[misc]  # it is written to like any other


@contextmanager
def _beside(path: Path, mode: int | None) -> Iterator[IO[bytes]]:
    """Give a new file that takes the place of `path` at the end."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(mode))
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def reading(path: Path) -> IO[bytes]:
    """Return the dump at `path`, unpacked, to be read from its beginning."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]
