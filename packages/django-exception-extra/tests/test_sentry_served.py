"""What Sentry is told where a server has many requests in one process: of each the user who sent it, and no other."""

import contextlib
import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from free_ports import free_port

HELPERS = Path(__file__).parent / "helpers"
WAIT = 30.0
SERVERS = {
    "uvicorn": (
        "uvicorn",
        "failing.sentry_served:asgi",
        "--log-level",
        "critical",
        "--lifespan",
        "off",
        "--port",
    ),
    "gunicorn": (
        *("gunicorn", "failing.sentry_served:wsgi", "--threads", "4", "--no-control-socket"),
        *("--log-level", "critical", "--bind"),
    ),
}
VISITORS = ("anita", "bert", "clara", "nobody")
# One after the other: who comes after a failure must not be taken for the one who had it.
PATHS = ("/crash/", "/say/", "/say/?outside", "/asay/", "/acrash/", "/say/", "/stream/", "/astream/", "/say/")
# Sentry's own middleware for WSGI hears nothing of an asynchronous body, which Django reads before it sends any.
UNHEARD = {("gunicorn", "with Django's"): ("/astream/",)}


@pytest.fixture(
    scope="module", params=itertools.product(SERVERS, ("ours only", "with Django's")), ids=", ".join
)
def running(request, tmp_path_factory):
    """The port, the session keys, the file with what Sentry is told, and the addresses it is told of."""
    server, sentry = request.param
    tmp_path = tmp_path_factory.mktemp("served")
    environment = os.environ | {
        "PYTHONPATH": str(HELPERS),
        "SENTRY": sentry,
        "EVENTS": str(tmp_path / "events"),
    }
    made = subprocess.run(
        [sys.executable, "-m", "failing.sentry_served"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    port = free_port()
    address = str(port) if server == "uvicorn" else f"127.0.0.1:{port}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *SERVERS[server], address],
            env=environment,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port, process, tmp_path / "log")
        paths = [path for path in PATHS if path not in UNHEARD.get(request.param, ())]
        yield port, json.loads(made.stdout), tmp_path / "events", paths
    finally:
        process.terminate()
        process.wait(WAIT)


@pytest.fixture
def served(running):
    """The same, and Sentry was told nothing yet."""
    running[2].unlink(missing_ok=True)
    return running


def wait_for(port, process, log):
    end = time.monotonic() + WAIT
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"no server on port {port}:\n{log.read_text()}")


def ask(port, keys, path, visitor):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    try:
        mark = "&" if "?" in path else "?"
        headers = {"Cookie": f"sessionid={keys[visitor]}"} if visitor in keys else {}
        connection.request("GET", f"{path}{mark}by={visitor}", headers=headers)
        # A body that breaks, before or after the server has sent its beginning.
        with contextlib.suppress(http.client.IncompleteRead):
            connection.getresponse().read()
    finally:
        connection.close()


def told(events, count):
    """Who asked, and who that is by Sentry; the last answer may be there before its event is."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        lines = events.read_text().splitlines() if events.exists() else []
        if len(lines) >= count:
            return [
                (e["asked_by"], (e["user"] or {}).get("username", "nobody")) for e in map(json.loads, lines)
            ]
        time.sleep(0.05)
    raise AssertionError(f"{len(lines)} events of {count}: {lines}")


def says(path, visitor):
    """Who Sentry is told it was: in an event of what did not fail nobody has been looked for."""
    return visitor if path not in ("/say/", "/asay/") else "nobody"


def test_one_after_the_other(served):
    port, keys, events, paths = served
    expected = []
    for path, visitor in itertools.product(paths, VISITORS):
        # What the view says is sent before it fails outside.
        expected += [(visitor, says(each, visitor)) for each in (["/say/", path] if "?" in path else [path])]
        ask(port, keys, path, visitor)
        assert sorted(told(events, len(expected))) == sorted(expected)


def test_many_at_once(served):
    port, keys, events, _ = served
    asked = list(itertools.product(("/crash/", "/acrash/", "/say/"), VISITORS * 3))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: ask(port, keys, *each), asked))
    found = told(events, len(asked))
    assert sorted(found) == sorted((visitor, says(path, visitor)) for path, visitor in asked)
