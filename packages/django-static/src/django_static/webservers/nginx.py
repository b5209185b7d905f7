"""The configuration of nginx."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ..content_types import CONTENT_TYPES, FONTS, bare
from .domains import ANY
from .modules import ENCODINGS, Modules
from .site import DATE, FINGERPRINT, HIDDEN, UNKNOWN_CHARSET, ConfigError, Mount, Site, way_out

__all__ = ["server", "snippet", "whole"]

#: Any host that a request names. An underscore is a name like others: it gets what it is given as the only server of a port, and
#: nothing beside one that is the default, as there is one on Debian.
_ANY = "~."

_HEADERS = {
    "Host": "$http_host",
    "X-Forwarded-For": "$proxy_add_x_forwarded_for",
    "X-Forwarded-Proto": "$scheme",
}
#: What the uwsgi protocol tells an application (uWSGI's own uwsgi_params).
_UWSGI = {
    "QUERY_STRING": "$query_string",
    "REQUEST_METHOD": "$request_method",
    "CONTENT_TYPE": "$content_type",
    "CONTENT_LENGTH": "$content_length",
    "REQUEST_URI": "$request_uri",
    "PATH_INFO": "$document_uri",
    "DOCUMENT_ROOT": "$document_root",
    "SERVER_PROTOCOL": "$server_protocol",
    "REQUEST_SCHEME": "$scheme",
    "HTTPS": "$https if_not_empty",
    "REMOTE_ADDR": "$remote_addr",
    "REMOTE_PORT": "$remote_port",
    "SERVER_PORT": "$server_port",
    "SERVER_NAME": "$server_name",
}
#: Nothing in quotes stands for itself: a variable, an escape, the end of the quotes.
_UNSAFE = re.compile(r"""[\x00-\x1f\x7f"'$\\]""")


def snippet(site: Site, modules: Modules | None) -> str:
    """What belongs into a ``server`` block.

    Args:
        modules: what nginx can do; None where that is not known.

    Raises:
        ConfigError: a setting cannot be written down.
    """
    site.check()
    if not site.mounts:
        raise ConfigError(f"there is nothing for the server of the application: {'; '.join(site.apart)}")
    return _text([*(f"# {line}." for line in site.apart), *_files(site, site.mounts, modules)])


def _files(site: Site, mounts: Sequence[Mount], modules: Modules | None) -> list[str]:
    """The part of a server that sends files."""
    if not mounts:
        return []
    return [
        *_marks(site, mounts),
        *(line for mount in mounts for line in _mount(mount, modules)),
        "# A name that is no longer there is not to be remembered as missing: the next release may bring it.",
        "location @django_static_gone {",
        '    add_header Cache-Control "no-store" always;',
        '    add_header X-Content-Type-Options "nosniff" always;',
        "    default_type text/plain;",
        '    return 404 "Not found\\n";',
        "}",
    ]


def server(site: Site, modules: Modules | None) -> str:
    """A ``server`` block with the application behind it, and its ``upstream``: a file of ``sites-enabled``.

    Raises:
        ConfigError: a setting cannot be written down.
    """
    site.check()
    lines = [
        f"upstream {_upstream(site)} {{",
        f"    server {site.upstream} fail_timeout=0;",
        "}",
        "",
        *_server(
            site,
            " ".join(_ANY if name == ANY else name for name in site.server_names),
            site.remarks,
            _files(site, site.mounts, modules),
            ["", "location / {", *(f"    {line}" for line in _application(site)), "}"],
        ),
    ]
    for host in site.hosts:
        lines += ["", *_server(site, host.name, [host.remark], _files(site, host.mounts, modules), [])]
    return _text(lines)


def _server(
    site: Site, names: str, remarks: Iterable[str], files: Iterable[str], rest: Iterable[str]
) -> Iterator[str]:
    """A ``server`` block."""
    yield "server {"
    if site.listen.rpartition(":")[2] == "443":
        yield f"    # HTTPS: {site.listen} ssl, with ssl_certificate and ssl_certificate_key; ssl at each listen."
    yield from (f"    {line}" for line in _listen(site))
    yield f"    server_name {names};"
    yield from (f"    # {remark}." for remark in remarks)
    yield ""
    yield from (f"    {line}".rstrip() for line in (*files, *rest))
    yield "}"


def whole(site: Site, modules: Modules | None) -> str:
    """A whole ``nginx.conf``.

    Raises:
        ConfigError: a setting cannot be written down.
    """
    lines = [
        *(
            f"load_module {_quoted(path, 'the path of a module')};"
            for path in (modules.files if modules else ())
        ),
        "worker_processes auto;",
        "events {",
        "    worker_connections 1024;",
        "}",
        "http {",
        "    sendfile on;",
        "    tcp_nopush on;",
        "    server_tokens off;",
        "",
        *(f"    {line}".rstrip() for line in server(site, modules).splitlines()),
        "}",
    ]
    return _text(lines)


def _listen(site: Site) -> Iterator[str]:
    yield f"listen {site.listen};"
    if ":" not in site.listen:
        # No way to write it asks for IPv6 only where there is some.
        yield f"# Without IPv6 in the kernel nginx does not start with this line: remove it, or give --listen 0.0.0.0:{site.listen}."
        yield f"listen [::]:{site.listen};"


def _marks(site: Site, mounts: Sequence[Mount]) -> Iterator[str]:
    """Variables for what depends on a name; at the level of the server, where ``if`` is safe."""
    yield 'set $django_static_origin "";'
    if site.is_shared:
        yield "# Style sheets and scripts with a hash, modules and fonts are of use to other origins with this only."
        yield 'set $django_static_origin "*";'
    else:
        yield "# Browsers use fonts of another host only if that allows it."
        yield f'if ($uri ~* "\\.(?:{"|".join(FONTS)})$") {{ set $django_static_origin "*"; }}'
    yield "# Text is UTF-8, unless nobody knows: nothing is said of that, nor of originals, which say it themselves or are as the page."
    if all(mount.is_published for mount in mounts):
        yield "set $django_static_charset utf-8;"
    else:
        yield 'set $django_static_charset "";'
        yield f'if ($uri ~ "{FINGERPRINT}") {{ set $django_static_charset utf-8; }}'
    yield f'if ($uri ~ "{UNKNOWN_CHARSET}") {{ set $django_static_charset ""; }}'
    if not all(mount.is_published for mount in mounts):
        yield "# Only names with a fingerprint may be kept for ever; others are asked for again."
        yield "set $django_static_expires off;"
        yield 'set $django_static_cache "no-cache";'
        yield (
            f'if ($uri ~ "{FINGERPRINT}") {{ set $django_static_expires max; '
            'set $django_static_cache "public, immutable"; }'
        )
        yield f'if ($uri ~ "{DATE}") {{ set $django_static_expires off; set $django_static_cache "no-cache"; }}'
    several = [mount for mount in mounts if mount.others]
    if several:
        # By name, since a number gives it as it is in a URL.
        yield "# What is to be looked for in more folders than one."
    for mount in sorted(several, key=lambda mount: len(mount.prefix)):  # the longest has the last word
        pattern = f"^{re.escape(mount.prefix)}(?<django_static_rest>.+)$"
        yield f'if ($uri ~ "{pattern}") {{ }}'
    yield ""


def _mount(mount: Mount, modules: Modules | None) -> Iterator[str]:
    prefix, folder = _quoted(mount.prefix, mount.named), mount.folder.rstrip("/")
    for each, setting in mount.folders:
        _quoted(each, setting)
    if mount.others:
        place = 'root "/";'
    elif f"{folder}/".endswith(mount.prefix):
        place = f"root {_quoted(folder.removesuffix(mount.prefix.rstrip('/')) or '/', mount.setting)};"
    else:
        place = f"alias {_quoted(folder + '/', mount.setting)};"
    yield f"location ^~ {prefix} {{"
    yield f"    {place}"
    yield "    expires max;" if mount.is_published else "    expires $django_static_expires;"
    yield "    access_log off;"
    cache = '"public, immutable"' if mount.is_published else "$django_static_cache"
    yield f"    add_header Cache-Control {cache};"
    yield '    add_header X-Content-Type-Options "nosniff";'
    yield "    add_header Access-Control-Allow-Origin $django_static_origin;"
    yield from (f"    {line}" for line in _encodings(modules))
    yield "    error_page 404 @django_static_gone;"
    # A folder would be answered with a redirect, and that be kept for ever, too.
    tried = [f'"{each.rstrip("/")}/$django_static_rest"' for each, _ in mount.folders if mount.others]
    yield f"    try_files {' '.join(tried or ['$uri'])} @django_static_gone;"
    yield "    log_not_found off;"
    yield "    default_type application/octet-stream;"
    yield "    types {"
    for kind, suffixes in CONTENT_TYPES.items():
        yield f"        {bare(kind)} {' '.join(suffixes)};"
    yield "    }"
    # nginx has text/html among them already.
    yield f"    charset_types {' '.join(bare(kind) for kind in CONTENT_TYPES if kind != bare(kind) != 'text/html')};"
    yield "    charset $django_static_charset;"
    if mount.hidden:
        names = "|".join(re.escape(name).replace(r"\?", "[^/]") for name in mount.hidden)
        yield "    # The manifest and the records beside it."
        yield f'    location ~ "^{re.escape(mount.prefix)}(?:{names})(?:/|$)" {{ return 404; }}'
    yield "}"
    yield f"location ^~ {_quoted(f'{mount.prefix}{HIDDEN}', '')} {{ error_page 404 @django_static_gone; return 404; }}"
    yield ""


def _encodings(modules: Modules | None) -> Iterator[str]:
    if modules is None:
        yield "# There is no nginx here to ask which modules it has: see --modules."
        return
    missing = [name for name in ENCODINGS if name not in modules.encodings]
    for name in modules.encodings:
        yield f"{name}_static on;"
    if modules.encodings:
        yield "gzip_vary on;"
    if missing:
        yield f"# This nginx has no module for ready files in {', '.join(missing)}."


def _application(site: Site) -> Iterator[str]:
    yield "# What visitors may send in one request; unless it is said nginx refuses more than 1m."
    yield "client_max_body_size 10m;"
    yield from (f"# {line}" for line in site.start)
    if site.protocol == "uwsgi":
        yield f"uwsgi_pass {_upstream(site)};"
        yield from (f"uwsgi_param {name} {value};" for name, value in _UWSGI.items())
        return
    yield f"proxy_pass http://{_upstream(site)};"
    yield "proxy_http_version 1.1;"
    yield 'proxy_set_header Connection "";'
    yield from (f"proxy_set_header {name} {value};" for name, value in _HEADERS.items())
    yield "proxy_redirect off;"


def _upstream(site: Site) -> str:
    """Nginx refuses two of one name, wherever they stand: there is one for each site."""
    return f"django_static_{site.name}"


def _quoted(text: str, setting: str) -> str:
    """A text that nginx reads as it is.

    Raises:
        ConfigError: there is no such way to write it.
    """
    found = _UNSAFE.search(text)
    if found:
        raise ConfigError(
            f"{setting} is {text!r}, and {found[0]!r} cannot be in a path or prefix of an nginx configuration; "
            f"{way_out(setting)}"
        )
    return f'"{text}"'


def _text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
