"""Every setting of the package, read when asked for, so that ``override_settings`` works; ``conf`` has them all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix

from . import when_needed
from .conf_of_cdn import CdnConf
from .conf_of_code import CodeConf
from .conf_of_serving import ServingConf
from .conf_reading import PATHS, PREFIX, root_of_django
from .manifest import ManifestError
from .mount import Mount
from .names import quoted
from .places import STATE_FOLDER
from .private import private_folder
from .records import HASHED_NAMES, Options
from .sources import Sources, finders_of_staticfiles

__all__ = ["FINGERPRINTS", "PREFIX", "Conf", "conf"]

FINGERPRINTS = ("mtime", "hash")
#: A percent sign that stands for itself.
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Conf(CodeConf, CdnConf, ServingConf):
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
        value = self._of("SAVE_PREFIX", PATHS, "")
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
        roots = self._of("MEDIA_ROOTS", (list, tuple), [root_of_django("MEDIA_ROOT")])
        return tuple(Path(root) for root in roots if root and isinstance(root, PATHS))

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
        value = self._of("MANIFEST_FILE", PATHS, None)
        if value:
            return Path(value)
        roots = [self.save_prefix, root_of_django("STATIC_ROOT"), *self.media_roots]
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
        return when_needed.available() if value is None else tuple(value)

    @property
    def compress_cache(self) -> Path | None:
        """``DJANGO_STATIC_COMPRESS_CACHE``: a folder for compressed bytes that builds share; beside the manifest if unset."""
        value = self._of("COMPRESS_CACHE", PATHS, None)
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

    def options(self, *, compresses: bool = True) -> Options:
        """The settings the pipeline needs, as plain values; whoever compresses nothing need not know what could.

        Raises:
            ImportError: a function of the site cannot be imported.
        """
        roots = [self.save_prefix, *self.media_roots, root_of_django("STATIC_ROOT")]
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
            compress=self.compress if compresses else (),
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
            media_url=_below_site(_here("MEDIA_URL")),
            static_url=_below_site(_here("STATIC_URL")),
            static_root=root_of_django("STATIC_ROOT"),
            finders=finders_of_staticfiles() if finders else None,
            mounts=[
                mount
                for name in ("STATIC_URL", "MEDIA_URL")
                for mount in Mount.of(name, _written(name), _here(name))
            ],
        )


def _below_site(url: str | None) -> str:
    """A URL of the settings; empty where it is that of the whole site, which Django makes of an empty one below
    ``FORCE_SCRIPT_NAME``."""
    whole = {"", (settings.FORCE_SCRIPT_NAME or "").strip("/"), get_script_prefix().strip("/")}
    return "" if url is None or url.strip("/") in whole else url


def _written(name: str) -> str:
    """A setting as it is written: Django's answer has the path before it that the site lies below."""
    return str(getattr(getattr(settings, "_wrapped", None), name, None) or "")


def _here(name: str) -> str:
    """A setting as Django says it, with the path before it that the site lies below; "" for None.

    Django keeps the first answer it has given for good. That has to be a request's: a server that reads its settings before it
    has any knows no such path.
    """
    known = vars(settings).get(name)
    if known is not None:
        return str(known)
    written = _written(name)
    if not written or written.startswith(("/", "http://", "https://")):
        return written
    return f"{get_script_prefix()}{written}"


conf = Conf()
