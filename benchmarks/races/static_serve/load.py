"""A client that costs less than any server here: one loop over a few sockets, in which bytes are only counted."""

from __future__ import annotations

import selectors
import socket
import time
from dataclasses import dataclass, field

__all__ = ["Exchange", "fetch", "load"]

_CHUNK = 1 << 18
#: Seconds without a byte after which a server counts as stuck.
_PATIENCE = 20.0


@dataclass(frozen=True)
class Exchange:
    """A request as it goes over the wire, and the reply that was checked before."""

    request: bytes
    #: How each reply begins, and how many bytes all of it has.
    begins: bytes
    length: int
    #: Whether the server goes on with the connection afterwards.
    is_kept: bool


@dataclass
class _Connection:
    sock: socket.socket
    begin: bytes = b""
    taken: int = field(default=0)


def fetch(address: tuple[str, int], request: bytes) -> bytes:
    """One reply, for a look at it; the request must ask the server to close."""
    with socket.create_connection(address, _PATIENCE) as sock:
        sock.sendall(request)
        reply = b""
        while chunk := sock.recv(_CHUNK):
            reply += chunk
    return reply


def load(address: tuple[str, int], exchange: Exchange, count: int, connections: int) -> float:
    """Seconds that ``count`` exchanges take over so many connections, each of which waits for one reply at a time.

    ValueError where a reply is another one than was checked.
    """
    selector = selectors.DefaultSelector()
    waiting = count
    done = 0

    def begin(connection: _Connection) -> None:
        nonlocal waiting
        waiting -= 1
        connection.begin, connection.taken = b"", 0
        connection.sock.sendall(exchange.request)

    def opened() -> None:
        connection = _Connection(socket.create_connection(address, _PATIENCE))
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection.sock, selectors.EVENT_READ, connection)
        begin(connection)

    def close(connection: _Connection) -> None:
        selector.unregister(connection.sock)
        connection.sock.close()

    start = time.perf_counter()
    try:
        for _ in range(min(connections, count)):
            opened()
        while done < count:
            ready = selector.select(_PATIENCE)
            if not ready:
                raise ValueError(f"{done} of {count} replies came, and then nothing for {_PATIENCE} seconds")
            for key, _ in ready:
                connection = key.data
                chunk = connection.sock.recv(_CHUNK)
                if not connection.taken:
                    connection.begin = chunk[: len(exchange.begins)]
                connection.taken += len(chunk)
                if chunk and (not exchange.is_kept or connection.taken < exchange.length):
                    continue
                if connection.taken != exchange.length or connection.begin != exchange.begins:
                    raise ValueError(
                        f"a reply of {connection.taken} bytes that begins {connection.begin!r}; checked was one of "
                        f"{exchange.length} that begins {exchange.begins!r}"
                    )
                done += 1
                if exchange.is_kept and waiting:
                    begin(connection)
                    continue
                close(connection)
                if waiting:
                    opened()
        return time.perf_counter() - start
    finally:
        for key in list(selector.get_map().values()):
            close(key.data)
        selector.close()
