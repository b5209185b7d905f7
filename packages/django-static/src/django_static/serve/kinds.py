"""What kind of content a file has, by the end of its name; the same on every machine, whatever it has in /etc."""

from __future__ import annotations

import mimetypes
import posixpath
from functools import lru_cache

__all__ = ["content_type", "is_font"]

_DEFAULT = "application/octet-stream"
#: What Python's own table lacks in a supported version, or has differently.
_OURS = {
    ".avif": "image/avif",
    ".br": _DEFAULT,
    ".cjs": "text/javascript",
    ".css": "text/css",
    ".eot": "application/vnd.ms-fontobject",
    ".gz": "application/gzip",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jxl": "image/jxl",
    ".m4a": "audio/mp4",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".ogg": "audio/ogg",
    ".otf": "font/otf",
    ".rtf": "application/rtf",
    ".tgz": "application/gzip",
    ".ttc": "font/collection",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
    ".xml": "application/xml",
    ".zst": "application/zstd",
}
#: Texts by another name, of which browsers would otherwise guess the encoding.
_TEXTS = ("application/xhtml+xml", "application/xml", "image/svg+xml")
_FONTS = frozenset({".eot", ".otf", ".ttc", ".ttf", ".woff", ".woff2"})


def content_type(name: str) -> str:
    """The value of a ``Content-Type`` field: ``text/css; charset=utf-8``."""
    return _of_ending(posixpath.splitext(name)[1].lower())


def is_font(name: str) -> bool:
    """Whether browsers ask for it with CORS, from wherever it comes."""
    return posixpath.splitext(name)[1].lower() in _FONTS


@lru_cache(maxsize=1024)
def _of_ending(ending: str) -> str:
    kind = _OURS.get(ending) or _builtin().types_map[1].get(ending, _DEFAULT)
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind in _TEXTS else kind


@lru_cache(maxsize=1)
def _builtin() -> mimetypes.MimeTypes:
    # Not mimetypes.guess_type(), which reads the tables of the system.
    return mimetypes.MimeTypes(filenames=())
