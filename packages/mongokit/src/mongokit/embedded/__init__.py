"""A MongoDB server without installing one: SecantusDB, from a wheel, as a separate process.

>>> from mongokit.embedded import EmbeddedServer
>>> with EmbeddedServer("var/mongodb") as server:  # doctest: +SKIP
...     connection = Connection(server.uri)

It needs the extra ``slimstack-mongokit[embedded]`` and a POSIX system.
"""

import sys

if sys.platform == "win32":
    raise ImportError(
        "mongokit.embedded needs POSIX file locks, which Windows lacks; "
        "run a MongoDB server, and connect to that instead"
    )

from mongokit.embedded.programs import EmbeddedServerError
from mongokit.embedded.server import EmbeddedServer
from mongokit.embedded.stopping import stop_server

__all__ = ["EmbeddedServer", "EmbeddedServerError", "stop_server"]
