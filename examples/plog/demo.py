"""Run the weblog: ``python demo.py --port 8000``, and ``--check`` to look at every page once and stop.

It prepares what has to be there (database, accounts, posts, static files), serves until Ctrl-C, and stops all it
started. Everything it writes is in ``var/plog`` of the repository (``PLOG_VAR`` names another folder) and stays there.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
#: Seconds the workers of a demo that was killed may still have its port.
PATIENCE_SECONDS = 3.0
OF_YOURS = "Or use a MongoDB server of yours: MONGODB_URI=mongodb://127.0.0.1:27017 make demo"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """The demo cannot run; the text says why and what to do."""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def var_folder() -> Path:
    """The folder for what the site writes, made if it is missing; raises `DemoError` where that cannot be."""
    var = Path(os.environ.get("PLOG_VAR") or HERE.parent.parent / "var" / "plog").resolve()
    try:
        var.mkdir(parents=True, exist_ok=True)
        probe = var / f".probe.{os.getpid()}"
        probe.touch()
        probe.unlink()
        for path in var.glob("[!.]*"):
            path.stat()
            # Left by another user, say. One of many libraries would stumble over it, each in its own words.
            if not os.access(path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    except OSError as error:
        raise DemoError(
            f"cannot write to {error.filename}: {error.strerror}. Make it writable for you, or name another folder: "
            "PLOG_VAR=/tmp/plog make demo"
        ) from error
    return var


def bound_socket(port: int) -> socket.socket:
    """A socket that has the port, before anything is prepared; raises `DemoError` if somebody else has it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            # Two sockets may be bound to one port as long as neither listens. From here on visitors wait in line.
            listener.listen(128)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            raise DemoError(
                f"port {port} cannot be had: {error.strerror}. {port_advice(port, error)}"
            ) from error
        return listener


def port_advice(port: int, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "Ports below 1024 are the administrator's. To take another: PORT=8001 make demo"
    return (
        f"To see who has it, perhaps an earlier demo: lsof -i :{port} (or ss -ltnp). "
        f"To take another: PORT={port + 1 if port < 65535 else port - 1} make demo"
    )


@contextmanager
def database(var: Path) -> Iterator[str]:
    """Hold the embedded MongoDB of ``var`` from first to last; yields where the database is.

    Workers use the same server by themselves. Holding it here keeps it while they are restarted, and lets us wait for
    its end. With ``MONGODB_URI`` there is nothing to hold.
    """
    if os.environ.get("MONGODB_URI"):
        yield "the server of MONGODB_URI"
        return
    try:
        from mongokit.embedded import EmbeddedServer, EmbeddedServerError
    except ImportError as error:
        raise DemoError(f"the embedded MongoDB cannot be used: {error}\n{OF_YOURS}") from error
    server = EmbeddedServer(var / "mongodb")
    try:
        server.start()
    except EmbeddedServerError as error:
        raise DemoError(f"{error}\n{OF_YOURS}") from error
    owner = os.getpid()
    try:
        yield f"embedded MongoDB on port {server.port}"
    finally:
        # A worker leaves through here as well.
        if os.getpid() == owner:
            server.stop()


def prepare() -> None:
    """Bring accounts, posts and static files up to date in a process of its own; raises `DemoError`.

    This process forks the workers, so it must not have threads, as a MongoDB client would give it.
    """
    command = [sys.executable, str(HERE / "manage.py"), "prepare_site"]
    child: subprocess.Popen[bytes] | None = None
    try:
        # Held back until we know the child: one that is started and not known would be left behind.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        try:
            # Ctrl-C reaches a child of this group as well, which would answer with a traceback.
            child = subprocess.Popen(command, cwd=HERE, process_group=0)  # noqa: S603 (our own command)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        code = child.wait()
    except BaseException:
        # A child that still dies still uses the database.
        if child is not None:
            child.kill()
            child.wait()
        raise
    if code != 0:
        raise DemoError("the site could not be prepared; the lines above say why")


def serve(port: int) -> None:
    """Prepare and serve until a signal ends it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plog.settings")
    var = var_folder()
    with bound_socket(port) as listener:
        started = time.monotonic()
        say(f"data in {var}")
        with database(var) as where:
            say(f"database: {where} ({time.monotonic() - started:.1f} s)")
            prepare()
            from plog.server import Server  # takes a while to import, and Ctrl-C should not find us at that

            Server(listener, var, say).run()


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="demo.py", description="Run the weblog on 127.0.0.1.")
    parser.add_argument("--port", default="8000", help="the port to serve on (default: 8000)")
    parser.add_argument("--check", action="store_true", help="start, request every page and asset, stop")
    options = parser.parse_args(arguments)
    # Until gunicorn takes the signals over, SIGTERM and a closed terminal end the demo as Ctrl-C does.
    # SIGINT too: a shell starts what it runs in the background with SIGINT ignored.
    for number in ENDINGS:
        signal.signal(number, interrupt)
    try:
        if not (options.port.isascii() and options.port.isdigit() and 0 < int(options.port) < 65536):
            raise DemoError(
                f"{options.port!r} is no port: it takes a number from 1 to 65535, as in PORT=8001 make demo"
            )
        if options.check:
            from plog.sitecheck import check_demo

            return check_demo([sys.executable, str(Path(__file__).resolve())], int(options.port))
        serve(int(options.port))
    except DemoError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main(sys.argv[1:]))
