"""System checks: every setting is looked at before a page depends on it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from . import (
    bundles,
    checks_of_cdn,
    checks_of_code,
    checks_of_places,
    checks_of_project,
    checks_of_serving,
    compress,
    import_maps,
    preloads,
)
from .checks_of_code import GENERATORS, PROGRAMS
from .checks_of_serving import SERVING
from .checks_reading import given, wrong
from .conf import FINGERPRINTS, PREFIX

__all__ = ["check_settings"]

_BOOLEANS = (
    "",
    "_MEDIA_URL_ALWAYS",
    "_USE_SYMLINK",
    "_USE_MANIFEST_FILE",
    "_INTEGRITY",
    "_SOURCE_MAPS",
    "_JSMIN",
)
_TEXTS = ("_NAME_PREFIX", "_MEDIA_URL")
_OTHERS = (
    "_SAVE_PREFIX",
    "_MEDIA_ROOTS",
    "_NAME_MAX_LENGTH",
    "_MINIFIERS",
    "_FINGERPRINT",
    "_HASHED_NAMES",
    "_MANIFEST_FILE",
    "_BUNDLES",
    "_COMPRESS",
    "_COMPRESS_CACHE",
    "_FILE_PROXY",
    "_PRELOAD",
    "_IMPORTMAP",
    *SERVING,
)
_KNOWN = [
    PREFIX + name for name in (*_BOOLEANS, *_TEXTS, *GENERATORS, *PROGRAMS, *_OTHERS, *checks_of_cdn.NAMES)
]
_LEAST_LENGTH = 16
#: Names that no bundler has given; a pattern for all of eight characters would find the second, which is the admin's.
_WITHOUT_HASH = ("site.js", "icon-calendar.svg")
#: Finds eight characters of base64: no word, no word with a number, no date and no size of a picture.
_VITE = r"-(?=[a-z_-]*[A-Z\d])(?![\dx_-]+\.)(?![A-Z]?[a-z]+\d*\.)[\w-]{8}\."


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """All messages about the settings; registered by the app."""
    return [
        *_names(),
        *_types(),
        *_name_max_length(),
        *_fingerprint(),
        *_bundles(),
        *_compress(),
        *_preload(),
        *_importmap(),
        *checks_of_code.check(),
        *checks_of_places.check(),
        *checks_of_cdn.check(),
        *checks_of_serving.check(),
        *checks_of_project.check(),
    ]


def _names() -> Iterator[CheckMessage]:
    given = [name for name in dir(settings) if name == PREFIX or name.startswith(f"{PREFIX}_")]
    for name in given:
        if name not in _KNOWN:
            near = difflib.get_close_matches(name, _KNOWN, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(_KNOWN)}."
            yield Warning(f"There is no setting {name}.", hint=hint, id="django_static.W002")


def _types() -> Iterator[CheckMessage]:
    for name in _BOOLEANS:
        if not isinstance(given(name), bool | None):
            yield wrong(name, "Set it to True or False.", "django_static.E001")
    for name in _TEXTS:
        if not isinstance(given(name), str | None):
            yield wrong(name, "Set it to a string.", "django_static.E002")


def _name_max_length() -> Iterator[CheckMessage]:
    value = given("_NAME_MAX_LENGTH")
    if value is not None and (not isinstance(value, int) or not _LEAST_LENGTH <= value <= 200):
        hint = f"Set it to a number of characters from {_LEAST_LENGTH} to 200."
        yield wrong("_NAME_MAX_LENGTH", hint, "django_static.E007")


def _fingerprint() -> Iterator[CheckMessage]:
    value = given("_FINGERPRINT")
    if value is not None and value not in FINGERPRINTS:
        hint = f"Set it to one of {', '.join(map(repr, FINGERPRINTS))}."
        yield wrong("_FINGERPRINT", hint, "django_static.E012")
    pattern = given("_HASHED_NAMES")
    if pattern is not None:
        try:
            search = re.compile(pattern).search
            found = [name for name in _WITHOUT_HASH if search(name) or not pattern]
            why = f"it is found in {found[0]!r}, which has no hash" if found else ""
        except (re.error, TypeError) as error:
            why = str(error)
        if why:
            hint = f"Set it to a regular expression, such as r'{_VITE}' for Vite's names, or r'(?!)' for no names at all."
            yield wrong("_HASHED_NAMES", hint, "django_static.E013", why)


def _bundles() -> Iterator[CheckMessage]:
    value = given("_BUNDLES")
    if value is None:
        return
    try:
        bundles.check(value)
    except ValueError as error:
        yield Error(str(error), hint=bundles.USAGE, id="django_static.E015")


def _compress() -> Iterator[CheckMessage]:
    value = given("_COMPRESS")
    hint = f"Set it to a list with some of {', '.join(compress.FORMATS)}, or to an empty one."
    if value is not None and (isinstance(value, str) or not isinstance(value, list | tuple)):
        yield wrong("_COMPRESS", hint, "django_static.E016")
    elif value:
        try:
            compress.check(map(str, value))
        except compress.FormatError as error:
            yield wrong("_COMPRESS", hint, "django_static.E016", str(error))
    folder = given("_COMPRESS_CACHE")
    if not isinstance(folder, str | Path | None) or (folder and not Path(folder).is_absolute()):
        yield wrong("_COMPRESS_CACHE", "Set it to the absolute path of a folder.", "django_static.E017")


def _preload() -> Iterator[CheckMessage]:
    value = given("_PRELOAD")
    if value is None:
        return
    try:
        preloads.of_setting(value)
    except ValueError as error:
        yield Error(
            f"{error}.",
            hint="Set it to a list such as ['/css/site.css', {'name': '/js/app.js', 'as': 'module', 'slim': True}].",
            id="django_static.E020",
        )
        return
    middleware = "django_static.middleware.LinkHeaderMiddleware"
    if value and middleware not in settings.MIDDLEWARE:
        yield Warning(
            f"{PREFIX}_PRELOAD is set, but no middleware sends it.",
            hint=f"Add {middleware!r} to MIDDLEWARE.",
            id="django_static.W020",
        )


def _importmap() -> Iterator[CheckMessage]:
    value = given("_IMPORTMAP")
    problem = "" if value is None else import_maps.problem(value)
    if problem:
        yield Error(
            f"{import_maps.SETTING}: {problem}.",
            hint="Set it to a dictionary such as {'app': '/js/app.js', 'lib/': '/js/lib/*.js'}.",
            id="django_static.E021",
        )
