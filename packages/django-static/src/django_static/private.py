"""A folder of this user's own below the system's temporary one, where everybody may make folders of any name."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
import threading
from pathlib import Path

__all__ = ["known_folder", "private_folder"]

_lock = threading.Lock()
#: What was made instead of the usual folder, by that folder: one for the life of the process.
_instead: dict[Path, Path] = {}


def private_folder() -> Path:
    """A folder that only this user can write to; the same for all processes of the user where that is possible.

    Where another user has made a folder of the usual name, or one of ours can be written to by others, it is not used:
    what lies in it may be anything. On Windows the temporary folder is the user's own.

    Raises:
        FileNotFoundError: the system has no temporary folder that can be used.
    """
    owner, usual = _usual()
    if _is_ours(usual, owner):
        return usual
    with _lock:
        known = _instead.get(usual)
        if known is None or not _is_ours(known, owner):
            known = _instead[usual] = _fresh(usual)
        return known


def known_folder() -> Path | None:
    """The usual one, where there is one that is to be trusted; none is made."""
    try:
        owner, usual = _usual()
    except FileNotFoundError:
        return None
    return usual if usual.is_dir() and _is_ours(usual, owner) else None


def _usual() -> tuple[int | None, Path]:
    """This user's number, where there are any, and the folder all processes of the user would use."""
    owner = os.getuid() if hasattr(os, "getuid") else None
    return owner, Path(tempfile.gettempdir(), "django-static" if owner is None else f"django-static-{owner}")


def _is_ours(folder: Path, owner: int | None) -> bool:
    """Make the folder if need be; False where it is not to be trusted."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if owner is None:
            return True
        status = folder.lstat()  # a link may lead to a folder of ours that is there for something else
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o022:
            return False
        if stat.S_IMODE(status.st_mode) != 0o700:
            folder.chmod(0o700)
    except OSError:
        return False
    return True


def _fresh(usual: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=f"{usual.name}-"))
    except OSError:
        # Read-only or full: a name that nobody can have prepared, and that will fail where it is written to.
        return usual.with_name(f"{usual.name}-{secrets.token_hex(8)}")
