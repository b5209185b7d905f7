"""What kind of content a file has, by the end of its name; the same on every machine, whatever it has in /etc.

Whatever sends published files goes by this table: web servers by what ``staticnginx`` prints, CDNs, and
:mod:`django_static.serve`.
"""

from __future__ import annotations

import posixpath

from . import names

__all__ = ["CONTENT_TYPES", "DEFAULT", "FONTS", "bare", "content_type", "has_charset", "has_host", "is_font"]

DEFAULT = "application/octet-stream"
_UTF8 = "; charset=utf-8"

#: Media types (IANA; RFC 9239 for scripts) with the extensions of their files. Text says that it is UTF-8, since browsers
#: would otherwise guess; JSON is never anything else (RFC 8259, 8.1), and XML says itself what it is, which a server would
#: overrule (RFC 7303, 3).
CONTENT_TYPES: dict[str, tuple[str, ...]] = {
    f"text/css{_UTF8}": ("css",),
    f"text/javascript{_UTF8}": ("js", "mjs", "cjs"),
    "application/json": ("json", "map"),
    "application/manifest+json": ("webmanifest",),
    f"text/html{_UTF8}": ("html", "htm"),
    "application/xhtml+xml": ("xhtml",),
    f"text/plain{_UTF8}": ("txt", "srt"),
    f"text/markdown{_UTF8}": ("md",),
    "application/xml": ("xml",),
    f"text/vtt{_UTF8}": ("vtt",),
    f"text/csv{_UTF8}": ("csv",),
    f"text/tab-separated-values{_UTF8}": ("tsv",),
    f"text/calendar{_UTF8}": ("ics",),
    f"text/vcard{_UTF8}": ("vcf",),
    "application/atom+xml": ("atom",),
    "application/rss+xml": ("rss",),
    "application/ld+json": ("jsonld",),
    "application/geo+json": ("geojson",),
    "application/yaml": ("yaml", "yml"),
    "application/toml": ("toml",),
    "image/svg+xml": ("svg",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/avif": ("avif",),
    "image/jxl": ("jxl",),
    "image/heic": ("heic",),
    "image/heif": ("heif",),
    "image/apng": ("apng",),
    "image/tiff": ("tif", "tiff"),
    "image/bmp": ("bmp",),
    "image/x-icon": ("ico", "cur"),
    "font/woff2": ("woff2",),
    "font/woff": ("woff",),
    "font/ttf": ("ttf",),
    "font/otf": ("otf",),
    "font/collection": ("ttc",),
    "application/vnd.ms-fontobject": ("eot",),
    "application/wasm": ("wasm",),
    "application/pdf": ("pdf",),
    "application/rtf": ("rtf",),
    "application/postscript": ("ps", "eps", "ai"),
    "application/epub+zip": ("epub",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.presentation": ("odp",),
    "application/zip": ("zip",),
    "application/gzip": ("gz", "tgz"),
    "application/zstd": ("zst",),
    "application/x-tar": ("tar",),
    "application/x-bzip2": ("bz2",),
    "application/x-xz": ("xz",),
    "application/x-7z-compressed": ("7z",),
    "application/vnd.rar": ("rar",),
    "application/java-archive": ("jar",),
    "application/vnd.android.package-archive": ("apk",),
    "application/x-shockwave-flash": ("swf",),
    "model/gltf+json": ("gltf",),
    "model/gltf-binary": ("glb",),
    DEFAULT: ("br",),
    "audio/mpeg": ("mp3", "mp2"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mp4": ("m4a",),
    "audio/aac": ("aac",),
    "audio/flac": ("flac",),
    "audio/wav": ("wav",),
    "audio/webm": ("weba",),
    "audio/midi": ("mid", "midi"),
    "video/mp4": ("mp4", "m4v"),
    "video/webm": ("webm",),
    "video/ogg": ("ogv",),
    "video/quicktime": ("mov", "qt"),
    "video/mpeg": ("mpg", "mpeg"),
    "video/3gpp": ("3gp",),
    "video/x-msvideo": ("avi",),
    "video/x-matroska": ("mkv",),
    "application/vnd.apple.mpegurl": ("m3u8", "m3u"),
    "application/dash+xml": ("mpd",),
}
#: Extensions of what browsers ask for with CORS, from wherever it comes.
FONTS = ("woff2", "woff", "ttf", "otf", "ttc", "eot")

_BY_EXTENSION = {extension: kind for kind, extensions in CONTENT_TYPES.items() for extension in extensions}


def content_type(name: str, *, is_utf8: bool = True) -> str:
    """The value of a ``Content-Type`` field: ``text/css; charset=utf-8``.

    Without the charset for text that is not UTF-8: it is known not to be, or a published name says so.
    """
    kind = _of(posixpath.splitext(name)[1].lower())
    return kind if is_utf8 and not names.is_unknown(name) else bare(kind)


def bare(kind: str) -> str:
    """A media type without its charset."""
    return kind.removesuffix(_UTF8)


def has_charset(name: str) -> bool:
    """Whether a file of that name is text that may be in one encoding or another."""
    return content_type(name).endswith(_UTF8)


def has_host(url: str) -> bool:
    """Whether a URL leads to a host of its own, so that pages of another origin use what it leads to."""
    return bool(url) and (not url.startswith("/") or url.startswith("//"))


def is_font(name: str) -> bool:
    return posixpath.splitext(name)[1].lower().removeprefix(".") in FONTS


def _of(ending: str) -> str:
    return _BY_EXTENSION.get(ending.removeprefix("."), DEFAULT) if ending else DEFAULT
