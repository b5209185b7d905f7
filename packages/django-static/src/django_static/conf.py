"""Every setting of the package, in one place, read when asked for, so that ``override_settings`` works."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import get_script_prefix
from django.utils.module_loading import import_string

from .compress import available
from .manifest import ManifestError
from .minify import DEFAULT_ENGINES
from .names import quoted
from .output import STATE_FOLDER
from .private import private_folder
from .records import HASHED_NAMES, Options
from .sources import Mount, Sources, finders_of_staticfiles

if TYPE_CHECKING:
    from .cdn.options import Options as CdnOptions

__all__ = ["AWS_CREDENTIALS", "FINGERPRINTS", "PREFIX", "Conf", "conf"]

PREFIX = "DJANGO_STATIC"
FINGERPRINTS = ("mtime", "hash")
#: The settings for a key of AWS and its secret, by the names of today and those of 2010.
AWS_CREDENTIALS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_ACCESS_KEY", "AWS_ACCESS_SECRET"),
)

_PATH = (str, os.PathLike)
#: A percent sign that stands for itself.
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Conf:
    """The settings as typed properties; the defaults are those of the 2010 original."""

    @property
    def enabled(self) -> bool:
        """``DJANGO_STATIC``: off unless it is set and true."""
        return bool(getattr(settings, PREFIX, False))

    @property
    def debug(self) -> bool:
        return bool(settings.DEBUG)

    @property
    def save_prefix(self) -> Path | None:
        """``DJANGO_STATIC_SAVE_PREFIX``: the folder that receives what is published; beside the originals if unset."""
        value = self._of("SAVE_PREFIX", _PATH, "")
        return Path(value) if value else None

    @property
    def name_prefix(self) -> str:
        """``DJANGO_STATIC_NAME_PREFIX``: what published URLs begin with, such as ``/cache-forever``.

        It goes into pages as it is: what no URL may have in it is encoded, what is encoded already stays so.
        """
        value = str(self._get("NAME_PREFIX", "")).strip("/")
        return quoted(f"/{_NO_ESCAPE.sub('%25', value)}", again=True) if value else ""

    @property
    def media_url(self) -> str:
        """``DJANGO_STATIC_MEDIA_URL``: a host such as ``//static.example.com`` put in front of every URL."""
        return str(self._get("MEDIA_URL", "") or "").rstrip("/")

    @property
    def media_url_always(self) -> bool:
        """``DJANGO_STATIC_MEDIA_URL_ALWAYS``: put the host in front while ``DJANGO_STATIC`` is off, too."""
        return bool(self._get("MEDIA_URL_ALWAYS", False))

    @property
    def media_roots(self) -> tuple[Path, ...]:
        """``DJANGO_STATIC_MEDIA_ROOTS``: folders to look for originals in; ``[MEDIA_ROOT]`` unless set."""
        roots = self._of("MEDIA_ROOTS", (list, tuple), [settings.MEDIA_ROOT])
        return tuple(Path(root) for root in roots if root and isinstance(root, _PATH))

    @property
    def use_symlink(self) -> bool:
        """``DJANGO_STATIC_USE_SYMLINK``: link files that are published unchanged (copy them when False)."""
        return bool(self._get("USE_SYMLINK", True))

    @property
    def name_max_length(self) -> int:
        """``DJANGO_STATIC_NAME_MAX_LENGTH``: characters of a combined name, without timestamp and extension."""
        return int(self._of("NAME_MAX_LENGTH", int, 40))

    @property
    def fingerprint(self) -> str:
        """``DJANGO_STATIC_FINGERPRINT``: ``"mtime"`` or ``"hash"``: what the names of published files are made of."""
        return str(self._get("FINGERPRINT", FINGERPRINTS[0]))

    @property
    def hashed_names(self) -> re.Pattern[str]:
        """``DJANGO_STATIC_HASHED_NAMES``: a regular expression for base names that are hashed already, and kept."""
        value = self._of("HASHED_NAMES", (str, re.Pattern), "")
        # An empty one would be in every name.
        return re.compile(value) if value else HASHED_NAMES

    @property
    def integrity(self) -> bool:
        """``DJANGO_STATIC_INTEGRITY``: print ``integrity`` and ``crossorigin`` with style sheets and scripts."""
        return bool(self._get("INTEGRITY", False))

    @property
    def use_manifest_file(self) -> bool:
        """``DJANGO_STATIC_USE_MANIFEST_FILE``: print what ``staticbuild`` has published, and publish nothing."""
        return bool(self._get("USE_MANIFEST_FILE", False))

    @property
    def manifest_file(self) -> Path:
        """``DJANGO_STATIC_MANIFEST_FILE``: where the manifest is; unless set, in the folder that receives files.

        Raises:
            ManifestError: no folder is set at all.
        """
        value = self._of("MANIFEST_FILE", _PATH, None)
        if value:
            return Path(value)
        roots = [self.save_prefix, settings.STATIC_ROOT, *self.media_roots]
        folder = next((Path(root) for root in roots if root), None)
        if folder is None:  # that of the process may be any
            raise ManifestError(
                f"there is no folder for the manifest: set {PREFIX}_MANIFEST_FILE, {PREFIX}_SAVE_PREFIX, STATIC_ROOT or "
                "MEDIA_ROOT"
            )
        return folder / STATE_FOLDER / "manifest.json"

    @property
    def compress(self) -> tuple[str, ...]:
        """``DJANGO_STATIC_COMPRESS``: the formats of compressed siblings; all that can be made here unless set."""
        value = self._of("COMPRESS", (list, tuple), None)
        return available() if value is None else tuple(value)

    @property
    def compress_cache(self) -> Path | None:
        """``DJANGO_STATIC_COMPRESS_CACHE``: a folder for compressed bytes that builds share; beside the manifest if unset."""
        value = self._of("COMPRESS_CACHE", _PATH, None)
        return Path(value) if value else None

    @property
    def bundles(self) -> Mapping[str, Sequence[Any]]:
        """``DJANGO_STATIC_BUNDLES``: what templates ask for under names known at run time only, by tag."""
        return dict(self._of("BUNDLES", Mapping, {}))

    @property
    def preload(self) -> Sequence[Any]:
        """``DJANGO_STATIC_PRELOAD``: what the ``Link`` header of every page names; read by :mod:`.preloads`."""
        value: Sequence[Any] = self._get("PRELOAD", None) or ()
        return value

    @property
    def importmap(self) -> Mapping[str, str]:
        """``DJANGO_STATIC_IMPORTMAP``: names of files by module specifier; those of folders end in a slash."""
        return dict(self._of("IMPORTMAP", Mapping, {}))

    @property
    def source_maps(self) -> bool:
        """``DJANGO_STATIC_SOURCE_MAPS``: put a source map beside each combined file."""
        return bool(self._get("SOURCE_MAPS", False))

    @property
    def serve_small(self) -> int:
        """``DJANGO_STATIC_SERVE_SMALL``: bytes up to which :mod:`django_static.serve` keeps a file in memory."""
        return int(self._get("SERVE_SMALL", 256 * 1024))

    @property
    def serve_memory(self) -> int:
        """``DJANGO_STATIC_SERVE_MEMORY``: bytes of files that each process keeps in memory together."""
        return int(self._get("SERVE_MEMORY", 32 * 1024 * 1024))

    @property
    def serve_max_age(self) -> int:
        """``DJANGO_STATIC_SERVE_MAX_AGE``: seconds for which files without a fingerprint may be cached."""
        return int(self._get("SERVE_MAX_AGE", 60))

    @property
    def filename_generator(self) -> Callable[..., str] | None:
        """``DJANGO_STATIC_FILENAME_GENERATOR``: dotted path of ``f((stem, extension), mtime) -> name``."""
        return self._generator("FILENAME_GENERATOR")

    @property
    def combine_filenames_generator(self) -> Callable[..., str] | None:
        """``DJANGO_STATIC_COMBINE_FILENAMES_GENERATOR``: dotted path of ``f(names, max_length) -> name``."""
        return self._generator("COMBINE_FILENAMES_GENERATOR")

    @property
    def file_proxy(self) -> Callable[..., object] | None:
        """``DJANGO_STATIC_FILE_PROXY``: dotted path of ``f(uri, new, changed, filepath, ...) -> URL to print``.

        Raises:
            ImportError: there is no such function; importing it may raise anything else.
            TypeError: it cannot be called.
        """
        proxy: object = self._callable("FILE_PROXY")
        if proxy is not None and not callable(proxy):
            raise TypeError(f"{proxy!r} cannot be called")
        return proxy

    @property
    def has_file_proxy(self) -> bool:
        """Whether there is to be one; nothing is imported for the answer."""
        return bool(self._get("FILE_PROXY", None))

    @property
    def cdn(self) -> CdnOptions:
        """``DJANGO_STATIC_CDN_…``: what ``django_static.cdn.file_proxy`` brings where; see :class:`.cdn.options.Options`."""
        from .cdn.options import IMAGES, Options  # what is not used is not imported

        usual = Options()
        types = self._get("CDN_TYPES", None)
        keep_days = self._get("CDN_KEEP_DAYS", usual.keep_days)
        return Options(
            types=tuple(str(each).lstrip(".").lower() for each in (IMAGES if types is None else types)),
            bucket=str(self._get("CDN_BUCKET", None) or ""),
            storage=str(self._get("CDN_STORAGE", None) or ""),
            prefix=str(self._get("CDN_PREFIX", None) or "").strip("/"),
            base=_base(str(self._get("CDN_DOMAIN", None) or "")),
            keep_days=None if keep_days is None else float(keep_days),
            wait_seconds=float(self._get("CDN_WAIT_SECONDS", usual.wait_seconds)),
            probe=bool(self._get("CDN_PROBE", usual.probe)),
            gzip=bool(self._get("CDN_GZIP", usual.gzip)),
            threads=int(self._get("CDN_THREADS", usual.threads)),
            connect_timeout=float(self._get("CDN_CONNECT_TIMEOUT", usual.connect_timeout)),
            read_timeout=float(self._get("CDN_READ_TIMEOUT", usual.read_timeout)),
            attempts=int(self._get("CDN_ATTEMPTS", usual.attempts)),
            region=str(self._get("CDN_REGION", None) or ""),
            endpoint=str(self._get("CDN_ENDPOINT", None) or ""),
            credentials=_credentials(),
        )

    @property
    def minifiers(self) -> Mapping[str, Sequence[str]]:
        """``DJANGO_STATIC_MINIFIERS``: the engines of each kind, the boldest first; none to leave a kind alone.

        For a kind it does not name the compressors of the original count: ``DJANGO_STATIC_CLOSURE_COMPILER`` before
        ``DJANGO_STATIC_YUI_COMPRESSOR`` before ``DJANGO_STATIC_JSMIN``.
        """
        given = {
            kind: () if chain is None else (chain,) if isinstance(chain, str) else tuple(chain)
            for kind, chain in self._of("MINIFIERS", Mapping, {}).items()
        }
        return {**DEFAULT_ENGINES, **self._compressors(), **given}

    def _compressors(self) -> dict[str, tuple[str, ...]]:
        """The engines the original's settings mean; their failures are shown in the page, as they were then."""
        chains: dict[str, tuple[str, ...]] = {}
        if self._get("JSMIN", False):
            chains["js"] = ("jsmin", *DEFAULT_ENGINES["js"])
        if yui := self._get("YUI_COMPRESSOR", ""):
            chains["css"] = chains["js"] = (f"yui!:{yui}",)
        if closure := self._get("CLOSURE_COMPILER", ""):
            chains["js"] = (f"closure!:{closure}",)
        return chains

    def options(self) -> Options:
        """The settings the pipeline needs, as plain values."""
        roots = [self.save_prefix, *self.media_roots, settings.STATIC_ROOT]
        folder = next((Path(root) for root in roots if root), None)
        return Options(
            state=folder / STATE_FOLDER if folder else private_folder(),
            save_prefix=self.save_prefix,
            name_prefix=self.name_prefix,
            media_url=self.media_url,
            use_symlink=self.use_symlink,
            name_max_length=self.name_max_length,
            filename_generator=self.filename_generator,
            combine_filenames_generator=self.combine_filenames_generator,
            minifiers=self.minifiers,
            compress=self.compress,
            compress_cache=self.compress_cache,
            by_hash=self.fingerprint == "hash",
            hashed_names=self.hashed_names,
            integrity=self.integrity,
            source_maps=self.source_maps,
        )

    def sources(self) -> Sources:
        """Where originals are looked for."""
        finders = "django.contrib.staticfiles" in settings.INSTALLED_APPS
        return Sources(
            roots=self.media_roots,
            media_url=_below_site(settings.MEDIA_URL),
            static_url=_below_site(settings.STATIC_URL),
            static_root=Path(settings.STATIC_ROOT) if settings.STATIC_ROOT else None,
            finders=finders_of_staticfiles() if finders else None,
            mounts=[
                mount
                for name in ("STATIC_URL", "MEDIA_URL")
                for mount in Mount.of(name, _written(name), getattr(settings, name) or "")
            ],
        )

    def _get(self, name: str, default: Any) -> Any:
        return getattr(settings, f"{PREFIX}_{name}", default)

    def _of(self, name: str, kinds: Any, default: Any) -> Any:
        """A setting, or the default where it is of another kind: a check says so, and pages go on."""
        value = self._get(name, default)
        return value if isinstance(value, kinds) else default

    def _callable(self, name: str) -> Callable[..., str] | None:
        value = self._get(name, None)
        if not value:
            return None
        if not callable(value) and not isinstance(value, str):
            raise TypeError(f"{value!r} is neither a function nor the dotted path of one")
        found: Callable[..., str] = value if callable(value) else import_string(value)
        return found

    def _generator(self, name: str) -> Callable[..., str] | None:
        value = self._get(name, None)
        return self._callable(name) if isinstance(value, str) or callable(value) else None


def _below_site(url: str | None) -> str:
    """A URL of the settings; empty where it is that of the whole site, which Django makes of an empty one below
    ``FORCE_SCRIPT_NAME``."""
    whole = {"", (settings.FORCE_SCRIPT_NAME or "").strip("/"), get_script_prefix().strip("/")}
    return "" if url is None or url.strip("/") in whole else url


def _written(name: str) -> str:
    """A setting as it is written: Django's answer has the path before it that the site lies below."""
    return str(getattr(getattr(settings, "_wrapped", None), name, None) or "")


def _base(domain: str) -> str:
    """What URLs begin with: ``d1.cloudfront.net`` is a domain, ``//static.example.com/x/`` says itself how it is reached."""
    scheme, slashes, rest = domain.strip().partition("//")
    if not slashes:
        return f"https://{scheme.rstrip('/')}" if scheme else ""
    return f"{scheme}//{rest.rstrip('/')}"


def _credentials() -> tuple[str, str] | None:
    """The key and the secret, by the names of today or those of 2010."""
    for names in AWS_CREDENTIALS:
        key, secret = (getattr(settings, name, None) for name in names)
        if key and secret:
            return str(key), str(secret)
    return None


conf = Conf()
