"""System checks of the settings for the CDN."""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.files.storage import FileSystemStorage, Storage, storages

from .cdn.addresses import KEY_BYTES
from .cdn.headers import CACHE_CONTROL, EXPIRES
from .cdn.options import Options
from .checks_reading import function_of, given, wrong
from .conf import PREFIX, conf
from .conf_of_cdn import AWS_CREDENTIALS

__all__ = ["NAMES", "check", "is_base"]

_TEXTS = ("_CDN_BUCKET", "_CDN_STORAGE", "_CDN_PREFIX", "_CDN_DOMAIN", "_CDN_REGION", "_CDN_ENDPOINT")
_BOOLEANS = ("_CDN_PROBE", "_CDN_GZIP")
#: Sockets cannot wait for as long as numbers may say.
_DAY_SECONDS = 86_400
#: Least, most, and whether it may be None.
_NUMBERS: dict[str, tuple[float, float, bool]] = {
    "_CDN_KEEP_DAYS": (0, math.inf, True),
    "_CDN_WAIT_SECONDS": (0, math.inf, False),
    "_CDN_CONNECT_TIMEOUT": (0.001, _DAY_SECONDS, False),
    "_CDN_READ_TIMEOUT": (0.001, _DAY_SECONDS, False),
    "_CDN_THREADS": (1, math.inf, False),
    "_CDN_ATTEMPTS": (1, math.inf, False),
}
_WHOLE = ("_CDN_THREADS", "_CDN_ATTEMPTS")
NAMES = ("_CDN_TYPES", "_CDN_SIGN", *_TEXTS, *_BOOLEANS, *_NUMBERS)
_PROXY = "django_static.cdn.file_proxy"
_HOST = r"(?:[\w-]+(?:\.[\w-]+)*\.?|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?"
_BASE = re.compile(rf"(?:(?i:https?):)?//{_HOST}(?:/[\w.~%!$&'()*+,;=:@-]+)*")
_PREFIX = re.compile(r"/?(?!\.\.?(?:/|$))[\w.~-]+(?:/(?!\.\.?(?:/|$))[\w.~-]+)*/?")
_ENDPOINT = re.compile(rf"https?://{_HOST}(?:/[^\s?#]*)?")
#: Amazon's old buckets, and those of others, are called in more ways than its new ones.
_BUCKET = re.compile(
    r"(?=[^\W_])[A-Za-z0-9._-]{1,255}|arn:aws[\w-]*:s3[\w-]*:[\w-]*:\d{12}:[\w.:/-]+", re.ASCII
)
_REGION = re.compile(r"(?!\d+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_EXTENSION = re.compile(r"[^\s,;:|*?/\\]+")
#: What only a bucket needs.
_OF_BUCKETS = ("_CDN_REGION", "_CDN_ENDPOINT")


def check() -> Iterator[CheckMessage]:
    """What is wrong with them."""
    problems = [*_types(), *_values(), *_sign()]
    yield from problems
    # A proxy of the site's own may be around it, and staticpublish needs none.
    is_used = getattr(settings, f"{PREFIX}_FILE_PROXY", None) == _PROXY or any(
        given(name) for name in ("_CDN_BUCKET", "_CDN_STORAGE")
    )
    if is_used and not problems:
        yield from _store()


def is_base(text: str) -> bool:
    """Whether URLs may begin so; they go into pages as they are."""
    return bool(_BASE.fullmatch(text)) and _has_port(text)


def _has_port(url: str) -> bool:
    """Whether the port of a URL, if it has one, is one that there can be."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _types() -> Iterator[CheckMessage]:
    value = given("_CDN_TYPES")
    if value is None:
        return
    is_list = isinstance(value, list | tuple | set | frozenset)
    if not is_list or not all(isinstance(each, str) and each.strip(".") for each in value):
        yield Error(
            f"{PREFIX}_CDN_TYPES is {value!r}.",
            hint="Set it to a list of extensions, such as ['png', 'woff2'], or ['*'] for all.",
            id="django_static.E040",
        )
        return
    for each in value:
        extension = each.rpartition(".")[2]
        if each == "*" or (each == extension and _EXTENSION.fullmatch(each)):
            continue
        if _EXTENSION.fullmatch(extension):
            hint = f"Write {extension!r}: what comes after the last dot of a name, without the dot."
        else:
            hint = "Write each extension by itself, without blanks, and '*' alone for all."
        yield Error(
            f"{PREFIX}_CDN_TYPES has {each!r}, which is no extension.", hint=hint, id="django_static.E040"
        )


def _values() -> Iterator[CheckMessage]:
    for name in _TEXTS:
        if not isinstance(given(name), str | None):
            yield Error(
                f"{PREFIX}{name} is {given(name)!r}.", hint="Set it to a string.", id="django_static.E041"
            )
    for name in _BOOLEANS:
        if not isinstance(given(name), bool | None):
            yield Error(
                f"{PREFIX}{name} is {given(name)!r}.",
                hint="Set it to True or False.",
                id="django_static.E042",
            )
    for name, (least, most, may_be_none) in _NUMBERS.items():
        value = given(name)
        if value is None and (may_be_none or not hasattr(settings, PREFIX + name)):
            continue
        kinds: type | tuple[type, ...] = int if name in _WHOLE else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not least <= value <= most:
            what = "a whole number" if name in _WHOLE else "a number"
            range_ = f"from {least:g} to {most:g}" if math.isfinite(most) else f"of {least:g} or more"
            none = ", or None for no end" if may_be_none else ""
            yield Error(
                f"{PREFIX}{name} is {value!r}.",
                hint=f"Set it to {what} {range_}{none}.",
                id="django_static.E043",
            )


def _sign() -> Iterator[CheckMessage]:
    value = given("_CDN_SIGN")
    if not value:
        return
    try:
        function_of(value, "https://d111111abcdef8.cloudfront.net/a.1269198161.png")
    except Exception as error:  # noqa: BLE001 (it imports code of the site)
        hint = "Give the dotted path of a function f(url) that returns the signed URL."
        why = f"{type(error).__name__}: {error}"
        yield wrong("_CDN_SIGN", hint, "django_static.E056", why)


def _store() -> Iterator[CheckMessage]:
    options = conf.cdn
    if bool(options.bucket) == bool(options.storage):
        said = "both are set" if options.bucket else "neither is set"
        yield Error(
            f"{_PROXY} needs {PREFIX}_CDN_BUCKET or {PREFIX}_CDN_STORAGE, and {said}.",
            hint="Name the bucket of S3, or the alias of one of STORAGES.",
            id="django_static.E044",
        )
    elif options.storage and options.storage not in settings.STORAGES:
        yield Error(
            f"{PREFIX}_CDN_STORAGE is {options.storage!r}, which is not in STORAGES.",
            hint=f"There are {', '.join(settings.STORAGES)}.",
            id="django_static.E045",
        )
    elif options.bucket and importlib.util.find_spec("boto3") is None:
        yield Error(
            f"{PREFIX}_CDN_BUCKET is set, but boto3 is not installed.",
            hint="pip install slimstack-static[s3]",
            id="django_static.E046",
        )
    if options.bucket:
        yield from _bucket(options)
    if not options.types:
        yield Warning(
            f"{PREFIX}_CDN_TYPES is {given('_CDN_TYPES')!r}, so that no file goes to the CDN.",
            hint="Name extensions, such as ['png', 'woff2'], or ['*'] for all; leave it out for pictures.",
            id="django_static.W042",
        )
    if options.bucket and not options.base:
        yield Error(
            f"{PREFIX}_CDN_BUCKET is set, but {PREFIX}_CDN_DOMAIN is not.",
            hint="Set it to the domain of the distribution, such as 'd111111abcdef8.cloudfront.net'.",
            id="django_static.E047",
        )
    elif options.base and not is_base(options.base):
        yield Error(
            f"{PREFIX}_CDN_DOMAIN is {given('_CDN_DOMAIN')!r}.",
            hint="Set it to a domain, or to a URL such as 'https://static.example.com'.",
            id="django_static.E047",
        )
    if options.storage in settings.STORAGES:
        yield from _storage(options.storage, has_domain=bool(options.base))
    # With a slash and one letter more it is the shortest key that there is.
    is_long = len(options.prefix.encode(errors="replace")) + 2 > KEY_BYTES
    if options.prefix and (is_long or not _PREFIX.fullmatch(options.prefix)):
        yield Error(
            f"{PREFIX}_CDN_PREFIX is {given('_CDN_PREFIX')!r}.",
            hint=f"Set it to a path of letters, digits and the marks ._~-, such as 'mysite/staging'; keys have {KEY_BYTES} "
            "bytes at most.",
            id="django_static.E051",
        )
    if options.gzip and options.storage:
        yield Warning(
            f"{PREFIX}_CDN_GZIP is on, but a storage decides itself how files are stored.",
            hint="Use an option of the storage (gzip of django-storages), or let the CDN compress.",
            id="django_static.W040",
        )
    for name in _OF_BUCKETS if options.storage and not options.bucket else ():
        if given(name):
            yield Warning(
                f"{PREFIX}{name} is set, but {PREFIX}_CDN_STORAGE knows itself where its files go.",
                hint="Put it among the options of the storage, and leave it out here.",
                id="django_static.W043",
            )


def _bucket(options: Options) -> Iterator[CheckMessage]:
    if not _BUCKET.fullmatch(options.bucket):
        yield Error(
            f"{PREFIX}_CDN_BUCKET is {options.bucket!r}, and no bucket is called so.",
            hint="Set it to the name alone: letters, digits and the marks ._-, such as 'mysite-static'.",
            id="django_static.E054",
        )
    if options.region and not _REGION.fullmatch(options.region):
        yield Error(
            f"{PREFIX}_CDN_REGION is {options.region!r}, and no region is called so.",
            hint="Set it to a name such as 'eu-central-1'.",
            id="django_static.E055",
        )
    if options.endpoint and not (_ENDPOINT.fullmatch(options.endpoint) and _has_port(options.endpoint)):
        yield Error(
            f"{PREFIX}_CDN_ENDPOINT is {options.endpoint!r}.",
            hint="Set it to a URL such as 'https://s3.example.com', with a port from 1 to 65535 if it needs one.",
            id="django_static.E048",
        )
    yield from _credentials()


def _credentials() -> Iterator[CheckMessage]:
    for pair in AWS_CREDENTIALS:
        known = [name for name in pair if getattr(settings, name, None)]
        if len(known) == 1:
            (missing,) = set(pair) - {known[0]}
            yield Error(
                f"{known[0]} is set, but {missing} is not, so that neither is used.",
                hint=f"Set {missing}, or none of the two to let boto3 look for credentials.",
                id="django_static.E053",
            )


def _storage(alias: str, *, has_domain: bool) -> Iterator[CheckMessage]:
    try:
        storage = storages[alias]
    except Exception as error:  # noqa: BLE001 (a storage may be anything)
        yield Error(
            f"The storage {alias!r} of {PREFIX}_CDN_STORAGE cannot be made: {type(error).__name__}: {error}",
            hint="Put its BACKEND and OPTIONS in STORAGES right.",
            id="django_static.E049",
        )
        return
    if not has_domain:
        yield from _addresses(alias, storage)
    yield from _headers(alias, storage)


def _headers(alias: str, storage: Storage) -> Iterator[CheckMessage]:
    """Whether a storage of django-storages has been told what caches may do; others say nothing of it."""
    told = getattr(storage, "get_object_parameters", None)
    if not callable(told):
        return
    try:
        sent = {str(name).lower().replace("_", "") for name in told("a.png")}
    except Exception:  # noqa: BLE001 (a storage may be anything)
        return
    if "cachecontrol" not in sent and not getattr(storage, "cache_control", None):
        yield Warning(
            f"The storage {alias!r} of {PREFIX}_CDN_STORAGE sends no Cache-Control, so that nobody keeps its files for long.",
            hint="Give it the headers among its options: 'object_parameters': "
            f"{{'CacheControl': '{CACHE_CONTROL}', 'Expires': '{EXPIRES}'}} (S3; other backends have names of their own).",
            id="django_static.W041",
        )


def _addresses(alias: str, storage: Storage) -> Iterator[CheckMessage]:
    """Whether a storage that is to say itself where its files are has URLs that pages can print; it is not asked for one."""
    # One made of it may know URLs of its own.
    base = storage.base_url if isinstance(storage, FileSystemStorage) else None
    if base is not None and type(storage).url is FileSystemStorage.url and not urlsplit(base).netloc:
        yield Error(
            f"The storage {alias!r} of {PREFIX}_CDN_STORAGE has URLs that begin with {base!r}, on this very site.",
            hint=f"Set its option base_url, or {PREFIX}_CDN_DOMAIN, to where browsers get the files: 'https://…'.",
            id="django_static.E052",
        )
    # The names of django-storages; with a domain of its own it signs only where it has a key for that.
    signs = getattr(storage, "querystring_auth", False) is True
    if signs and getattr(storage, "custom_domain", None):
        signs = bool(getattr(storage, "cloudfront_signer", None))
    if signs:
        yield Error(
            f"The storage {alias!r} of {PREFIX}_CDN_STORAGE signs its URLs, and pages print none that end.",
            hint=f"Set its option querystring_auth to False, or {PREFIX}_CDN_DOMAIN to where browsers get the files.",
            id="django_static.E050",
        )
