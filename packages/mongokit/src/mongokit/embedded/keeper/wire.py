"""Ports of the loopback interface, and whether a MongoDB server answers on one."""

from __future__ import annotations

import socket
import struct

__all__ = ["HOST", "answers", "free_port", "port_is_free"]

HOST = "127.0.0.1"


def _ping_message() -> bytes:
    """Return ``{ping: 1, $db: "admin"}`` as an OP_MSG (MongoDB wire protocol)."""
    elements = b"\x10ping\0" + struct.pack("<i", 1) + b"\x02$db\0" + struct.pack("<i", 6) + b"admin\0"
    document = struct.pack("<i", len(elements) + 5) + elements + b"\0"
    return struct.pack("<iiiiIB", 21 + len(document), 1, 0, 2013, 0, 0) + document


def answers(port: int, seconds: float = 1.0) -> bool:
    """Return whether a MongoDB server on this port of the loopback interface answers a ping."""
    try:
        with socket.create_connection((HOST, port), seconds) as connection:
            connection.sendall(_ping_message())
            reply = connection.recv(4096)
    except OSError:
        return False
    return b"\x01ok\0" + struct.pack("<d", 1.0) in reply


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
