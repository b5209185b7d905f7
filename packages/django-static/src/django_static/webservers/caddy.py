"""The configuration of Caddy 2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from ..cdn.headers import EXPIRES
from ..content_types import CONTENT_TYPES, FONTS, bare
from .domains import ANY
from .site import DATE, FINGERPRINT, HIDDEN, UNKNOWN_CHARSET, ConfigError, Mount, Site, way_out

__all__ = ["snippet", "whole"]

_FOREVER = "max-age=315360000, public, immutable"
#: Nothing in quotes stands for itself: a placeholder, an escape, the end of the quotes.
_UNSAFE = re.compile(r"""[\x00-\x1f\x7f"'`{}\\]""")
#: In a prefix also what stands for something else in a matcher.
_PATTERN = re.compile(r"[*?%\[\]]")


def snippet(site: Site) -> str:
    """What belongs into a site block.

    Raises:
        ConfigError: a setting cannot be written down.
    """
    _check(site)
    if not site.mounts:
        raise ConfigError(f"there is nothing for the site block of the application: {'; '.join(site.apart)}")
    return "\n".join((*(f"# {line}." for line in site.apart), *_files(site, site.mounts))) + "\n"


def whole(site: Site) -> str:
    """A whole Caddyfile, with the application behind the files.

    Raises:
        ConfigError: a setting cannot be written down, or the application speaks something Caddy does not.
    """
    _check(site)
    names = list(dict.fromkeys(each for name in site.server_names for each in _addresses(name)))
    wildcards = [name for name in names if name.startswith("*")]
    upstream = (
        site.upstream.replace("unix:", "unix/", 1) if site.upstream.startswith("unix:") else site.upstream
    )
    lines = [
        *(
            f"# {name}: Caddy takes it for one label, not for two ({name.replace('*', 'a.b')}), and gets a certificate for it only "
            "by the DNS challenge."
            for name in wildcards
        ),
        *(f"# {remark}." for remark in site.remarks),
        *_block(
            site,
            names,
            [
                *_files(site, site.mounts),
                "handle {",
                *(f"    # {line}" for line in site.start),
                f"    reverse_proxy {upstream}",
                "}",
            ],
        ),
    ]
    for host in site.hosts:
        lines += ["", f"# {host.remark}.", *_block(site, [host.name], _files(site, host.mounts))]
    return "\n".join(lines) + "\n"


def _check(site: Site) -> None:
    site.check()
    if site.protocol != "http":
        raise ConfigError(
            "Caddy does not speak the uwsgi protocol; let the application speak HTTP (--protocol http)"
        )


def _block(site: Site, names: Iterable[str], inner: Iterable[str]) -> Iterator[str]:
    """A site block."""
    host, _, port = site.listen.rpartition(":")
    # A domain alone is served by HTTPS, with a certificate that Caddy gets; with a port it is what the port says. Where the
    # application is for any name there is none.
    is_plain = port not in ("80", "443") or (port == "80" and ANY in site.server_names)
    addresses = [f"http://{name}:{port}" if is_plain else name or ":443" for name in names]
    yield f"{', '.join(addresses)} {{"
    if host:  # without it Caddy listens by IPv4, and by IPv6 if there is some
        yield f"    bind {host}"
    yield from (f"    {line}".rstrip() for line in inner)
    yield "}"


def _files(site: Site, mounts: Iterable[Mount]) -> list[str]:
    return [line for mount in mounts for line in _mount(site, mount)]


def _addresses(name: str) -> list[str]:
    """The hosts that a server name stands for: ``.example.com`` is that domain and those below it, as Django has it."""
    if name == ANY:
        return [""]
    return [name[1:], f"*{name}"] if name.startswith(".") else [name]


def _mount(site: Site, mount: Mount) -> Iterator[str]:
    if _PATTERN.search(mount.prefix):
        raise ConfigError(
            f"{mount.named} is {mount.prefix!r}, and has a character that is a pattern for Caddy; {way_out(mount.named)}"
        )
    yield f"handle {_quoted(f'{mount.prefix}*', mount.named)} {{"
    # Caddy 2.11 strips what is not ASCII only if it is written as it is in a URL.
    stripped = quote(mount.prefix.rstrip("/"), safe="".join(map(chr, range(128))))
    if stripped:
        yield f'    uri strip_prefix "{stripped}"'
    yield f"    root * {_quoted(mount.folder, mount.setting)}"
    yield "    route {"
    yield "        # No answer is kept but a file: a name that is not there, or cannot be read, may be there in a moment."
    yield "        header Cache-Control no-store"
    if mount.is_published:
        yield from _kept("", _FOREVER, EXPIRES)
    else:
        yield "        # Only names with a fingerprint may be kept for ever; others are asked for again."
        yield "        @published {"
        yield f"            path_regexp `{FINGERPRINT}`"
        yield f"            not path_regexp `{DATE}`"
        yield "        }"
        yield f"        @other not path_regexp `{FINGERPRINT}`"
        yield f"        @date path_regexp `{DATE}`"
        yield from _kept("@other ", "no-cache")
        yield from _kept("@date ", "no-cache")
        yield from _kept("@published ", _FOREVER, EXPIRES)
    yield "        header X-Content-Type-Options nosniff"
    if site.is_shared:
        yield "        header Access-Control-Allow-Origin *"
    else:
        yield f"        @fonts path {' '.join(f'*.{font}' for font in FONTS)}"
        yield "        header @fonts Access-Control-Allow-Origin *"
    for number, (kind, suffixes) in enumerate(CONTENT_TYPES.items()):
        paths = f"path {' '.join(f'*.{suffix}' for suffix in suffixes)}"
        yield f"        @type{number} {paths}"
        yield f'        header @type{number} Content-Type "{bare(kind)}"'
        if kind != bare(kind):
            # Text is UTF-8, unless nobody knows: nothing is said of that, nor of originals.
            yield f"        @text{number} {{"
            yield f"            {paths}"
            yield from [] if mount.is_published else [f"            path_regexp `{FINGERPRINT}`"]
            yield f"            not path_regexp `{UNKNOWN_CHARSET}`"
            yield "        }"
            yield f'        header @text{number} Content-Type "{kind}"'
    hidden = [
        _quoted(f"{folder.rstrip('/')}/{name}", setting)
        for folder, setting in mount.folders
        for name in mount.hidden
    ]
    for number, (folder, setting) in enumerate(mount.folders):
        yield "        file_server {"
        yield from [f"            root {_quoted(folder, setting)}"] if number else []
        yield "            precompressed zstd br gzip"
        yield f"            hide {' '.join((HIDDEN, *hidden))}"
        yield "            pass_thru"
        yield "        }"
    yield '        header Content-Type "text/plain; charset=utf-8"'
    yield '        respond "Not found" 404'
    yield "    }"
    yield "}"


def _kept(matcher: str, cache_control: str, expires: str = "") -> Iterator[str]:
    """How long a file is kept; that is known when there is one to be sent."""
    yield f"        header {matcher}{{"
    yield f'            Cache-Control "{cache_control}"'
    if expires:
        yield f'            Expires "{expires}"'
    yield "            match status 2xx 304"
    yield "        }"


def _quoted(text: str, setting: str) -> str:
    """A text that Caddy reads as it is.

    Raises:
        ConfigError: there is no such way to write it.
    """
    found = _UNSAFE.search(text)
    if found:
        raise ConfigError(
            f"{setting} is {text!r}, and {found[0]!r} cannot be in a path or prefix of a Caddyfile; {way_out(setting)}"
        )
    return f'"{text}"'
