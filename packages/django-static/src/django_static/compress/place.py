"""Put siblings into place, whole or not at all, and sweep up what killed processes left."""

# Here names are strings, as in the flow that calls this.
# ruff: noqa: PTH101, PTH105, PTH108, PTH120

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable

__all__ = ["remove_leftovers", "write"]

_TEMPORARY = (".django-static-", ".tmp")
_LEFTOVER_SECONDS = 3_600


def write(path: str, data: bytes, original: os.stat_result) -> None:
    """Put bytes under a name, whole or not at all, with the times and rights of the original.

    Raises:
        OSError: a full disk, a folder that cannot be written to, a folder of that name.
    """
    handle, temporary = tempfile.mkstemp(_TEMPORARY[1], _TEMPORARY[0], os.path.dirname(path) or ".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, original.st_mode & 0o666)
        os.utime(temporary, ns=(original.st_atime_ns, original.st_mtime_ns))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def remove_leftovers(folders: Iterable[str]) -> None:
    """Remove what killed processes left half written."""
    prefix, suffix = _TEMPORARY
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder or ".") as found:
            for entry in found:
                if entry.name.startswith(prefix) and entry.name.endswith(suffix):
                    with contextlib.suppress(OSError):
                        # Its time of modification may be that of the original already.
                        if time.time() - entry.stat().st_ctime > _LEFTOVER_SECONDS:
                            os.unlink(entry.path)
