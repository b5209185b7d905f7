"""Which server could not be reached, in one sentence: what commands say while MongoDB is away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from pymongo.errors import ConnectionFailure

from django_mongokit.conf import client_settings, entry
from django_mongokit.mongodb.client import shell_address
from django_mongokit.mongodb.embedded import is_unavailable

__all__ = ["DatabaseUnavailable", "reaching"]


class DatabaseUnavailable(ConnectionFailure, CommandError):
    """The server of an alias cannot be reached; a command says so without a traceback."""


@contextmanager
def reaching(alias: str) -> Iterator[None]:
    """Turn a connection failure in the block into `DatabaseUnavailable`, which names the server and what to do."""
    try:
        yield
    except DatabaseUnavailable:
        raise
    except Exception as error:
        if not is_unavailable(error):
            raise
        # PyMongo's text goes on with the timeouts and the whole topology.
        reason = re.split(r" \(configured timeouts|, Timeout: ", str(error))[0].splitlines()[0]
        raise DatabaseUnavailable(
            f"MongoDB cannot be reached at {_address(alias)} ({type(error).__name__}: {reason}). Start the server, "
            f"or say in DATABASES[{alias!r}] where it is, and run this again."
        ) from error


def _address(alias: str) -> str:
    values = entry(alias)
    found = client_settings(alias, values, debug=False)
    if found.embedded is not None:
        return f"{found.embedded}, the folder of the embedded server"
    address, _user = shell_address(found, values["NAME"])
    return re.sub(r"/[^/]*$", "", address)
