"""Find the file a name stands for, in the media roots and through the staticfiles finders; refuse what escapes."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from .mount import Mount, at_mount
from .names import decoded, quoted

__all__ = [
    "Finders",
    "Missing",
    "Refused",
    "Signature",
    "Source",
    "SourceError",
    "Sources",
    "finders_of_staticfiles",
    "is_foreign",
    "signature",
    "split_host",
    "split_suffix",
]

#: Modification time in nanoseconds, size in bytes and time of the last change in nanoseconds, which nobody can set back;
#: None for a file that is not there.
Signature = tuple[int, int, int] | None

_KINDS = {"css": "css", "js": "js", "mjs": "js"}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_SUFFIX = re.compile("[?#]")


class SourceError(Exception):
    """A name does not lead to a file that may be published; the message says why."""


class Missing(SourceError):
    """Nothing of that name where originals are looked for."""


class Refused(SourceError):
    """The name leads out of the folders that may be published, or to something that is not a plain file."""


class Finders(NamedTuple):
    """What is needed of ``django.contrib.staticfiles.finders``."""

    find: Callable[[str], str | None]
    locations: Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Source:
    """An original: how the site names it and where it lies."""

    #: As given, without query and fragment: ``/css/a.css`` or ``https://cdn.example.com/static/css/a.css``.
    name: str
    #: The path part of the name, percent-decoded, beginning with a slash.
    url: str
    #: Scheme and host of the name where ``STATIC_URL`` or ``MEDIA_URL`` has one, else empty.
    host: str
    path: Path
    #: The folder published siblings go to when there is no save prefix.
    folder: Path
    #: ``css``, ``js``, or empty for what is published as it is; told once, since it is asked for eight times a file.
    kind: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", _kind_of(self.path.name))

    def __hash__(self) -> int:
        return hash(self.name)  # thousands are kept in dictionaries; names are almost always different

    @property
    def form(self) -> str:
        """The name percent-decoded, if it is that which leads to the file."""
        if self.name == self.url and not self.name.startswith("//"):
            return self.name  # as almost all are
        path = split_host(self.name)[1]
        if path.lstrip("/") == self.url.lstrip("/"):
            return self.name
        return self.host + (self.url if path.startswith("/") else self.url[1:])


def _kind_of(name: str) -> str:
    _, dot, suffix = name.rpartition(".")
    return _KINDS.get(suffix.lower(), "") if dot else ""


def is_foreign(name: str) -> bool:
    """Whether a URL names a scheme or host: absolute, protocol-relative, ``data:``."""
    return name.startswith("//") or _SCHEME.match(name) is not None


def split_suffix(name: str) -> tuple[str, str]:
    """Split a URL before its query or fragment."""
    found = _SUFFIX.search(name)
    return (name, "") if found is None else (name[: found.start()], name[found.start() :])


def signature(path: str | os.PathLike[str]) -> Signature:
    """What tells one state of a file from another, or None when it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 (the hot line of a recheck)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ctime_ns


def finders_of_staticfiles() -> Finders:
    """The finders of ``django.contrib.staticfiles``, with the folders they look in."""
    from django.contrib.staticfiles import finders
    from django.core.exceptions import SuspiciousOperation

    def find(name: str) -> str | None:
        try:
            found = finders.find(name)
        except SuspiciousOperation:  # such as "app//etc/passwd", which a finder takes for an absolute path
            return None
        return found if isinstance(found, str) else None

    def locations() -> Iterator[str]:
        for finder in finders.get_finders():
            storages = getattr(finder, "storages", None)
            several = (
                list(storages.values()) if isinstance(storages, dict) else [getattr(finder, "storage", None)]
            )
            yield from (str(storage.location) for storage in several if storage is not None)

    return Finders(find, locations)


class Sources:
    """Look-up of originals: the media roots in order, then the staticfiles finders, then ``STATIC_ROOT``.

    Args:
        media_url, static_url: as the settings have them, percent-encoded or not.
        is_left: whether a file in ``STATIC_ROOT`` is the copy of an original, by its path, and so none itself.
    """

    def __init__(
        self,
        roots: Sequence[Path],
        media_url: str = "",
        static_url: str = "",
        static_root: Path | None = None,
        finders: Finders | None = None,
        mounts: Sequence[Mount] = (),
        is_left: Callable[[str], bool] = lambda path: False,
    ) -> None:
        self.roots = tuple(roots)
        #: What names of files begin with, percent-decoded as they are.
        self.media_url = decoded(media_url) if media_url.strip("/") else ""
        self.static_url = decoded(static_url) if static_url.strip("/") else ""
        self._with_escapes = [
            each for each in (self.static_url, self.media_url) if "%" in each and decoded(each) != each
        ]
        #: What ``{% static %}`` prints before a path.
        self.written_static_url = static_url if self.static_url else ""
        self.static_root = static_root
        self.finders = finders
        self.mounts = tuple(mounts)
        self._at_mount = at_mount(mounts)
        self.is_left = is_left
        self._allowed: tuple[str, ...] | None = None

    @property
    def parts(
        self,
    ) -> tuple[Sequence[Path], str, str, Path | None, Finders | None, Sequence[Mount], Callable[[str], bool]]:
        """What others like these are made of."""
        urls = quoted(self.media_url), self.written_static_url
        return self.roots, *urls, self.static_root, self.finders, self.mounts, self.is_left

    def mounted(self, name: str) -> str:
        """A name as it is here, where it is written as if the site were at the root."""
        return self._at_mount(name)

    def decoded(self, name: str) -> str:
        """A name percent-decoded, but for the prefix of the settings where that is already and has an escape in it still."""
        for prefix in self._with_escapes:
            if name.startswith(prefix):
                return prefix + decoded(name[len(prefix) :])
        return decoded(name)

    def is_ours(self, name: str) -> bool:
        """Whether the name may be one of the site's own files: no host, or that of STATIC_URL or MEDIA_URL."""
        prefixes = tuple(filter(None, (self.static_url, self.media_url)))
        return not is_foreign(name) or name.startswith(prefixes) or decoded(name).startswith(prefixes)

    def find(self, name: str) -> Source:
        """The file behind a name; a query or fragment is ignored.

        Raises:
            Missing: no such file.
            Refused: the name or a link leads out of the folders, or to something that is not a plain file.
        """
        bare = self.mounted(split_suffix(name)[0])
        if not self.is_ours(bare):
            raise Missing(f"{name!r} is on another host")
        if "\0" in bare:
            raise Refused(f"{name!r} holds a NUL character")
        left = ""
        for form in dict.fromkeys((bare, self.decoded(bare))):
            if "\0" in form or ".." in re.split(r"[/\\]", form):
                raise Refused(f"{name!r} has a '..' in it, and could leave the folders that are published")
            for path, beside, is_output in self._candidates(form):
                if self._is_file(name, path):
                    if is_output and self.is_left(str(path)):
                        left = f"; {path} is the copy of an original that is no longer there"
                        continue
                    host, url = split_host(form)
                    return Source(bare, url if url.startswith("/") else f"/{url}", host, path, beside.parent)
        raise Missing(f"{name!r} was not found in {self.places()}{left}")

    def has(self, name: str) -> bool:
        """Whether there is a file behind a name that may be published."""
        return self.path_of(name) is not None

    def path_of(self, name: str) -> str | None:
        """The path of the file behind a name; None if there is none that may be published."""
        try:
            return str(self.find(name).path)
        except SourceError:
            return None

    def _candidates(self, name: str) -> Iterator[tuple[Path, Path, bool]]:
        """The paths to try, each with one in the folder of its published siblings, and whether copies may lie there."""
        path = split_host(name)[1].lstrip("/")
        if not path or path.endswith("/"):
            return
        for root in self.roots:
            if not is_foreign(name):
                place = root / path
                yield place, place, False
            if self.media_url and name.startswith(self.media_url):
                place = root / name[len(self.media_url) :].lstrip("/")
                yield place, place, False
        if self.static_url and name.startswith(self.static_url):
            path = name[len(self.static_url) :].lstrip("/")
        elif is_foreign(name):
            return
        found = self.finders.find(path) if self.finders and path else None
        if found:
            # A finder may look in STATIC_ROOT, too.
            yield Path(found), self.static_root / path if self.static_root else Path(found), True
        if self.static_root and path:
            place = self.static_root / path
            yield place, place, True

    def _is_file(self, name: str, path: Path) -> bool:
        try:
            path.stat()  # most of what is tried is not there, and the next line looks at each folder of it
            real = os.path.realpath(path, strict=True)
            mode = Path(real).stat().st_mode
        except (OSError, ValueError):
            return False
        if stat.S_ISDIR(mode):
            return False
        if not stat.S_ISREG(mode):
            raise Refused(f"{name!r} is not a plain file")
        if not self._is_allowed(real):
            raise Refused(f"{name!r} is a link that leads out of {self.places()}")
        return True

    def _is_allowed(self, real: str) -> bool:
        return any(real.startswith(folder) for folder in self._allowed_folders())

    def _allowed_folders(self) -> tuple[str, ...]:
        """The real folders an original may lie in, each with a trailing separator."""
        if self._allowed is None:
            folders = [*map(str, self.roots), *([str(self.static_root)] if self.static_root else [])]
            if self.finders:
                folders += self.finders.locations()
            self._allowed = tuple(os.path.realpath(folder).rstrip(os.sep) + os.sep for folder in folders)
        return self._allowed

    def places(self) -> str:
        """Where originals are looked for, for people."""
        places = [str(root) for root in self.roots]
        if self.finders:
            places.append("the staticfiles finders")
        if self.static_root:
            places.append(str(self.static_root))
        return ", ".join(places) or "any folder: DJANGO_STATIC_MEDIA_ROOTS and MEDIA_ROOT are empty"


def split_host(name: str) -> tuple[str, str]:
    """Split ``https://host/path`` or ``//host/path`` before the path."""
    if not is_foreign(name):
        return "", name
    start = name.find("//") + 2
    cut = name.find("/", start)
    return (name, "") if cut < 0 else (name[:cut], name[cut:])
