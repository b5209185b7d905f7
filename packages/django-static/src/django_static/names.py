"""The names files are published under."""

from __future__ import annotations

import base64
import hashlib
import posixpath
import re
from collections.abc import Callable, Sequence
from urllib.parse import quote

__all__ = [
    "combined",
    "digest",
    "integrity",
    "is_hashed",
    "mark_of",
    "quoted",
    "relative",
    "stamped",
    "with_digest",
]

_DIGEST_LENGTH = 8
_MARK_LENGTH = 12


def digest(*parts: str | bytes) -> str:
    """A hexadecimal SHA-256 over the parts and their borders."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def integrity(data: bytes) -> str:
    """What an ``integrity`` attribute says of bytes (W3C Subresource Integrity, 3.1)."""
    return f"sha384-{base64.b64encode(hashlib.sha384(data).digest()).decode()}"


def mark_of(content: str) -> str:
    """What of the hexadecimal digest of a content stands in its name."""
    return content[:_MARK_LENGTH]


def is_hashed(url: str, pattern: re.Pattern[str]) -> bool:
    """Whether a bundler has put a hash of the content into the name already: such a name is kept."""
    return pattern.search(posixpath.basename(url)) is not None


def stamped(url: str, mark: int | str, generator: Callable[..., str] | None = None) -> str:
    """``/img/logo.png`` -> ``/img/logo.1269170122.png``; the generator gets ``("/img/logo", ".png")`` and the mark.

    A mark is a modification time in epoch seconds, or the beginning of a digest.
    """
    parts = posixpath.splitext(url)
    if generator is None:
        return f"{parts[0]}.{mark}{parts[1]}"
    return _checked(generator(parts, mark), url)


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
        return _checked(
            generator([stamped(u, m) for u, m in zip(urls, marks, strict=True)], max_length), urls[0]
        )
    folder = min((posixpath.dirname(url) for url in urls), key=len)
    stem = "_".join(posixpath.splitext(posixpath.basename(url))[0] for url in urls)
    if len(stem) > max_length:
        stem = f"{stem[: max_length - _DIGEST_LENGTH - 1]}-{digest(*urls)[:_DIGEST_LENGTH]}"
    extension = posixpath.splitext(urls[0])[1]
    return posixpath.join(folder, f"{stem}.{mark}{extension}")


def with_digest(url: str, content: str) -> str:
    """The name to take when another content already has the plain one."""
    stem, extension = posixpath.splitext(url)
    return f"{stem}-{content[:_DIGEST_LENGTH]}{extension}"


def quoted(url: str, *, again: bool = False) -> str:
    """Percent-encode what may not stand in a URL, a CSS ``url()`` or an attribute; ``again`` keeps what is encoded."""
    return quote(url, safe="/:@!$*+,;=-._~" + ("%" if again else ""))


def relative(url: str, folder: str) -> str:
    """The URL path as seen from a folder: ``/img/a.png`` from ``/css`` is ``../img/a.png``."""
    return posixpath.relpath(url, folder or "/")


def _checked(name: object, url: str) -> str:
    if not isinstance(name, str) or not name or ".." in name.split("/") or name == url:
        raise ValueError(
            f"the filename generator gave {name!r} for {url!r}; it must return a new name without '..' in it"
        )
    return name
