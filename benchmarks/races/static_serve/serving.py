"""Start a server with a contestant's application, check what it sends, and hand over what is timed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from harness.contestant import Elapsed, Operation
from races.static_serve import site
from races.static_serve.load import Exchange, fetch, load

__all__ = ["operations"]

#: The same servers for all, by case, which begins with the interface: what Python is started with; one process each that
#: serves, and nothing written for a request.
_SERVERS = {
    "wsgi": ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "{module}:wsgi()"),
    "wsgi_granian": (
        *(
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--workers",
            "1",
        ),
        *("--blocking-threads", "1", "--log-level", "warning", "--factory", "{module}:wsgi"),
    ),
    "wsgi_uwsgi": (
        *("-c", "import sys, pyuwsgi; pyuwsgi.run(sys.argv[1:])", "--http-socket", "127.0.0.1:{port}"),
        *("--master", "--die-on-term", "--single-interpreter", "--need-app", "--disable-logging"),
        *("--module", "{module}:wsgi()"),
    ),
    "asgi": (
        # Not by --fd: that socket would lack TCP_NODELAY, and each reply wait 40 ms for its last bytes.
        *("-m", "uvicorn", "--port", "{port}", "--factory", "--no-access-log", "--log-level", "warning"),
        *("--loop", "uvloop", "--http", "httptools", "{module}:asgi"),
    ),
}
#: Those that close each connection after its reply; so few at once that none waits for long.
_CLOSING = ("wsgi", "wsgi_uwsgi")
_CONNECTIONS = {"wsgi": 2, "wsgi_uwsgi": 2, "wsgi_granian": 8, "asgi": 8}
_PATIENCE = 30.0
_START = """
import time
from races.static_serve import {module} as contestant
application = contestant.before()
start = time.perf_counter()
contestant.serve(application, {edge!r})
print(time.perf_counter() - start)
"""


@contextmanager
def operations(
    name: str,
    workspace: Path,
    *,
    edges: Sequence[str],
    build: Callable[[], str],
    revalidates: bool = True,
    starts: bool = True,
) -> Iterator[Mapping[str, Operation]]:
    """The operations of a contestant by case: each of ``edges``, and the same with ``_304``.

    ``build`` publishes the source and tells the path of the file that is asked for, in a process that
    ``PLACE`` is set in. A contestant without ``revalidates`` has no 304; ``starts`` says that starting is measured.
    """
    one, many = workspace / "one", workspace / "many"
    site.write(one / "source", many=False)
    os.environ[site.PLACE] = str(one)
    target = build()
    with contextlib.ExitStack() as stack:
        found: dict[str, Operation] = {}
        for edge in edges:
            address, process = stack.enter_context(_running(name, edge))
            # What starting takes is no matter of the server.
            check = _start_of(name, edge, many) if starts and "_" not in edge else None
            found[edge] = _operation(address, process, edge, target, {}, b" 200 ", check)
            if revalidates:
                reply = fetch(address, _request(target, {}, is_kept=False))
                tag = re.search(rb"\r\nETag: ([^\r\n]+)", reply, re.IGNORECASE)
                if tag is None:
                    raise ValueError(f"no ETag: {reply[:300]!r}")
                fields = {"If-None-Match": tag[1].decode()}
                found[f"{edge}_304"] = _operation(address, process, edge, target, fields, b" 304 ", None)
        yield found


def _operation(
    address: tuple[str, int],
    process: psutil.Process,
    edge: str,
    target: str,
    fields: Mapping[str, str],
    status: bytes,
    check: Callable[[], Mapping[str, float]] | None,
) -> Operation:
    """The exchange, looked at once. ValueError where it is not the file that comes back."""
    reply = fetch(address, _request(target, fields, is_kept=False))
    head, _, body = reply.partition(b"\r\n\r\n")
    if status not in head.split(b"\r\n")[0] or body != (site.CONTENT if status == b" 200 " else b""):
        raise ValueError(f"{target} is answered with {head!r} and {len(body)} bytes")
    is_kept = edge not in _CLOSING
    request = _request(target, fields, is_kept=is_kept)
    # A connection that goes on has one field less in its reply.
    length = _length(address, request, len(body)) if is_kept else len(reply)
    exchange = Exchange(request, head.split(b"\r\n")[0], length, is_kept)

    def run(loops: int) -> Elapsed:
        before = _cpu(process)
        wall = load(address, exchange, loops, _CONNECTIONS[edge])
        return Elapsed(wall, _cpu(process) - before)

    return Operation(run=run, gauges=lambda: {"memory": _memory(process)}, check=check)


def _length(address: tuple[str, int], request: bytes, content: int) -> int:
    """Bytes of a reply after which the connection goes on."""
    with socket.create_connection(address, _PATIENCE) as sock:
        sock.sendall(request)
        reply = b""
        while b"\r\n\r\n" not in reply:
            chunk = sock.recv(1 << 16)
            if not chunk:
                raise ValueError(f"the connection was closed after {reply!r}")
            reply += chunk
    return reply.index(b"\r\n\r\n") + 4 + content


def _request(target: str, fields: Mapping[str, str], *, is_kept: bool) -> bytes:
    lines = {
        "Host": "localhost",
        "User-Agent": "bench",
        "Accept": "*/*",
        **fields,
        **({} if is_kept else {"Connection": "close"}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {target} HTTP/1.1\r\n{head}\r\n".encode()


@contextmanager
def _running(name: str, edge: str) -> Iterator[tuple[tuple[str, int], psutil.Process]]:
    """A server with one process that serves requests; its address and that process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address: tuple[str, int] = listener.getsockname()
    module = f"races.static_serve.{name}"
    command = (part.format(port=address[1], module=module) for part in _SERVERS[edge])
    server = subprocess.Popen([sys.executable, "-P", *command], stdin=subprocess.DEVNULL, env=_environment())
    try:
        _wait_for(address, server)
        process = psutil.Process(server.pid)
        workers = process.children()
        yield address, workers[0] if workers else process
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _environment() -> dict[str, str]:
    """In which servers find the contestants, however this module was found."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def _wait_for(address: tuple[str, int], server: subprocess.Popen[bytes]) -> None:
    """Return when a reply comes. ValueError where the server ends before, or none comes in time."""
    limit = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < limit:
        with contextlib.suppress(OSError):
            if fetch(address, _request("/", {}, is_kept=False)):
                return
        time.sleep(0.05)
    raise ValueError(f"no reply from {server.args!r}: exit code {server.poll()}")


def _cpu(process: psutil.Process) -> float:
    """Seconds of all its threads, those that have ended included."""
    if psutil.LINUX:
        # What clock_getcpuclockid(3) makes of a process id: to the nanosecond, where the other way has steps of 10 ms.
        return time.clock_gettime(~process.pid << 3 | 2)
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory(process: psutil.Process) -> float:
    """Bytes that are its own, shared ones by their share where the system tells."""
    full = process.memory_full_info()
    return float(getattr(full, "pss", full.uss))


def _start_of(name: str, edge: str, place: Path) -> Callable[[], Mapping[str, float]]:
    """How long the application takes to be made around another one, with ten thousand files published."""

    def check() -> Mapping[str, float]:
        environment = {**_environment(), site.PLACE: str(place)}
        if not place.exists():
            site.write(place / "source", many=True)
            code = f"from races.static_serve import {name}; {name}.build_many()"
            subprocess.run(
                [sys.executable, "-P", "-c", code], env=environment, check=True, capture_output=True
            )
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-P", "-c", _START.format(module=name, edge=edge)],
                env=environment,
                check=True,
                capture_output=True,
            )
            taken.append(float(done.stdout))
            if time.perf_counter() - start > _PATIENCE:
                break
        shutil.rmtree(place, ignore_errors=True)
        return {"start": min(taken)}

    return check
