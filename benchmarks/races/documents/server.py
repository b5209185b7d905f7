"""The one server that all contestants talk to: the embedded one, or what ``MONGODB_URI`` names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from harness.contestant import Services
from harness.machine import listener_pids
from races.documents.store import URI

__all__ = ["server"]


@contextmanager
def server(workspace: Path, *, journaled: bool = False) -> Iterator[Services]:
    """The services of a race. The CPU time of a server on this machine is the race's own, not foreign.

    :param journaled: whether clients of the embedded server ask for the journal, as its URI does.
    """
    given = os.environ.get("MONGODB_URI")
    if given:
        yield _services(given, "named by MONGODB_URI")
        return
    from mongokit.embedded import EmbeddedServer

    with EmbeddedServer(workspace / "mongodb") as embedded:
        if journaled:
            yield _services(embedded.uri, "embedded, writes journaled")
            return
        # Where a server has it on the disk first, a client that sleeps meanwhile pays for waking up: twice the CPU time.
        uri = embedded.uri.replace("journal=true", "journal=false")
        yield _services(uri, "embedded, writes not journaled")


def _services(uri: str, which: str) -> Services:
    client: MongoClient[Any] = MongoClient(uri)
    with client:
        version = client.server_info()["version"]
        host, port = client.address or ("", 0)
    local = host in {"localhost", "127.0.0.1", "::1"}
    return Services(
        environment={URI: uri},
        pids=listener_pids(port) if local else (),
        facts={"server": f"{which}, says it is MongoDB {version}"},
    )
