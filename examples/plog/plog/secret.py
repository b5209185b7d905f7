"""The site's secret key: made once, kept in a file that only its owner can read, never in the repository."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

__all__ = ["secret_key"]

BYTES = 48


def secret_key(path: Path) -> str:
    """Return the key kept at ``path``; the first process that asks makes it, all others get the same.

    Raises `OSError` where the folder can neither be made nor written to.
    """
    try:
        return path.read_text()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(BYTES))
        file.flush()
        os.fsync(file.fileno())
    # A link, unlike a rename, never replaces the key of a process that was faster.
    with suppress(FileExistsError):
        os.link(own, path)
    own.unlink()
    return path.read_text()
