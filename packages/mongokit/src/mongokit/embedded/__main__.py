"""``python -m mongokit.embedded --data DIR [--port N]``: serve a folder in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from mongokit.embedded import EmbeddedServer, EmbeddedServerError

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
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with EmbeddedServer(options.data, options.port) as server:
            print(server.uri, flush=True)  # noqa: T201 (the one line this command is for)
            while not stopped.wait(LOOK_SECONDS):
                if server.revive():
                    print(f"the keeper was killed; serving again: {server.uri}", file=sys.stderr)  # noqa: T201 (news)
    except EmbeddedServerError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 (a command's error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
