"""Ports of the loopback interface, and commands to a MongoDB server on one (MongoDB wire protocol, OP_MSG)."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from .codec import decode, encode

__all__ = ["HOST", "CommandError", "Line", "answers", "free_port", "port_is_free"]

HOST = "127.0.0.1"
OP_MSG = 2013
HEADER = struct.Struct("<iiiiIB")
"""Length, request, response to, operation, flags, and the kind of the one section."""
LARGEST = 48_000_000
"""Bytes of the largest message there can be."""


class CommandError(Exception):
    """The server has answered, and refused."""


class Line:
    """A connection to the server on a port of the loopback interface."""

    def __init__(self, port: int, seconds: float = 5.0) -> None:
        self.socket = socket.create_connection((HOST, port), seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def command(self, document: Mapping[str, Any], database: str = "admin") -> dict[str, Any]:
        """Send a command and return the reply.

        Raises CommandError where it is not ``ok``, OSError when the line breaks, ValueError for what is no reply.
        """
        body = encode({**document, "$db": database})
        self.socket.sendall(HEADER.pack(HEADER.size + len(body), 1, 0, OP_MSG, 0, 0) + body)
        size, _, _, operation, _, kind = HEADER.unpack(self._read(HEADER.size))
        if operation != OP_MSG or kind or not HEADER.size < size <= LARGEST:
            raise ValueError("what answers is no MongoDB server")
        reply = decode(self._read(size - HEADER.size))
        if reply.get("ok") != 1:
            raise CommandError(str(reply.get("errmsg", reply)))
        return reply

    def _read(self, size: int) -> bytes:
        read = bytearray()
        while len(read) < size:
            chunk = self.socket.recv(min(size - len(read), 65536))
            if not chunk:
                raise ConnectionResetError("the server has closed the connection")
            read += chunk
        return bytes(read)


def answers(port: int, seconds: float = 1.0) -> bool:
    """Return whether a MongoDB server on this port of the loopback interface answers a ping."""
    try:
        with Line(port, seconds) as line:
            line.command({"ping": 1})
    except (OSError, ValueError, CommandError):
        return False
    return True


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
