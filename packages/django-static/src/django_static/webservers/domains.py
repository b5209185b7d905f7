"""The domains that a server answers to: those of the site, and those that its pages name for static files."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

__all__ = ["ANY", "Domains", "domains"]

#: Whatever a request names.
ANY = "_"


class Domains(NamedTuple):
    """Who answers to which."""

    #: The names of the server of the application.
    names: tuple[str, ...]
    #: Hosts that pages name beside those; it is not known where they lead.
    foreign: tuple[str, ...]
    #: Hosts that lead here, and have a server of their own.
    apart: tuple[str, ...]


def domains(
    given: Sequence[str], allowed: Sequence[str], urls: Iterable[str], alone: Container[str] = ()
) -> Domains:
    """Sort the hosts that pages name.

    A host of the settings that is below a domain of the site, as ``static.example.com`` is below ``example.com`` and beside
    ``www.example.com``, is the site's own. Any other may be a CDN's, and only its owner knows where that leads.

    Args:
        given: the names that were asked for; then there are no others.
        allowed: ``ALLOWED_HOSTS``.
        urls: settings that may begin with a host: ``//static.example.com``.
        alone: hosts with nothing but files, if they are not the application's.
    """
    names = list(given) or ([ANY] if "*" in allowed else list(allowed) or [ANY])
    foreign, apart = [], []
    for host in dict.fromkeys(filter(None, (urlsplit(url).hostname for url in urls))):
        is_covered = any(_covers(name, host) for name in names)
        if not is_covered and (given or not any(_is_beside(host, name) for name in allowed)):
            foreign.append(host)
        elif host in alone and not _is_of_application(host, names):
            apart.append(host)
        elif not is_covered:
            names.append(host)
    names = [name for name in names if name.lower() not in apart]
    return Domains(tuple(names), tuple(foreign), tuple(apart))


def _is_of_application(host: str, names: Sequence[str]) -> bool:
    """Whether pages are to be expected there: it is the only name, that of the whole domain, or the one with ``www.``."""
    bare = {name.lower().lstrip(".") for name in names}
    return host.startswith("www.") or (
        host in bare and (bare == {host} or any(_is_beside(name, host) for name in bare))
    )


def _covers(name: str, host: str) -> bool:
    name = name.lower().strip("[]")
    return name in (ANY, host) or (name.startswith(".") and f".{host}".endswith(name))


def _is_beside(host: str, name: str) -> bool:
    # A name without a dot, such as localhost, has nothing below it.
    domain = name.lower().removeprefix("www.").lstrip(".")
    return "." in domain and host.endswith(f".{domain}")
