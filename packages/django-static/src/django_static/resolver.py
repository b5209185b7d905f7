"""What the template tags know: give me the text to print for a name, a block, an inline piece.

One of three resolvers is chosen once: :class:`Off` prints what it was given, :class:`.lazy.Lazy` publishes at the first
request for a name and looks it up afterwards, :class:`.manifested.Manifested` looks up what was built ahead. Where there is a
file proxy, a :class:`.proxied.Proxied` around it asks that for what to print.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from . import blocks, import_maps
from .answers import Address, Layout, ModuleMap, Place, Resolver
from .block_memo import BlockMemo
from .conf import PREFIX, conf
from .manifest import Manifest, ManifestError
from .manifested import Manifested
from .mounts import mounted
from .places import Places
from .sources import is_foreign, split_suffix

__all__ = [
    "Address",
    "Manifested",
    "Off",
    "Place",
    "Resolver",
    "chosen",
    "current",
    "reset",
    "slimfile",
    "staticfile",
]

logger = logging.getLogger("django_static")


class Off:
    """``DJANGO_STATIC`` is off: print what was given; read nothing, write nothing."""

    def __init__(self, host: str = "", *, with_links: bool = False) -> None:
        #: DJANGO_STATIC_MEDIA_URL where DJANGO_STATIC_MEDIA_URL_ALWAYS is set.
        self._host = host
        #: Whether somebody wants to know of the links in a block.
        self._with_links = with_links
        self._blocks = BlockMemo()

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        url = ";".join(map(self._with_host, name.split(";"))) if self._host else name
        return Address.of(url, "" if is_foreign(name) else split_suffix(name)[1], is_settled=True)

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> Layout:
        if not self._host and not self._with_links:
            return Layout(html, is_settled=True)
        return self._blocks.layout(html, False, "", lambda html: blocks.given(html, self._with_host))

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        return text

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> ModuleMap:
        return ModuleMap(import_maps.plain(specification, self._with_host))

    def stored(self, name: str, plain: str) -> Address:
        return Address.of(plain, split_suffix(plain)[1])

    def _with_host(self, name: str) -> str:
        return (
            self._host + name if self._host and name.startswith("/") and not name.startswith("//") else name
        )


_lock = threading.Lock()
#: The resolver in use; None until one is needed. What was printed by another one may be out of date.
chosen: Resolver | None = None


def current() -> Resolver:
    """The resolver the settings ask for; chosen once, and again when a test changes a setting."""
    global chosen
    resolver = chosen
    if resolver is not None:
        return resolver
    # Not under the lock: it runs code of the site, which may ask for a resolver itself.
    found = _asked_for()
    with _lock:
        # Of threads that ask at once all get one: others would prepare the same once more, and tell a proxy of it again.
        if chosen is None:
            chosen = found
        return chosen


def _asked_for() -> Resolver:
    try:
        proxy = conf.file_proxy
    except Exception as error:  # noqa: BLE001 (it runs code of the site, and a page never fails for its static files)
        logger.error("%s_FILE_PROXY cannot be used, and nothing is asked of it: %s", PREFIX, error)
        proxy = None
    resolver = _without_proxy(is_asked=proxy is not None)
    if proxy is None:
        return resolver
    from .proxied import Proxied  # few sites have a proxy

    rechecks = conf.enabled and conf.debug and not conf.use_manifest_file
    return Proxied(resolver, proxy, is_disabled=not conf.enabled, rechecks=rechecks)


def _without_proxy(*, is_asked: bool) -> Resolver:
    if not conf.enabled:
        return Off(conf.media_url if conf.media_url_always else "", with_links=is_asked)
    try:
        sources, options = conf.sources(), conf.options(compresses=False)
    except ImportError as error:  # of a function of the site
        logger.error("%s; until then pages print the URLs they were given", error)
        return Off(with_links=is_asked)
    if conf.use_manifest_file:
        try:
            manifest = Manifest.read(conf.manifest_file)
        except ManifestError as error:
            logger.error("%s; until then pages print the URLs they were given", error)
            return Off(with_links=is_asked)
        places = Places.of(sources, options.save_prefix) if is_asked else None
        return Manifested(mounted(manifest, sources.mounts), sources, options, places)
    from .lazy import Lazy  # and what publishes: where a manifest is used nothing is

    return Lazy.of(sources, options, recheck=conf.debug)


def reset(**kwargs: Any) -> None:
    """Forget what has been prepared, as a restart does; receives ``setting_changed``."""
    global chosen
    chosen = None


def staticfile(name: str) -> str:
    """The URL of a published file, what ``{% staticfile name %}`` prints; several names may stand with ``;`` between."""
    return current().file(str(name), False).url


def slimfile(name: str) -> str:
    """The URL of a published and minified file, what ``{% slimfile name %}`` prints."""
    return current().file(str(name), True).url
