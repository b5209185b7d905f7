"""Who is let in: the one user of a database, with a password only the folder's owner can read (SCRAM-SHA-256)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import tempfile
from pathlib import Path

from .wire import CommandError, Line

__all__ = [
    "MECHANISM",
    "PASSWORD_FILE",
    "USER",
    "create_user",
    "drop_others",
    "log_in",
    "new_password",
    "read_password",
    "write_password",
]

USER = "mongokit"
MECHANISM = "SCRAM-SHA-256"
PASSWORD_FILE = "password"  # noqa: S105 (the name of a file)
FEWEST_ITERATIONS = 4096
"""What RFC 7677 asks for: fewer could be a stranger's server that wants to guess the password cheaply."""


def new_password() -> str:
    """Return a password of 256 bits."""
    return secrets.token_urlsafe(32)


def read_password(folder: Path) -> str | None:
    """Return the password of a data folder; None where there is none that only its owner can have read and written.

    Raises OSError where there is one that this user may not read.
    """
    try:
        handle = os.open(folder / PASSWORD_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        private = stat.S_ISREG(found.st_mode) and not found.st_mode & 0o077
        if not private or found.st_uid not in (os.geteuid(), folder.stat().st_uid):
            return None
        text = file.read(1000).strip()
    return text.decode() if text.isascii() and text else None


def write_password(folder: Path, password: str) -> None:
    """Put the file in place at once, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{PASSWORD_FILE}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{password}\n")
            file.flush()
            os.fsync(handle)
        Path(name).replace(folder / PASSWORD_FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def create_user(line: Line, password: str) -> None:
    """Make the user, on a line to a server that asks nobody who he is; an earlier one of that name is gone."""
    with contextlib.suppress(CommandError):  # There may be none.
        line.command({"dropUser": USER})
    line.command({"createUser": USER, "pwd": password, "roles": ["root"], "mechanisms": [MECHANISM]})


def drop_others(line: Line) -> list[str]:
    """Drop every user but ours and return their names: who made them had no password to know."""
    everybody = {"find": "system.users", "projection": {"user": 1, "db": 1}, "batchSize": 100_000}
    dropped = []
    for found in line.command(everybody)["cursor"]["firstBatch"]:
        if (found["db"], found["user"]) != ("admin", USER):
            line.command({"dropUser": found["user"]}, found["db"])
            dropped.append(f"{found['db']}.{found['user']}")
    return dropped


def log_in(line: Line, password: str) -> None:
    """Prove to the server that the password is known, and have it prove the same (RFC 5802, RFC 7677).

    Raises CommandError where either does not.
    """
    nonce = secrets.token_urlsafe(24)
    first = f"n={USER},r={nonce}"
    options = {"skipEmptyExchange": True}
    said = line.command(
        {"saslStart": 1, "mechanism": MECHANISM, "payload": f"n,,{first}".encode(), "options": options}
    )
    challenge = bytes(said["payload"]).decode()
    given = _parts(challenge)
    iterations = int(given.get("i", "0"))
    if not given.get("r", "").startswith(nonce) or iterations < FEWEST_ITERATIONS:
        raise CommandError("what answers does not keep to SCRAM-SHA-256")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(given["s"]), iterations)
    last = f"c=biws,r={given['r']}"
    exchanged = f"{first},{challenge},{last}".encode()
    key = _hmac(salted, b"Client Key")
    signature = _hmac(hashlib.sha256(key).digest(), exchanged)
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
    answer = {
        "saslContinue": 1,
        "conversationId": said["conversationId"],
        "payload": f"{last},p={proof}".encode(),
    }
    proven = _parts(bytes(line.command(answer)["payload"]).decode()).get("v", "")
    expected = base64.b64encode(_hmac(_hmac(salted, b"Server Key"), exchanged)).decode()
    if not hmac.compare_digest(proven, expected):
        raise CommandError("what answers does not know the password")


def _parts(message: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in message.split(",") if "=" in part)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
