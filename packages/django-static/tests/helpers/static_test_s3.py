"""An S3 on loopback (moto's server) behind a proxy that breaks what a test wants broken."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from email.utils import formatdate
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

from botocore.loaders import create_loader
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

_SITE = {"Server": "nginx/1.27", "Content-Type": "text/html"}
#: What a server that is not S3, or does not let us in, sends for everything.
_ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "website": (200, _SITE, b"<html><p/></html>"),
    "no xml": (200, _SITE, b"<html><p>"),
    "nothing": (204, _SITE, b""),
    "404": (404, _SITE, b"<html><h1>Not found</h1></html>"),
    "405": (405, _SITE, b"<html><h1>Not allowed</h1></html>"),
    "301": (301, {**_SITE, "Location": "/elsewhere"}, b""),
    "403": (403, {}, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do(self) -> None:
        body_length = int(self.headers.get("Content-Length") or 0)
        self.server.seen.append((self.command, self.path))
        fault = self.server.fault(self.command, self.path)
        self.server.asked.set()
        if fault == "500":
            self.rfile.read(body_length)
            self.reply(500, {}, b"<Error><Code>InternalError</Code></Error>")
        elif fault == "silence":
            self.rfile.read(body_length)
            self.server.released.wait(60)
            self.close_connection = True
        elif fault in _ANSWERS:
            self.rfile.read(body_length)
            self.reply(*_ANSWERS[fault])
        elif fault == "half":
            self.half(body_length)
        else:
            status, headers, body = self.forward(self.rfile.read(body_length))
            if self.command == "PUT":
                self.server.stored.append((self.path, dict(self.headers)))
            self.reply(status, headers, body)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = do

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(*self.server.target, timeout=30)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("expect", "connection")}
            # Moto has a plus sign for one, which S3 reads as a space.
            path, mark, query = self.path.partition("?")
            upstream.request(self.command, f"{path.replace('+', '%20')}{mark}{query}", body or None, headers)
            response = upstream.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            upstream.close()

    def half(self, length: int) -> None:
        """Pass on the head of the request and half of its body, then hang up on both sides."""
        with socket.create_connection(self.server.target, 30) as upstream:
            head = f"{self.requestline}\r\n" + "".join(
                f"{k}: {v}\r\n" for k, v in self.headers.items() if k.lower() != "expect"
            )
            upstream.sendall(head.encode() + b"\r\n" + self.rfile.read(length // 2))
        self.close_connection = True

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        if self.server.now is not None:
            headers = {**headers, "Date": formatdate(self.server.now, usegmt=True)}
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.seen: list[tuple[str, str]] = []
        self.stored: list[tuple[str, dict[str, str]]] = []
        self.faults: list[tuple[str, str]] = []
        #: What time it says it is, if it is not to say what it is.
        self.now: float | None = None
        self.asked, self.released = threading.Event(), threading.Event()
        self.lock = threading.Lock()

    def fault(self, method: str, path: str) -> str:
        with self.lock:
            for number, (wanted, kind) in enumerate(self.faults):
                verb, _, name = wanted.partition(" ")
                if verb in (method, "*") and f"/{name}" in path:
                    if not kind.endswith("!"):
                        del self.faults[number]
                    return kind.rstrip("!")
        return ""

    def handle_error(self, *args: Any) -> None:
        pass  # a client that has gone away is what tests are about


class Bucket:
    """A bucket of its own for each test; ``endpoint`` leads through the proxy."""

    def __init__(self, server: _Server, name: str) -> None:
        self.server = server
        self.name = name
        self.endpoint = f"http://127.0.0.1:{server.server_port}"
        self.base = f"{self.endpoint}/{name}"
        self.make(name)

    def breaks(self, *faults: tuple[str, str]) -> None:
        """``("PUT", "500")`` breaks the next PUT; ``"500!"`` every one from now on; ``*`` is any method.

        ``"PUT a."`` breaks it only for files whose names begin so.
        """
        self.server.faults[:] = faults

    def puts(self) -> list[str]:
        """The keys stored so far, in their order."""
        return [path.split("?")[0].removeprefix(f"/{self.name}/") for path, _ in self.server.stored]

    def requests(self) -> int:
        return len(self.server.seen)

    def get(self, key: str) -> tuple[int, Message, bytes]:
        return self._straight(f"{self.name}/{key}", "GET")

    def make(self, name: str) -> None:
        """A bucket that everybody may read, as a distribution may."""
        self._straight(name, "PUT")
        allowed = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": [f"s3:{verb}Object" for verb in ("Get", "Head", "Delete")],
            "Resource": f"arn:aws:s3:::{name}/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [allowed]}
        status, _, body = self._straight(f"{name}?policy", "PUT", json.dumps(policy).encode())
        assert status < 300, body

    def put(self, key: str, body: bytes = b"x", **headers: str) -> None:
        self._straight(
            f"{self.name}/{key}", "PUT", body, {k.replace("_", "-"): v for k, v in headers.items()}
        )

    def remove(self, key: str) -> None:
        self._straight(f"{self.name}/{key}", "DELETE")

    def date(self, key: str, seconds: float) -> None:
        """Have a file count as stored at a time, in seconds of the epoch."""
        kept = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[self.name].keys[key]
        kept.last_modified = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)

    def keys(self) -> list[str]:
        _, _, body = self._straight(f"{self.name}?list-type=2", "GET")
        return [part.split(b"</Key>")[0].decode() for part in body.split(b"<Key>")[1:]]

    def _straight(self, path: str, method: str, body: bytes | None = None, headers: Any = None) -> Any:
        connection = http.client.HTTPConnection(*self.server.target, timeout=30)
        try:
            connection.request(method, f"/{path}", body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()


@contextmanager
def read_once() -> Iterator[None]:
    """Within, all clients share what boto3 reads of its own files, which takes half a second for each."""
    with patch("botocore.session.create_loader", cache(create_loader)):
        yield


@contextmanager
def moto() -> Iterator[tuple[str, int]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()
    finally:
        server.stop()


@contextmanager
def front(target: tuple[str, int]) -> Iterator[_Server]:
    with _Server(target) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join(30)
