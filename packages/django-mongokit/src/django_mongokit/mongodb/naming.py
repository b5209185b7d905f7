"""Which test database an alias gets and whether it is anybody's real one, told from the settings alone.

As with Django's other backends, aliases whose test databases are one, of one name on one server, share it, and
`TEST["MIRROR"]` has an alias use that of another. Nothing here connects to a server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django_mongokit.conf import (
    ENGINE,
    SettingError,
    client_settings,
    entry,
    mongodb_aliases,
    split_uri,
    test_database_name,
)

__all__ = ["EndangeredDatabase", "mirrored", "safe_test_name", "servers_of", "signature_of"]

_PORT = 27_017
_THIS_MACHINE = frozenset({"", "localhost", "127.0.0.1", "::1"})
# What Django's parallel runner and pytest-xdist append to the names of their workers' databases.
_WORKER = re.compile(r"_([0-9]+|gw[0-9]+)")


class EndangeredDatabase(SettingError):
    """A test database of one alias has the name of a real one: its tests would drop that."""


def mirrored(alias: str) -> str:
    """Return the alias whose test database `alias` is to use: where its `TEST["MIRROR"]` leads, else itself.

    Raises `SettingError` for one that leads to no alias of MongoDB, or in a circle.
    """
    found, seen = alias, {alias}
    while target := (entry(found).get("TEST") or {}).get("MIRROR"):
        if target not in mongodb_aliases() or target in seen:
            why = "leads back to itself" if target in seen else "is no alias of MongoDB"
            raise SettingError(
                found,
                "TEST",
                f"has the MIRROR {target!r}, which {why}.",
                "Name the alias whose test database this one is to use, or leave it out.",
            )
        seen.add(target)
        found = target
    return found


def safe_test_name(alias: str, values: Mapping[str, Any], name: str, reals: Mapping[str, Any]) -> str:
    """Return how the test database of an entry is called whose own database is called `name`.

    `reals` are the names of all aliases' real databases. Raises what `test_database_name` raises, and
    `EndangeredDatabase` where the test database, or a worker's copy of it, is one of those of the same server.
    """
    chosen = test_database_name(alias, values, name)
    for other, real in reals.items():
        rest = real.removeprefix(chosen) if isinstance(real, str) and real.startswith(chosen) else None
        if rest is None or (rest and not _WORKER.fullmatch(rest)):
            continue
        if other == alias or servers_of(alias, values) & servers_of(other, entry(other)):
            copy = f"; {real!r}, a copy of that for a parallel run," if rest else ", which"
            raise EndangeredDatabase(
                alias,
                "TEST",
                f"makes the test database {chosen!r}{copy} is the real database of DATABASES[{other!r}].",
                'Write "TEST": {"NAME": "test_…"} with another name: tests drop it.',
            )
    return chosen


def signature_of(alias: str, values: Mapping[str, Any], test_name: str) -> tuple[str, ...]:
    """Return what tells two test databases apart: the server and the name."""
    return *sorted(servers_of(alias, values)), ENGINE, test_name


def servers_of(alias: str, values: Mapping[str, Any]) -> frozenset[str]:
    """Return the servers of an entry, one spelling for each: "host:port", or the folder of an embedded server."""
    try:
        found = client_settings(alias, values, debug=False)
    except SettingError:
        # Nothing is reached there; a check of its own says why.
        return frozenset({f"{values.get('HOST')!r} {values.get('PORT')!r}"})
    if found.embedded is not None:
        return frozenset({str(found.embedded.resolve())})
    hosts = found.host if isinstance(found.host, list) else [found.host or ""]
    return frozenset(_server(one, found.port) for host in hosts for one in _places(host))


def _places(host: str) -> list[str]:
    if "://" in host:
        host = split_uri(host).servers.rpartition("@")[2]
    return host.split(",")


def _server(place: str, port: int | None) -> str:
    address, _, number = place.strip().rpartition(":")
    if not address or not number.isdecimal():
        address, number = place.strip(), str(port or _PORT)
    address = address.strip("[]").lower()
    return f"{'localhost' if address in _THIS_MACHINE else address}:{number}"
