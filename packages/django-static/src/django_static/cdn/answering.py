"""Ask whether a URL answers."""

from __future__ import annotations

import errno
import http.client
import socket
from urllib.parse import urlsplit

__all__ = ["CannotTell", "answers", "is_gone", "status"]

_SECONDS = 10.0
#: What says something of this machine, and nothing of the URL: no network, no name server, no file handles.
_OURS = (
    errno.EACCES,
    errno.EADDRNOTAVAIL,
    errno.EHOSTUNREACH,
    errno.EMFILE,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ENFILE,
    errno.ENOBUFS,
    errno.ENOMEM,
    errno.EPERM,
)
_GONE = (http.client.NOT_FOUND, http.client.GONE, http.client.FORBIDDEN)
_NO_NAME_SERVER = (socket.EAI_AGAIN, socket.EAI_MEMORY, getattr(socket, "EAI_SYSTEM", socket.EAI_MEMORY))


class CannotTell(Exception):
    """The URL could not be asked for, for a reason that lies here."""


def answers(url: str, seconds: float = _SECONDS) -> bool:
    """Whether the URL leads to a file, as far as this machine can tell; ``//host/path`` is asked by https.

    It is waited for so many seconds at most, and never longer than ten.

    Not followed is a redirect: a distribution that is not ready sends some (307), and a browser would go there each time.

    Raises:
        CannotTell: this machine has no network now, or no means to use it.
    """
    return status(url, seconds) == http.client.OK


def is_gone(url: str) -> bool:
    """Whether it is said that there is nothing at the URL; S3 says 403 where one may not list what there is.

    Raises:
        CannotTell: as for :func:`answers`.
    """
    return status(url) in _GONE


def status(url: str, seconds: float = _SECONDS) -> int:
    """What the URL is answered with; 0 where it is not, within so many seconds or ten.

    Raises:
        CannotTell: as for :func:`answers`.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
    try:
        connection = kind(parts.netloc.rpartition("@")[2], timeout=min(seconds, _SECONDS))
        try:
            connection.request("HEAD", parts.path + (f"?{parts.query}" if parts.query else ""))
            return connection.getresponse().status
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        if _is_ours(error):
            raise CannotTell(f"{url} cannot be asked for from here: {error}") from error
        return 0  # no such name, or none at all, refused, too slow: what a browser would meet, too


def _is_ours(error: Exception) -> bool:
    if isinstance(error, socket.gaierror):
        return error.errno in _NO_NAME_SERVER
    return isinstance(error, OSError) and error.errno in _OURS
