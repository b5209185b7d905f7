"""``python -m mongokit.embedded --data DIR [--port N]``: serve a folder in the foreground until Ctrl-C, or ``--stop`` its server.

It prints where the server is, without the password: what is printed is copied to command lines, which ``ps`` shows to
every user of the machine.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from mongokit.embedded import EmbeddedServer, EmbeddedServerError, stop_server

ADVICE = """\
The password is in {server.password_file}, which only you can read.
  mongosh, and others that ask for it: name the address below
  Python: Connection(EmbeddedServer({folder!r}).start().uri)
"""
LOOK_SECONDS = 1.0
"""How often it looks whether the keeper is still there."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mongokit.embedded", description="Serve a MongoDB data folder."
    )
    parser.add_argument(
        "--data", required=True, metavar="DIR", help="the data folder; made where it is missing"
    )
    parser.add_argument("--port", type=int, metavar="N", help="the port on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--with-password",
        action="store_true",
        help="print the URI with the password: for a program that reads it from a pipe",
    )
    parser.add_argument(
        "--fsync",
        action="store_true",
        help="have each change on the disk before it is acknowledged, safe from a power failure too: slow",
    )
    parser.add_argument(
        "--stop",
        action="store_true",
        help="end the server of the folder, whoever uses it; it stays so until a program starts that needs it",
    )
    options = parser.parse_args(arguments)
    if options.stop:
        if options.port is not None or options.with_password or options.fsync:
            parser.error("--stop takes --data only")
        return _stop(options.data)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with EmbeddedServer(options.data, options.port, fsync=options.fsync) as server:
            where = server.uri if options.with_password else server.address
            if not options.with_password:
                print(ADVICE.format(server=server, folder=str(server.path)), file=sys.stderr, flush=True)  # noqa: T201 (help for a person)
            print(where, flush=True)  # noqa: T201 (the one line this command is for)
            while not stopped.wait(LOOK_SECONDS):
                if server.is_stopped:
                    print("somebody has stopped the server", file=sys.stderr)  # noqa: T201 (news)
                    break
                if server.revive():
                    print(f"the keeper was killed; serving again: {where}", file=sys.stderr)  # noqa: T201 (news)
    except EmbeddedServerError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command's error)
        return 1
    return 0


def _stop(folder: str) -> int:
    try:
        was_there = stop_server(folder)
    except EmbeddedServerError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command's error)
        return 1
    if not was_there:
        print(f"error: no server of {folder} runs", file=sys.stderr)  # noqa: T201 (a command's error)
        return 1
    print(f"stopped the server of {folder}")  # noqa: T201 (the one line this command is for)
    return 0


if __name__ == "__main__":
    sys.exit(main())
