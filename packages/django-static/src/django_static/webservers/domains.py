"""The domains that a server answers to: those of the site, and those that its pages name for static files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

__all__ = ["ANY", "domains"]

#: Whatever a request names.
ANY = "_"


def domains(
    given: Sequence[str], allowed: Sequence[str], urls: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the server, and the hosts that pages name beside them.

    A host of the settings that is below a domain of the site, as ``static.example.com`` is below ``example.com`` and beside
    ``www.example.com``, is the site's own. Any other may be a CDN's, and only its owner knows where that leads.

    Args:
        given: the names that were asked for; then there are no others.
        allowed: ``ALLOWED_HOSTS``.
        urls: settings that may begin with a host: ``//static.example.com``.
    """
    names = list(given) or ([ANY] if "*" in allowed else list(allowed) or [ANY])
    foreign = []
    for host in filter(None, (urlsplit(url).hostname for url in urls)):
        if any(_covers(name, host) for name in names):
            continue
        if not given and any(_is_beside(host, name) for name in allowed):
            names.append(host)
        else:
            foreign.append(host)
    return tuple(names), tuple(dict.fromkeys(foreign))


def _covers(name: str, host: str) -> bool:
    name = name.lower().strip("[]")
    return name in (ANY, host) or (name.startswith(".") and f".{host}".endswith(name))


def _is_beside(host: str, name: str) -> bool:
    # A name without a dot, such as localhost, has nothing below it.
    domain = name.lower().removeprefix("www.").lstrip(".")
    return "." in domain and host.endswith(f".{domain}")
