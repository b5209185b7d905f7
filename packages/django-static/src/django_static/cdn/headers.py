"""What a file on the CDN is sent with."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from pathlib import Path

from ..compress.worth import is_compressed, is_effective
from .store import Payload

__all__ = ["CACHE_CONTROL", "CONTENT_TYPES", "EXPIRES", "content_type", "payload_of"]

#: Ten years; the same numbers as ``expires max`` of nginx sends.
CACHE_CONTROL = "max-age=315360000, public"
EXPIRES = "Thu, 31 Dec 2037 23:55:55 GMT"

#: What Python's own table lacks or has an old name for (IANA media types; RFC 9239 for scripts).
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".cjs": "text/javascript",
    ".eot": "application/vnd.ms-fontobject",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jxl": "image/jxl",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "text/xml",
}
_TEXTS = ("application/manifest+json", "application/json", "image/svg+xml")
_DEFAULT = "application/octet-stream"
_CHUNK = 1 << 20


def content_type(name: str, head: bytes | None = None) -> tuple[str, str]:
    """``Content-Type`` and ``Content-Encoding`` of a file, by its name; the same on every system.

    Text that is UTF-8 says so; what is in another encoding says it itself, or nobody knows.

    Args:
        head: the file's bytes, or None for text that is known to be UTF-8.
    """
    suffix = Path(name).suffix.lower()
    found = CONTENT_TYPES.get(suffix)
    encoding = ""
    if found is None:
        # Not the function of the module, which reads what each system has in its own files.
        guessed, packed = mimetypes.MimeTypes(filenames=()).guess_type(f"x{suffix}")
        if suffix == ".svgz":
            guessed, encoding = "image/svg+xml", "gzip"
        elif packed:
            guessed = "application/gzip" if packed == "gzip" else _DEFAULT
        found = guessed or _DEFAULT
    is_text = found.startswith("text/") or found in _TEXTS
    if is_text and not encoding and (head is None or _is_utf8(head)):
        found += "; charset=utf-8"
    return found, encoding


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


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
