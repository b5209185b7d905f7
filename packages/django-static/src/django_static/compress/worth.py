"""What is worth compressing: not what has been, not what is tiny, and nothing that hardly shrinks."""

from __future__ import annotations

import zlib

__all__ = ["MINIMUM_BYTES", "is_compressed", "is_effective", "looks_compressed"]

#: A smaller file saves some 50 bytes at most, of which the header that names the encoding takes 20.
MINIMUM_BYTES = 200
_LARGEST_SHARE = 0.95

#: Formats that are compressed inside. Bitmaps, icons, older fonts, WebAssembly and SVG are not.
_COMPRESSED = frozenset(
    [
        "3gp",
        "7z",
        "aac",
        "aif",
        "apk",
        "apng",
        "asf",
        "avi",
        "avif",
        "br",
        "bz2",
        "crx",
        "docx",
        "epub",
        "flac",
        "flv",
        "gif",
        "gz",
        "heic",
        "heif",
        "jar",
        "jp2",
        "jpe",
        "jpeg",
        "jpg",
        "jxl",
        "lz4",
        "m4a",
        "m4v",
        "mkv",
        "mov",
        "mp3",
        "mp4",
        "mpeg",
        "mpg",
        "odp",
        "ods",
        "odt",
        "oga",
        "ogg",
        "ogv",
        "opus",
        "png",
        "pptx",
        "rar",
        "svgz",
        "swf",
        "tbz",
        "tgz",
        "txz",
        "webm",
        "webp",
        "weba",
        "wma",
        "wmv",
        "woff",
        "woff2",
        "xlsx",
        "xpi",
        "xz",
        "zip",
        "zst",
        "zstd",
    ]
)
#: How such files begin, whatever they are called.
_BEGINNINGS = (
    b"\x1f\x8b",  # gzip
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",  # JPEG
    b"GIF8",
    b"wOFF",
    b"wOF2",
    b"PK\x03\x04",  # ZIP
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",  # Zstandard
    b"OggS",
    b"ID3",
    b"\x1aE\xdf\xa3",  # Matroska, WebM
)
_SAMPLE_BYTES = 1 << 16
_PROBED_BYTES = 1 << 18
_DENSE_SHARE = 0.98


def is_compressed(name: str) -> bool:
    """Whether the name says that the content is compressed already."""
    return name.rpartition(".")[2].lower() in _COMPRESSED


def looks_compressed(data: bytes) -> bool:
    """Whether the content is compressed already, as far as its beginning and, of a large file, three samples tell.

    Brotli would take 1.5 s for a megabyte of random bytes to find out.
    """
    if (
        data.startswith(_BEGINNINGS)
        or data[4:8] == b"ftyp"
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
    ):
        return True
    if len(data) < _PROBED_BYTES:
        return False
    middle = (len(data) - _SAMPLE_BYTES) // 2
    starts = (0, middle, len(data) - _SAMPLE_BYTES)
    samples = b"".join(data[start : start + _SAMPLE_BYTES] for start in starts)
    return len(zlib.compress(samples, 1)) > _DENSE_SHARE * len(samples)


def is_effective(size: int, compressed: int) -> bool:
    """Whether the result is smaller by 5% at least."""
    return compressed <= _LARGEST_SHARE * size
