"""Ports for servers of tests."""

import socket
import sys


def free_port():
    """Return a port for a server of a test: until this process ends nobody gets it who asks for any.

    It stays bound. On Linux a server may listen on it all the same, as both say SO_REUSEADDR; elsewhere it could not.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port = held.getsockname()[1]
    if sys.platform == "linux":
        held.detach()  # left open
    else:
        held.close()
    return port
