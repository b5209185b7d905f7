"""Which server could not be reached, or lets nobody in, in one sentence: what commands say in place of a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from pymongo.errors import ConnectionFailure, OperationFailure

from django_mongokit.conf import client_settings, entry
from django_mongokit.mongodb.client import shell_address
from django_mongokit.mongodb.embedded import is_unavailable

__all__ = ["WRONG_PASSWORD", "AccessDenied", "DatabaseUnavailable", "reaching", "reason_of"]

# MongoDB's codes: AuthenticationFailed, and Atlas's own for that; Unauthorized.
WRONG_PASSWORD = frozenset({18, 8000})
_DENIED = WRONG_PASSWORD | {13}


class DatabaseUnavailable(ConnectionFailure, CommandError):
    """The server of an alias cannot be reached; a command says so without a traceback."""


class AccessDenied(OperationFailure, CommandError):
    """The server of an alias does not let the user in, or not do this; a command says so without a traceback."""

    def __init__(self, message: str, denied: OperationFailure) -> None:
        OperationFailure.__init__(self, message, denied.code, denied.details)
        self.returncode = 1
        self._said = message

    def __str__(self) -> str:
        """Return the one sentence: PyMongo's has all that the server answered behind it."""
        return self._said


@contextmanager
def reaching(alias: str) -> Iterator[None]:
    """Turn a connection failure in the block into `DatabaseUnavailable`, which names the server and what to do.

    And what is forbidden there into `AccessDenied`.
    """
    try:
        yield
    except (DatabaseUnavailable, AccessDenied):
        raise
    except OperationFailure as error:
        if error.code not in _DENIED:
            raise
        raise AccessDenied(
            f"MongoDB at {_address(alias)} refuses this ({reason_of(error)}). Say in DATABASES[{alias!r}] with which USER and "
            "PASSWORD it may be done.",
            error,
        ) from error
    except Exception as error:
        if not is_unavailable(error):
            raise
        raise DatabaseUnavailable(
            f"MongoDB cannot be reached at {_address(alias)} ({type(error).__name__}: {reason_of(error)}). Start the server, "
            f"or say in DATABASES[{alias!r}] where it is, and run this again."
        ) from error


def reason_of(error: BaseException) -> str:
    """Return the first sentence of an error: PyMongo's go on with timeouts, the whole topology, or all that was answered."""
    reason = re.split(r", full error:| \(configured timeouts|, Timeout: ", str(error))[0]
    return next(iter(reason.splitlines()), "")


def _address(alias: str) -> str:
    values = entry(alias)
    found = client_settings(alias, values, debug=False)
    if found.embedded is not None:
        return f"{found.embedded}, the folder of the embedded server"
    address, _user = shell_address(found, values["NAME"])
    return re.sub(r"/[^/]*$", "", address)
