"""A user with a password: what is stored is a hash of it, by scrypt (RFC 7914).

scrypt is in Python's own hashlib, so nobody has to install anything, and it takes memory as well as time from who
guesses. Its parameters are in the hash: they can be raised, and hashes of MongoKit, of one round of SHA-1, are known by
their form. Either is hashed anew when its password has been verified.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mongokit.document import Document
from mongokit.errors import ValidationError

__all__ = ["LoginError", "ScryptCost", "User", "hash_password", "verify_password"]

LONGEST_PASSWORD = 4096
"""Bytes: nobody has a longer one, and hashing what somebody sends must not become work for the server."""
SALT_BYTES, KEY_BYTES = 16, 26
"""With these the stored text has 80 characters, as it had in MongoKit: whoever made room for those has room."""
SHORTEST_KEY = 16
"""Bytes that a stored key must have: a byte or two would be guessed."""
MOST_MEMORY = 2**30
UNUSABLE = "!"
"""What the stored text of a user without a password begins with, and no hash does."""
_STORED = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)", re.ASCII
)
_SHA1 = re.compile(r"([0-9a-f]{40})([0-9a-f]{40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """What a guess costs. The default takes 16 MB, and five times the work of the least that is advised for it."""

    log2_n: int = 14
    """Twice the time and the memory for each step: memory is 128 * 2**log2_n * r bytes."""
    r: int = 8
    p: int = 5
    """Times that the work is done, one after the other, in the same memory."""

    def __post_init__(self) -> None:
        if not (
            1 <= self.log2_n <= 23 and 1 <= self.r <= 32 and 1 <= self.p <= 64 and self.memory <= MOST_MEMORY
        ):
            raise ValueError(
                f"{self}: accepted are log2_n from 1 to 23, r from 1 to 32, p from 1 to 64, and 1 GB in all"
            )

    @property
    def memory(self) -> int:
        """The bytes it takes."""
        return 128 * self.r << self.log2_n

    def key(self, password: bytes, salt: bytes, size: int) -> bytes:
        """Return the key for a password."""
        return hashlib.scrypt(
            password,
            salt=salt,
            n=1 << self.log2_n,
            r=self.r,
            p=self.p,
            maxmem=2 * self.memory + 2**20,
            dklen=size,
        )


def hash_password(password: Any, cost: ScryptCost | None = None) -> str:
    """Return what to store for a password; raises TypeError for what is no str, ValueError for what is too long.

    An empty one is hashed like any other: whether it will do is for forms to say.

    It takes a fifth of a second or so: in an event loop leave it to a thread (``asyncio.to_thread``).
    """
    if not isinstance(password, str):
        raise TypeError(f"a password is a str, not {type(password).__name__}")
    encoded = _encoded(password)
    if encoded is None:
        raise ValueError(
            f"a password has at most {LONGEST_PASSWORD} bytes as UTF-8, and no half surrogate pairs"
        )
    cost, salt = cost or ScryptCost(), secrets.token_bytes(SALT_BYTES)
    key = cost.key(encoded, salt, KEY_BYTES)
    return f"$scrypt$ln={cost.log2_n},r={cost.r},p={cost.p}${_text(salt)}${_text(key)}"


def verify_password(password: Any, stored: Any, cost: ScryptCost | None = None) -> tuple[bool, bool]:
    """Return whether this is the password, and whether what is stored should be hashed anew.

    What cannot be a password or a hash is not verified; a hash that says how much work it is, is believed up to what
    :class:`ScryptCost` accepts. The time does not tell how much of a hash is right.
    """
    encoded = _encoded(password) if isinstance(password, str) else None
    if encoded is None or not isinstance(stored, str):
        return False, False
    if old := _SHA1.fullmatch(stored):
        return _is_sha1(encoded, *old.groups()), True
    made = _scrypt(stored)
    if made is None:
        return False, False
    right = hmac.compare_digest(made.cost.key(encoded, made.salt, len(made.key)), made.key)
    return right, made.cost != (cost or ScryptCost())


@dataclass(frozen=True, slots=True)
class _Scrypt:
    """What a hash consists of."""

    cost: ScryptCost
    salt: bytes
    key: bytes


def _scrypt(stored: str) -> _Scrypt | None:
    """Return what a hash by scrypt consists of; None for what is none, and for more work than is accepted."""
    found = _STORED.fullmatch(stored)
    if found is None:
        return None
    numbers, salt, key = map(int, found.groups()[:3]), _bytes(found[4]), _bytes(found[5])
    try:
        cost = ScryptCost(*numbers)
    except ValueError:
        return None
    return _Scrypt(cost, salt, key) if len(key) >= SHORTEST_KEY else None


def _is_sha1(password: bytes, salt: str, digest: str) -> bool:
    """Compare with a hash of MongoKit; both orders of salt and password were in use."""
    salted = (password + salt.encode(), salt.encode() + password)
    found = [
        hmac.compare_digest(hashlib.sha1(one, usedforsecurity=False).hexdigest(), digest) for one in salted
    ]
    return any(found)


def _encoded(password: str) -> bytes | None:
    try:
        encoded = password.encode()
    except UnicodeEncodeError:
        return None
    return encoded if len(encoded) <= LONGEST_PASSWORD else None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


class LoginError(ValidationError, AssertionError):
    """``_id`` and login of a user are not the same (MongoKit raised a bare AssertionError)."""


class User(Document):
    """Somebody with a login, which is the ``_id``, a password and an e-mail address. Meant to be extended.

    ``user.password = "…"`` stores a hash; ``verify_password`` compares. After a successful ``verify_password`` a hash
    of an old kind, or of other parameters than ``password_cost``, has been replaced in the document: ``save()`` keeps
    the new one. ``user.password = None`` is for who logs in by other means: what is stored is verified by nothing.
    """

    structure: ClassVar[dict[str, Any] | None] = {
        "_id": str,
        "user": {"login": str, "password": str, "email": str},
    }
    required_fields: ClassVar[list[str]] = ["user.password", "user.email"]

    password_cost: ClassVar[ScryptCost] = ScryptCost()
    """What hashes are made with, and made anew with."""

    @property
    def login(self) -> str | None:
        """The login, which is the ``_id``; None where there is none."""
        login: str | None = self.get("_id")
        return login

    @login.setter
    def login(self, value: str) -> None:
        self["_id"] = value
        self._set("login", value)

    @login.deleter
    def login(self) -> None:
        self.pop("_id", None)
        self._set("login", None)

    @property
    def password(self) -> str | None:
        """The hash of the password; setting it hashes. None where there is none.

        Set to None it becomes a text that no password is verified by, another each time. Raises TypeError for what is
        neither str nor None, ValueError for what is too long.
        """
        return self._get("password")

    @password.setter
    def password(self, value: str | None) -> None:
        stored = (
            UNUSABLE + secrets.token_urlsafe(30)
            if value is None
            else hash_password(value, self.password_cost)
        )
        self._set("password", stored)

    @password.deleter
    def password(self) -> None:
        self._set("password", None)

    @property
    def email(self) -> str | None:
        """The e-mail address; None where there is none."""
        return self._get("email")

    @email.setter
    def email(self, value: str) -> None:
        self._set("email", value)

    @email.deleter
    def email(self) -> None:
        self._set("email", None)

    def verify_password(self, password: str) -> bool:
        """Return whether this is the password. False without a password, and for what cannot be one."""
        right, outdated = verify_password(password, self._get("password"), self.password_cost)
        if right and outdated:
            self.password = password
        return right

    def has_usable_password(self) -> bool:
        """Return whether there is a hash that a password can be verified by: not where it was set to None, or never."""
        stored: Any = self._get("password")
        return isinstance(stored, str) and bool(_SHA1.fullmatch(stored) or _scrypt(stored))

    def save(self, *args: Any, **options: Any) -> Self:
        """Store the user; see ``Document.save``. Raises LoginError unless login and ``_id`` are the same."""
        login = self._get("login")
        if self.get("_id") != login:
            raise LoginError(
                f"the login {login!r} is not the _id {self.get('_id')!r}: set login, which sets both"
            )
        return super().save(*args, **options)

    def _get(self, name: str) -> str | None:
        found = self.get("user")
        value: str | None = found.get(name) if isinstance(found, dict) else None
        return value

    def _set(self, name: str, value: str | None) -> None:
        found = self.get("user")
        if not isinstance(found, dict):
            found = self["user"] = {}
        found[name] = value
