"""``manage.py staticnginx``: the configuration of nginx, or of Caddy, for the project's settings."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ...conf import conf
from ...conf_reading import root_of_django
from ...content_types import has_host
from ...manifest import ManifestError
from ...names import quoted
from ...webservers import caddy, modules, nginx
from ...webservers.domains import domains
from ...webservers.mounts import host_of, mounts_of, mounts_of_host
from ...webservers.site import ConfigError, Host, Site

__all__ = ["Command"]


class Command(BaseCommand):
    """Prints; installs nothing."""

    help = (
        "Print what a web server needs to send the published files: a snippet for a server block of nginx, or with "
        "--server, --whole or --caddy more of it, or the same for Caddy."
    )
    requires_system_checks = ["staticfiles"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--caddy", action="store_true", help="for Caddy 2, not for nginx")
        extent = parser.add_mutually_exclusive_group()
        extent.add_argument(
            "--server", action="store_true", help="nginx: a server block and its upstream, for sites-enabled"
        )
        extent.add_argument("--whole", action="store_true", help="a whole nginx.conf, or Caddyfile")
        parser.add_argument(
            "--upstream",
            default="127.0.0.1:8000",
            metavar="PLACE",
            help="where the application listens: unix:/run/mysite.sock, or host:port (127.0.0.1:8000)",
        )
        parser.add_argument(
            "--protocol", default="http", choices=("http", "uwsgi"), help="what the application speaks (http)"
        )
        parser.add_argument("--listen", default="80", metavar="PORT", help="a port, or address:port (80)")
        parser.add_argument(
            "--server-name",
            action="append",
            metavar="NAME",
            help="a domain of the site; may be given several times (ALLOWED_HOSTS, and what pages name below these)",
        )
        parser.add_argument(
            "--modules",
            metavar="LIST",
            help="which ready files nginx can send: some of zstd,brotli,gzip, or none (what 'nginx -V' tells here)",
        )

    def handle(self, **options: Any) -> None:
        site = _site(options)
        try:
            if options["caddy"]:
                text = caddy.whole(site) if options["whole"] or options["server"] else caddy.snippet(site)
            else:
                make = (
                    nginx.whole if options["whole"] else nginx.server if options["server"] else nginx.snippet
                )
                text = make(site, _modules(options["modules"]))
        except ConfigError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text, ending="")


def _site(options: Mapping[str, Any]) -> Site:
    sources, save_prefix, name_prefix = conf.sources(), conf.save_prefix, conf.name_prefix
    media_root = root_of_django("MEDIA_ROOT")
    try:
        manifest = conf.manifest_file
    except ManifestError:
        manifest = None  # nor is there anything to be sent
    urls = {
        "STATIC_URL": sources.static_url,
        "MEDIA_URL": sources.media_url,
        "DJANGO_STATIC_MEDIA_URL": conf.media_url,
    }
    alone = {name: host_of(url) for name, url in urls.items() if not urlsplit(url).path.strip("/")}
    mounts = {
        host: mounts_of_host(
            host,
            sources,
            save_prefix,
            name_prefix,
            media_root,
            media_url=conf.media_url,
            manifest=manifest,
        )
        for host in alone.values()
        if host
    }
    found = domains(
        options["server_name"] or (),
        settings.ALLOWED_HOSTS,
        urls.values(),
        [host for host in mounts if mounts[host]],
    )
    hosts = tuple(
        Host(host, mounts[host], tuple(name for name, each in alone.items() if each == host))
        for host in found.apart
    )
    return Site(
        mounts_of(
            sources,
            save_prefix,
            name_prefix,
            media_root,
            media_url=conf.media_url,
            script_name=settings.FORCE_SCRIPT_NAME or "/",
            manifest=manifest,
        ),
        options["upstream"],
        options["protocol"],
        found.names,
        found.foreign,
        hosts,
        # DJANGO_STATIC_MEDIA_URL is before all URLs, of which most have a path.
        tuple(
            (name, host)
            for name, host in alone.items()
            if host and host not in found.apart and name != "DJANGO_STATIC_MEDIA_URL"
        ),
        options["listen"],
        is_shared=any(map(has_host, urls.values())) or bool(conf.media_url) or conf.integrity,
        below=quoted((settings.FORCE_SCRIPT_NAME or "").rstrip("/"), again=True),
    )


def _modules(given: str | None) -> modules.Modules | None:
    found = modules.installed()
    if given is None:
        return found
    names = [name for name in given.split(",") if name] if given != "none" else []
    unknown = [name for name in names if name not in modules.ENCODINGS]
    if unknown:
        raise ConfigError(f"--modules {given!r}: there are {', '.join(modules.ENCODINGS)}, and none")
    files = tuple(file for file in found.files if any(f"_{name}_" in file for name in names)) if found else ()
    return modules.Modules(tuple(name for name in modules.ENCODINGS if name in names), files)
