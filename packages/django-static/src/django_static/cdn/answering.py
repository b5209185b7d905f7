"""Ask whether a URL answers."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

__all__ = ["answers"]

_SECONDS = 10.0


def answers(url: str) -> bool:
    """Whether the URL leads to a file, as far as this machine can tell; ``//host/path`` is asked by https.

    Not followed is a redirect: a distribution that is not ready sends some (307), and a browser would go there each time.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
    try:
        connection = kind(parts.netloc.rpartition("@")[2], timeout=_SECONDS)
        try:
            connection.request("HEAD", parts.path + (f"?{parts.query}" if parts.query else ""))
            return connection.getresponse().status == http.client.OK
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return False  # not resolved, not reached, not understood: what a browser would meet, too
