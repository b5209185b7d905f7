"""The names files are published under."""

from __future__ import annotations

import base64
import functools
import hashlib
import posixpath
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote, urlsplit, urlunsplit

__all__ = [
    "DATE",
    "FINGERPRINT",
    "UNKNOWN_CHARSET",
    "combined",
    "content_digest",
    "decoded",
    "digest",
    "digest_of_file",
    "folder_of",
    "has_mark",
    "has_sure_mark",
    "in_ascii",
    "integrity",
    "is_hashed",
    "is_unknown",
    "mark_of",
    "quoted",
    "relative",
    "spellings",
    "stamped",
    "unmarked",
    "with_digest",
]

#: What the names of texts have that must not be said to be UTF-8, or anything else.
_NO_CHARSET = ".nocharset"
#: What a function of the site may have put behind it; read alike by PCRE and by Go.
UNKNOWN_CHARSET = r"\.nocharset[^0-9A-Za-z/][^/]*$"
_UNKNOWN_CHARSET = re.compile(UNKNOWN_CHARSET)

_DIGEST_LENGTH = 8
_MARK_LENGTH = 12
_MARK = r"\.(?:-?\d+|[0-9a-f]{12})"
_MARKED = re.compile(
    rf"{_MARK}(?:-[0-9a-f]{{8}})?(?P<extension>\.[^.\n]*|\.(?:css|m?js)\.map)?\Z|-[0-9a-f]{{8}}{_MARK}\Z"
)
_AFTER = r"(?:-[0-9a-f]{8})?(?:\.[^./]+|\.(?:css|m?js)\.map)?$"
#: What a published file's name ends in, where it lies among others. Times have nine to eleven digits from 1973 to 5138,
#: so that ``jquery.3.js`` is none of them. Read alike by Python, PCRE and Go.
FINGERPRINT = rf"\.(?:[0-9]{{9,11}}|[0-9a-f]{{12}}){_AFTER}"
#: But not in this, which is a date: ``photo.202611221230.png``. No mark of ours is one.
DATE = rf"\.[0-9]{{12}}{_AFTER}"
_FINGERPRINT = re.compile(FINGERPRINT)
_DATE = re.compile(DATE)
#: UTF-8 bytes of a file name: most file systems allow 255, and a digest or the suffix of a compressed sibling may follow.
_MOST_BYTES = 240
_NOTHING_TO_QUOTE = re.compile(r"[A-Za-z0-9/:@!$*,;=\-._~]*+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
#: From here on what follows the last dot is no type of file.
_LONGEST_EXTENSION = 32


def digest(*parts: str | bytes) -> str:
    """A hexadecimal SHA-256 over the parts and their borders."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def content_digest(data: bytes) -> str:
    """The hexadecimal SHA-256 of bytes, as ``sha256sum`` prints it."""
    return hashlib.sha256(data).hexdigest()


def digest_of_file(path: str) -> str:
    """:func:`content_digest` of a file that may be too large to be held; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (a text, as in records)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def integrity(data: bytes) -> str:
    """What an ``integrity`` attribute says of bytes (W3C Subresource Integrity, 3.1)."""
    return f"sha384-{base64.b64encode(hashlib.sha384(data).digest()).decode()}"


def mark_of(content: str) -> str:
    """What of the hexadecimal digest of a content stands in its name: the first twelve digits that are not all decimal,
    since those would be like a date."""
    first = content[:_MARK_LENGTH]
    if not first.isdecimal():
        return first  # as almost all are
    starts = range(len(content) - _MARK_LENGTH + 1)
    windows = (content[start : start + _MARK_LENGTH] for start in starts)
    return next((each for each in windows if not each.isdecimal()), first)


def has_mark(url: str) -> bool:
    """Whether a name may be one that :func:`stamped`, :func:`combined` or :func:`with_digest` has made."""
    return _MARKED.search(posixpath.basename(url)) is not None


def has_sure_mark(url: str) -> bool:
    """Whether a name has a mark that others hardly give, so that its file was published: ``logo.2.png`` has none, nor has
    ``photo.202611221230.png``. The rule for all who meet published files among others; web servers get it as
    :data:`FINGERPRINT` without :data:`DATE`."""
    return _FINGERPRINT.search(url) is not None and _DATE.search(url) is None


def unmarked(url: str) -> str:
    """The name without what :func:`has_mark` has found in it: that of every version of the file."""
    folder, slash, name = url.rpartition("/")
    found = _MARKED.search(name)
    return url if found is None else f"{folder}{slash}{name[: found.start()]}{found['extension'] or ''}"


@functools.lru_cache(256)  # asked of a file four times in a row
def is_hashed(url: str, pattern: re.Pattern[str]) -> bool:
    """Whether a bundler has put a hash of the content into the name already: such a name is kept."""
    return pattern.search(url.rpartition("/")[2]) is not None


def is_unknown(url: str) -> bool:
    """Whether a published name says that it is text of which nobody knows the encoding."""
    return _UNKNOWN_CHARSET.search(url) is not None


def stamped(
    url: str, mark: int | str, generator: Callable[..., str] | None = None, *, is_readable: bool = True
) -> str:
    """``/img/logo.png`` -> ``/img/logo.1269170122.png``; the generator gets ``("/img/logo", ".png")`` and the mark.

    A mark is a modification time in epoch seconds, or the beginning of a digest. What is not ``is_readable``, since it is
    text in an encoding that nobody knows, has that in its name for servers to see: ``/css/a.nocharset.1269170122.css``.
    """
    stem, extension = _split(url)
    sign = "" if is_readable else _NO_CHARSET
    if generator is None:
        end = f"{sign}.{mark}{extension}"
        return f"{_fitting(stem, end)}{end}"
    return _checked(_generated(generator, (f"{stem}{sign}", extension), mark), url)


def combined(
    urls: Sequence[str],
    marks: Sequence[int | str],
    mark: int | str,
    max_length: int,
    generator: Callable[..., str] | None = None,
) -> str:
    """The name of a bundle: stems joined with ``_`` and the mark of the whole, in the shortest of the folders.

    A joined stem longer than ``max_length`` is cut, and ends in a digest of all the names so that no two bundles
    share it. The generator gets the names of the parts with their own marks, and ``max_length``.
    """
    if generator is not None:
        given = [stamped(u, m) for u, m in zip(urls, marks, strict=True)]
        return _checked(_generated(generator, given, max_length), urls[0])
    folder = folder_of(urls)
    stem = "_".join(_split(posixpath.basename(url))[0] for url in urls)
    if len(stem) > max_length:
        stem = f"{stem[: max_length - _DIGEST_LENGTH - 1]}-{digest(*urls)[:_DIGEST_LENGTH]}"
    end = f".{mark}{_split(urls[0])[1]}"
    return posixpath.join(folder, f"{_fitting(stem, end)}{end}")


def folder_of(urls: Sequence[str]) -> str:
    """The URL folder that what is made of some files goes to: the shortest of theirs."""
    return min((posixpath.dirname(url) for url in urls), key=len)


def with_digest(url: str, content: str) -> str:
    """The name to take when another content already has the plain one."""
    stem, extension = _split(url)
    return f"{stem}-{content[:_DIGEST_LENGTH]}{extension}"


def quoted(url: str, *, again: bool = False) -> str:
    """Percent-encode what may not stand in a URL, a CSS ``url()`` or an attribute; ``again`` keeps what is encoded."""
    if _NOTHING_TO_QUOTE.fullmatch(url):
        return url  # as almost all are
    # Not the plus sign, which S3 takes for a space.
    safe = "/:@!$*,;=-._~" + ("%" if again else "")
    try:
        return quote(url, safe=safe, errors="surrogateescape")  # bytes of a file name that are not UTF-8
    except UnicodeEncodeError:
        return quote(_LONE_SURROGATE.sub("\ufffd", url), safe=safe)  # as a browser does


def decoded(url: str) -> str:
    """A URL percent-decoded, to the name of a file: where its bytes are not UTF-8, as Python spells such names."""
    return unquote(url, errors="surrogateescape")


def spellings(url: str) -> tuple[str, ...]:
    """A URL as it is written, percent-decoded, and as pages print it; almost always that is all one."""
    plain = decoded(url)
    return tuple(dict.fromkeys((url, plain, quoted(plain))))


def in_ascii(url: str) -> str:
    """A URL with whatever else its path has in it percent-encoded, as a browser asks for it; the rest stays as it is.

    Raises:
        ValueError: it is no URL.
    """
    if url.isascii():
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=quoted(parts.path, again=True)))


def relative(url: str, folder: str) -> str:
    """The URL path as seen from a folder: ``/img/a.png`` from ``/css`` is ``../img/a.png``."""
    parent, slash, name = url.rpartition("/")
    if not name:
        return posixpath.relpath(url, folder or "/")
    way = _way(parent or slash, folder or "/")
    return name if way == "." else f"{way}/{name}"


@functools.lru_cache(4096)
def _way(folder: str, start: str) -> str:
    return posixpath.relpath(folder, start)


def _split(url: str) -> tuple[str, str]:
    """The stem and the extension, which a server tells the type by: all of ``.css``, nothing of an endless one."""
    stem, extension = posixpath.splitext(url)
    if not extension:
        name = posixpath.basename(url)
        if name.startswith(".") and name.count(".") == 1 and len(name) > 1:
            stem, extension = url.removesuffix(name), name
    return (stem, extension) if len(extension) <= _LONGEST_EXTENSION else (url, "")


def _fitting(stem: str, end: str) -> str:
    """The stem, cut and with a digest of all of it where its file name would be too long to be written."""
    if len(stem) + len(end) <= _MOST_BYTES and stem.isascii() and end.isascii():
        return stem  # with all its folders
    folder, slash, name = stem.rpartition("/")
    data = name.encode("utf-8", "surrogateescape")
    room = _MOST_BYTES - len(end.encode("utf-8", "surrogateescape"))
    if len(data) <= room:
        return stem
    head = data[: room - _DIGEST_LENGTH - 1].decode("utf-8", "ignore")
    return f"{folder}{slash}{head}-{digest(name)[:_DIGEST_LENGTH]}"


def _generated(generator: Callable[..., str], *arguments: object) -> str:
    try:
        return generator(*arguments)
    except Exception as error:
        raise ValueError(
            f"the filename generator {getattr(generator, '__qualname__', generator)} failed for {arguments[0]!r}: "
            f"{type(error).__name__}: {error}"
        ) from error


def _checked(name: object, url: str) -> str:
    if not isinstance(name, str) or not name or ".." in name.split("/") or name == url:
        raise ValueError(
            f"the filename generator gave {name!r} for {url!r}; it must return a new name without '..' in it"
        )
    return name
