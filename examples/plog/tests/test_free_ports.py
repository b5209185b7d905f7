"""The ports that tests give to servers."""

import socket
import sys

import pytest
from running import free_port


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux lets a server have a port that is held for it"
)
def test_a_free_port_is_held_for_a_server():
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)):
            pass
