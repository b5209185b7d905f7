"""The names of published files on the CDN: the paths of their URLs, so that what refers to another finds it there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..conf import Conf
from ..mount import Mount
from ..names import decoded, in_ascii, quoted, spellings
from .store import NoAddress, Store, StoreError

__all__ = ["KEY_BYTES", "bare", "key_of", "key_of_name", "public_of", "url_of"]

#: The longest key of S3.
KEY_BYTES = 1024


def bare(uri: str, mounts: Sequence[Mount]) -> str:
    """The URL of a file as if the site were at the root: ``/app/static/a.5.png`` -> ``/static/a.5.png``.

    Where it lies may be known to the server alone, so commands could not tell the keys of pages otherwise.
    """
    for mount in mounts:
        here = next(filter(uri.startswith, spellings(mount.here)), None)
        if here is not None:
            return quoted(decoded(mount.written)) + uri[len(here) :]
    return uri


def key_of(uri: str, prefix: str = "") -> str:
    """``//static.example.com/forever/img/a%20b.5.png`` -> ``forever/img/a b.5.png``, below the prefix if there is one.

    Raises:
        StoreError: the name cannot be one of S3: it has no end, or bytes that are not UTF-8.
    """
    # Of three slashes urllib makes a host without a name, and browsers one of what follows.
    path = "" if uri.startswith("///") else urlsplit(uri).path
    return key_of_name(unquote(path, errors="surrogateescape"), prefix, shown=uri)


def key_of_name(name: str, prefix: str = "", *, shown: str = "") -> str:
    """``/talks/a%20b?.png`` -> ``talks/a%20b?.png``: a name that is no URL, and stands for itself.

    Raises:
        StoreError: as for :func:`key_of`.
    """
    key = name.lstrip("/")
    if key and prefix:
        key = f"{prefix}/{key}"
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        size = -1
    if not 0 < size <= KEY_BYTES or any(part in ("", ".", "..") for part in key.split("/")):
        raise StoreError(
            f"{(shown or name)!r} is no name for a file on a CDN: up to {KEY_BYTES} bytes of UTF-8 are"
        )
    return key


def url_of(key: str, base: str, store: Store) -> str:
    """Where browsers get a file.

    With a storage of Django's that tells itself it may take its time: some ask a service for what they need.

    Raises:
        NoAddress: the store has none that a page could print, or none with a host, which only one of the site itself lacks.
        StoreError: it could not be found out.
    """
    url = f"{base}/{quoted(key)}" if base else store.url(key)
    if not url:
        raise NoAddress("nobody knows where browsers get the files: set DJANGO_STATIC_CDN_DOMAIN")
    try:
        url = in_ascii(url)
        host = urlsplit(url).netloc
    except ValueError as error:
        raise StoreError(
            f"the storage says that browsers get {key} from {url!r}, which is no URL: {error}"
        ) from error
    if not host:
        raise NoAddress(
            f"the storage says that browsers get {key} from {url!r}, which names no host: set DJANGO_STATIC_CDN_DOMAIN, or "
            "what the storage's URLs begin with (base_url of FileSystemStorage), to 'https://…'"
        )
    return url


def public_of(path: Path, conf: Conf) -> str:
    """The URL path of a published file by the folders of the settings; of any other file its base name."""
    whole = os.path.abspath(path)  # noqa: PTH100 (links stay)
    sources = conf.sources()
    folders: list[tuple[Path, str]] = []
    if conf.save_prefix is not None:
        folders.append((conf.save_prefix, conf.name_prefix))
    if sources.static_root is not None:
        start = conf.name_prefix if conf.save_prefix is None else ""
        folders.append((sources.static_root, start + urlsplit(quoted(sources.static_url)).path.rstrip("/")))
    folders += [(root, conf.name_prefix) for root in sources.roots]
    for folder, prefix in folders:
        start = os.path.abspath(folder).rstrip(os.sep) + os.sep  # noqa: PTH100
        if whole.startswith(start):
            return f"{prefix}/{quoted(whole.removeprefix(start).replace(os.sep, '/'))}"
    return quoted(f"/{Path(whole).name}")
