"""The password of a server that runs, as who joins its users finds it."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from mongokit.embedded.keeper.access import PASSWORD_FILE, read_password
from mongokit.embedded.keeper.wire import CommandError, Line
from mongokit.embedded.programs import EmbeddedServerError

__all__ = ["password_of"]

logger = logging.getLogger("mongokit.embedded")

ANEW = "Or end all programs that use the folder: the next start sets a new password"


def password_of(folder: Path, port: int) -> str | None:
    """Return the password for the server of a folder, which answers on this port; None where it asks for none.

    As ssh does with a key, it is not taken from a file that others can read: raises :class:`EmbeddedServerError`, which says
    what is wrong with it.
    """
    try:
        password = read_password(folder)
    except OSError as error:
        raise EmbeddedServerError(f"cannot read {folder / PASSWORD_FILE}: {error.strerror}") from error
    if password is not None:
        return password
    if _asks_for_one(port):
        raise EmbeddedServerError(_fault(folder / PASSWORD_FILE))
    logger.warning(
        "%s is served without a password, by an earlier version that another process has started: end all "
        "that use it, and the next start sets one",
        folder,
    )
    return None


def _asks_for_one(port: int) -> bool:
    try:
        with Line(port) as line:
            line.command({"listDatabases": 1, "nameOnly": True})
    except CommandError:
        return True
    except (OSError, ValueError) as error:
        raise EmbeddedServerError(
            f"the server on port {port} broke off while it was asked for access: {error}"
        ) from error
    return False


def _fault(file: Path) -> str:
    """Return what is said of a file from which no password is taken."""
    try:
        found = file.lstat()
    except OSError:
        return f"{file} is gone, and the server that runs asks for the password that was in it: put it back. {ANEW}"
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISREG(found.st_mode) and mode & 0o077:
        return (
            f"the password in {file} is not used, as the file is open to others: its mode is {mode:04o}, and has to be 0600. "
            f"chmod 600 {file}, and it is used again, though others may know it. {ANEW}"
        )
    return f"{file} is no file of the folder's owner that holds a password, and the server that runs asks for it. {ANEW}"
