"""What a file on the CDN is sent with."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

from .. import content_types as types
from ..charsets import is_utf8
from ..compress.worth import is_compressed, is_effective
from .store import Payload

__all__ = ["CACHE_CONTROL", "EXPIRES", "content_type", "payload_of"]

#: Ten years; the same numbers as ``expires max`` of nginx sends.
CACHE_CONTROL = "max-age=315360000, public"
EXPIRES = "Thu, 31 Dec 2037 23:55:55 GMT"

_CHUNK = 1 << 20


def content_type(name: str, head: bytes | None = None) -> tuple[str, str]:
    """``Content-Type`` and ``Content-Encoding`` of a file, by its name; the same on every system.

    Text that is UTF-8 says so; what is in another encoding says it itself, or nobody knows.

    Args:
        head: the file's bytes, or None for text that is known to be UTF-8.
    """
    if name.lower().endswith(".svgz"):
        return "image/svg+xml", "gzip"
    kind, semicolon, charset = types.content_type(name).partition("; ")
    is_certain = charset and (head is None or is_utf8(head))
    return f"{kind}{semicolon}{charset}" if is_certain else kind, ""


def payload_of(path: Path, *, with_gzip: bool) -> Payload:
    """A file as it is stored; text in gzip where that is wanted, and where it is smaller.

    Raises:
        OSError: the file cannot be read.
    """
    kind, encoding = content_type(path.name)
    if kind.endswith("; charset=utf-8") or (with_gzip and not is_compressed(path.name)):
        data = path.read_bytes()
        kind, encoding = content_type(path.name, data)
        digest = hashlib.sha256(data)
        body = None
        if with_gzip and not encoding and not is_compressed(path.name):
            packed = gzip.compress(data, 9, mtime=0)
            if is_effective(len(data), len(packed)):
                body, encoding = packed, "gzip"
        sent = data if body is None else body
        md5 = hashlib.md5(sent, usedforsecurity=False).hexdigest()
        checksum = hashlib.sha256(sent).digest()
        return Payload(path, digest.hexdigest(), md5, checksum, len(sent), kind, encoding, body)
    digest, legacy, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            legacy.update(piece)
            size += len(piece)
    return Payload(path, digest.hexdigest(), legacy.hexdigest(), digest.digest(), size, kind, encoding)
