"""What the template tags know: give me the text to print for a name, a block, an inline piece.

One of three resolvers is chosen once: :class:`Off` prints what it was given, :class:`Lazy` publishes at the first
request for a name and looks it up afterwards, :class:`Manifested` looks up what was built ahead.
"""

from __future__ import annotations

import logging
from html import escape
from typing import Any

from . import blocks, import_maps
from .answers import Address, Place, Resolver
from .conf import conf
from .lazy import Lazy
from .manifest import Manifest, ManifestError
from .manifested import Manifested
from .pipeline import Pipeline

__all__ = [
    "Address",
    "Lazy",
    "Manifested",
    "Off",
    "Place",
    "Resolver",
    "current",
    "reset",
    "slimfile",
    "staticfile",
]

logger = logging.getLogger("django_static")


class Off:
    """``DJANGO_STATIC`` is off: print what was given; read nothing, write nothing."""

    def __init__(self, host: str = "") -> None:
        #: DJANGO_STATIC_MEDIA_URL where DJANGO_STATIC_MEDIA_URL_ALWAYS is set.
        self._host = host

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        url = ";".join(map(self._with_host, name.split(";"))) if self._host else name
        return Address(url, escape(url))

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> str:
        return blocks.with_urls(html, self._with_host) if self._host else html

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        return text

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> str:
        return import_maps.plain(specification, self._with_host)

    def stored(self, name: str, plain: str) -> str:
        return plain

    def _with_host(self, name: str) -> str:
        return (
            self._host + name if self._host and name.startswith("/") and not name.startswith("//") else name
        )


_current: Resolver | None = None


def current() -> Resolver:
    """The resolver the settings ask for; chosen once, and again when a test changes a setting."""
    global _current
    resolver = _current
    if resolver is None:
        resolver = _chosen()
        _current = resolver
    return resolver


def _chosen() -> Resolver:
    if not conf.enabled:
        return Off(conf.media_url if conf.media_url_always else "")
    if conf.use_manifest_file:
        try:
            manifest = Manifest.read(conf.manifest_file)
        except ManifestError as error:
            logger.error("%s; until then pages print the URLs they were given", error)
            return Off()
        return Manifested(manifest, conf.sources(), conf.options())
    return Lazy(Pipeline(conf.sources(), conf.options()), recheck=conf.debug)


def reset(**kwargs: Any) -> None:
    """Forget what has been prepared, as a restart does; receives ``setting_changed``."""
    global _current
    _current = None


def staticfile(name: str) -> str:
    """The URL of a published file, what ``{% staticfile name %}`` prints; several names may stand with ``;`` between."""
    return current().file(str(name), False).url


def slimfile(name: str) -> str:
    """The URL of a published and minified file, what ``{% slimfile name %}`` prints."""
    return current().file(str(name), True).url
