"""System checks of the settings that say where things are: originals, published files and their URLs, the manifest."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from .checks_of_cdn import is_base
from .checks_reading import given, wrong
from .conf import PREFIX, conf
from .conf_reading import PATHS
from .manifest import ManifestError
from .places import STATE_FOLDER, Places, is_inner, path_within, receiving

__all__ = ["check"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!\d)")
#: A host may have a path instead.
_PATH = re.compile(r"(?:/[\w.~%!$&'()*+,;=:@-]+)*")
#: What no URL has in it as it is (RFC 3986, 2), and what ends a path.
_ENCODED = re.compile(r'[\x00-\x20"#<>?\\^`{|}\x7f]|%(?![0-9A-Fa-f]{2})')
#: The settings that hold paths, and what is said of a wrong one.
_PATHS = {
    f"{PREFIX}_SAVE_PREFIX": "E003",
    f"{PREFIX}_MEDIA_ROOTS": "E006",
    f"{PREFIX}_MANIFEST_FILE": "E014",
    f"{PREFIX}_COMPRESS_CACHE": "E017",
    "STATIC_ROOT": "E026",
    "MEDIA_ROOT": "E026",
    "STATICFILES_DIRS": "E026",
}
#: What folders are called in which packages are installed, by everybody's Python or for one person.
_PACKAGES = {"site-packages", "dist-packages"}


def check() -> Iterator[CheckMessage]:
    """What is wrong with them."""
    impossible = list(_impossible())
    yield from impossible
    yield from _name_prefix()
    yield from _media_url()
    if impossible:
        return  # nothing can be asked of such a path
    yield from _save_prefix()
    yield from _media_roots()
    yield from _originals()
    yield from _manifest_file()


def _impossible() -> Iterator[CheckMessage]:
    """What no path can be: any question to the file system about one is an exception."""
    for name in ("STATIC_ROOT", "MEDIA_ROOT"):
        value = getattr(settings, name)
        if value and not isinstance(value, PATHS):
            yield Error(
                f"{name} is {value!r}, which is no path.",
                hint="Set it to one folder, such as BASE_DIR / 'static'; folders of originals go into STATICFILES_DIRS.",
                id="django_static.E026",
            )
    for name, id in _PATHS.items():
        for path in _texts(getattr(settings, name, None)):
            if "\0" in path:
                yield Error(
                    f"{name} has a NUL character in {path!r}, which no path can have.",
                    hint="Leave it out: in Python '\\0' is one, unless an r stands before the text.",
                    id=f"django_static.{id}",
                )
            elif not _has_bytes(path):
                yield Error(
                    f"{name} is {path!a}, with half of a character, which no path can have.",
                    hint="Write the whole character, or its bytes by os.fsdecode().",
                    id=f"django_static.{id}",
                )


def _has_bytes(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def _texts(value: object) -> Iterator[str]:
    """The paths in a setting: one, a list of them, or of pairs of a prefix and one."""
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _save_prefix() -> Iterator[CheckMessage]:
    name = f"{PREFIX}_SAVE_PREFIX"
    value = given("_SAVE_PREFIX")
    if not isinstance(value, str | Path | None):
        yield wrong("_SAVE_PREFIX", "Set it to the path of a folder.", "django_static.E003")
    elif value and not Path(value).is_absolute():
        yield Error(
            f"{name} is the relative path {str(value)!r}.",
            hint="Give an absolute path, such as BASE_DIR / 'cache-forever': a server may start in any folder.",
            id="django_static.E004",
        )
    elif value and conf.enabled:
        folder = _nearest(Path(value))
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            yield Warning(
                f"{name} is {str(value)!r}, and {str(folder)!r} cannot be written to by this user.",
                hint="Until it can be, pages print the URLs they were given.",
                id="django_static.W003",
            )


def _name_prefix() -> Iterator[CheckMessage]:
    name, prefix = "_NAME_PREFIX", given("_NAME_PREFIX")
    if not isinstance(prefix, str) or not prefix:
        return  # E002 tells of the type
    if prefix.startswith("//") or _SCHEME.match(prefix):
        yield wrong(
            name,
            f"Set {PREFIX}_MEDIA_URL to the host, such as '//static.example.com', and this to a path, such as '/cache-forever'.",
            "django_static.E025",
            f"it is read as the path {conf.name_prefix!r}, and names no host",
        )
        return
    if {".", ".."} & set(unquote(prefix).split("/")):
        yield wrong(
            name,
            "Write the path that is meant, such as '/cache-forever'.",
            "django_static.E023",
            "browsers leave '.' and '..' out of a path, and ask for another one",
        )
    elif _ENCODED.search(prefix):
        yield Warning(
            f"{PREFIX}{name} is {prefix!r}, which has in it what no path of a URL has.",
            hint=f"It goes into pages as {conf.name_prefix!r}. Leave out blanks, marks such as ? and #, and whatever else is "
            "encoded in that.",
            id="django_static.W011",
        )
    elif not prefix.startswith("/") or prefix.endswith("/"):
        yield Warning(
            f"{PREFIX}{name} is {prefix!r}.",
            hint=f"It is read as {conf.name_prefix!r}; write it so.",
            id="django_static.W004",
        )


def _media_url() -> Iterator[CheckMessage]:
    name, host = "_MEDIA_URL", given("_MEDIA_URL")
    if not isinstance(host, str) or not host:
        return
    scheme = _SCHEME.match(host)
    if scheme is not None and scheme[1].lower() not in ("http", "https"):
        rest = host[scheme.end() :].strip("/") or "static.example.com"
        yield wrong(
            name,
            f"Write '//{rest}' or 'https://{rest}'.",
            "django_static.E005",
            f"browsers load no style sheets and scripts by {scheme[1]!r}",
        )
    elif scheme is None and not host.startswith("/"):
        yield wrong(
            name,
            f"Write '//{host}' or 'https://{host}'.",
            "django_static.E005",
            "a browser reads it as a relative path",
        )
    elif not (is_base(conf.media_url.lower()) or (_PATH.fullmatch(conf.media_url) and conf.media_url)):
        yield wrong(
            name,
            "Write a host, such as '//static.example.com' or 'https://static.example.com', without blanks, ? or #.",
            "django_static.E005",
            "URLs cannot begin with it",
        )
    elif host.endswith("/"):
        yield Warning(
            f"{PREFIX}{name} ends in a slash: {host!r}.",
            hint=f"It is read as {conf.media_url!r}; write it so.",
            id="django_static.W005",
        )


def _media_roots() -> Iterator[CheckMessage]:
    value = given("_MEDIA_ROOTS")
    if value is None:
        return
    if isinstance(value, str | bytes) or not isinstance(value, list | tuple):
        yield wrong("_MEDIA_ROOTS", "Set it to a list of folders.", "django_static.E006")
        return
    for root in value:
        if not isinstance(root, str | Path):
            yield wrong(
                "_MEDIA_ROOTS", "Set it to a list of folders.", "django_static.E006", f"{root!r} is none"
            )
        elif not Path(root).is_dir():
            yield Warning(
                f"{PREFIX}_MEDIA_ROOTS names {str(root)!r}, which is not a folder.",
                hint="Files are not looked for there until it is one.",
                id="django_static.W006",
            )


def _originals() -> Iterator[CheckMessage]:
    """Without records a joined file would be taken for an original there."""
    try:
        sources, prefix = conf.sources(), conf.save_prefix
        listed = (
            {os.path.realpath(place) for place in sources.finders.locations()} if sources.finders else set()
        )
        places = list(dict.fromkeys(map(str, receiving(sources, prefix))))
        root = sources.static_root
        if root is not None and is_inner(root, sorted(listed)):
            yield Warning(
                f"STATIC_ROOT is {str(root)!r}, in a folder of originals: collectstatic copies what is there once more each time.",
                hint="Set it to a folder of its own, in which no finder looks. staticbuild takes nothing in it for an original.",
                id="django_static.W015",
            )
    except (AttributeError, TypeError, ValueError, ImproperlyConfigured, ImportError):
        return  # of settings that are told of already
    if prefix is None and sources.static_root is None:
        # Beside the originals: what packages bring nobody publishes there, nor is it for the site to move.
        named = set(map(str, sources.roots))
        places = [
            place
            for place in places
            if place in named
            or (conf.enabled and os.path.isdir(place) and _PACKAGES.isdisjoint(Path(place).parts))  # noqa: PTH112
        ]
    shared = [place for place in places if os.path.realpath(place) in listed]
    if shared:
        yield Warning(
            f"Files are published into {', '.join(map(repr, shared))}, which the staticfiles finders look in.",
            hint=f"Set {PREFIX}_SAVE_PREFIX{'' if sources.static_root else ', or STATIC_ROOT,'} to a folder of its own: when the "
            f"records in {STATE_FOLDER} are gone, a build takes joined files there for originals.",
            id="django_static.W014",
        )


def _manifest_file() -> Iterator[CheckMessage]:
    name, value = "_MANIFEST_FILE", given("_MANIFEST_FILE")
    hint = "Set it to the absolute path of a file, such as BASE_DIR / 'manifest.json'."
    if not isinstance(value, str | Path | None) or (value and not Path(value).is_absolute()):
        yield wrong(name, hint, "django_static.E014")
    elif value:
        # A slash at the end is not part of a path.
        if os.path.isdir(value) or str(value).endswith("/"):  # noqa: PTH112 (it may be one that no file can have)
            yield wrong(name, hint, "django_static.E014", "it is a folder")
        elif not (parent := _nearest(Path(value).parent)).is_dir():
            yield wrong(name, hint, "django_static.E014", f"{str(parent)!r} is no folder")
        yield from _readable_by_all(os.path.abspath(value))  # noqa: PTH100 (links stay)
    elif conf.enabled and conf.use_manifest_file:
        try:
            conf.manifest_file  # noqa: B018 (it may raise)
        except ManifestError as error:
            yield Error(
                f"{PREFIX}_USE_MANIFEST_FILE is on, but {error}.",
                hint=f"Set {PREFIX}_MANIFEST_FILE to the absolute path of a file, such as BASE_DIR / 'manifest.json'.",
                id="django_static.E022",
            )


def _readable_by_all(place: str) -> Iterator[CheckMessage]:
    try:
        folders = Places.of(conf.sources(), conf.save_prefix).folders.values()
    except (AttributeError, TypeError):
        return  # of settings that are told of already
    for folder in folders:
        inside = path_within(place, folder)
        if inside is not None and STATE_FOLDER not in Path(inside).parent.parts:
            yield Error(
                f"{PREFIX}_MANIFEST_FILE is {place!r}, in a folder of published files: whoever asks a web server for it, "
                "or for the records beside it, gets them.",
                hint=f"Put it elsewhere, or into a folder {STATE_FOLDER} there, which is never sent.",
                id="django_static.E024",
            )
            return


def _nearest(path: Path) -> Path:
    """The path itself, or what is there of those above it."""
    return next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
