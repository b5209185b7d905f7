"""The table of cases: real servers, a real database, Django's own AdminEmailHandler, and mail over real SMTP.

Each case is asked for over HTTP, and what is looked at is the mail as it arrived.
"""

import contextlib
import email
import email.policy
import http.client
import json
import os
import queue
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from free_ports import free_port

HELPERS = Path(__file__).parent / "helpers"
ANITA = "'anita (Anita Test)'"
GONE = "'id={gone id} (from the session; deleted)'"
WAIT = 30.0

COMMANDS = {
    "wsgiref": ("-m", "failing.serve_wsgiref", "{port}"),
    "gunicorn": (
        *("-m", "gunicorn", "failing.wsgi:application", "--bind", "127.0.0.1:{port}"),
        *("--threads", "2", "--no-control-socket"),
    ),
    "uvicorn": ("-m", "uvicorn", "failing.asgi:application", "--port", "{port}", "--log-level", "warning"),
}


@dataclass(frozen=True)
class Case:
    """Where to fail, and what the mail must say; `sabotage` and `outer` are wishes to synchronous middleware."""

    path: str
    expected: str | None = ANITA
    who: str | None = "anita"
    sabotage: str | None = None
    outer: bool = False
    asynchronous: bool = False

    def headers(self, keys):
        headers = {"Cookie": f"sessionid={keys[self.who]}"} if self.who else {}
        if self.sabotage:
            headers["Sabotage"] = self.sabotage
        return headers | ({"Outer-Transaction": "yes"} if self.outer else {})

    @property
    def sync_only(self):
        return self.outer or self.sabotage not in (None, "page")


CASES = {
    "view": Case("/crash/"),
    "view that knows the user": Case("/crash_knowing_the_user/"),
    "template": Case("/template/"),
    "suspicious": Case("/suspicious/"),
    "answer": Case("/returned/503/"),
    "integrity error": Case("/twice/"),
    "no such table": Case("/no_such_table/"),
    "error hidden by another": Case("/twice_hidden/"),
    "error in a group": Case("/twice_in_a_group/"),
    "broken outer transaction": Case("/break_transaction/", outer=True),
    "failed in an outer transaction": Case("/twice/", outer=True),
    "failed in an outer transaction, SQL": Case("/twice_in_sql/", outer=True),
    "failed there with a deferred user": Case("/twice_in_sql_with_a_deferred_user/", outer=True),
    "middleware before authentication": Case("/fine/", sabotage="in0"),
    "middleware after authentication": Case("/fine/", sabotage="in1"),
    "middleware on the way out": Case("/fine/", sabotage="out1"),
    "outer middleware on the way out": Case("/fine/", sabotage="out0"),
    "middleware before, user deleted": Case("/fine/", GONE, "gone", sabotage="in0"),
    "404 page": Case("/nowhere/", sabotage="page"),
    "403 page": Case("/answer/403/", sabotage="page"),
    "async view": Case("/acrash/", asynchronous=True),
    "async view with auser": Case("/acrash_knowing_the_user/", asynchronous=True),
    "async database error": Case("/atwice/", asynchronous=True),
    "stream": Case("/stream_breaks/"),
    "stream, database error": Case("/stream_breaks_by_sql/"),
    "async stream": Case("/astream_breaks/", asynchronous=True),
    "user deleted": Case("/crash/", GONE, "gone"),
    "anonymous": Case("/crash/", None, None),
    "anonymous stream": Case("/stream_breaks/", None, None),
}

RUNS = {
    "wsgiref, SQLite": ("wsgiref", "sqlite", {"SYNC_ONLY": "yes"}),
    "gunicorn, PostgreSQL, ATOMIC_REQUESTS": (
        "gunicorn",
        "postgresql",
        {"SYNC_ONLY": "yes", "ATOMIC_REQUESTS": "yes"},
    ),
    "uvicorn, PostgreSQL": ("uvicorn", "postgresql", {}),
    "uvicorn, SQLite, synchronous middleware": ("uvicorn", "sqlite", {"SYNC_ONLY": "yes"}),
}


def takes_part(case, environment):
    if case.sync_only and "SYNC_ONLY" not in environment:
        return False
    # Django refuses asynchronous views under ATOMIC_REQUESTS.
    return not (case.asynchronous and "ATOMIC_REQUESTS" in environment)


TABLE = [
    pytest.param(run, name, id=f"{run}: {name}")
    for run, (_, _, environment) in RUNS.items()
    for name, case in CASES.items()
    if takes_part(case, environment)
]


class Inbox:
    """What an SMTP server keeps."""

    def __init__(self):
        self.mails = queue.Queue()

    async def handle_DATA(self, server, session, envelope):
        self.mails.put(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def one(self):
        return self.mails.get(timeout=WAIT)


@pytest.fixture(scope="module")
def inbox():
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    inbox.port = controller.port
    yield inbox
    controller.stop()


@pytest.fixture(scope="module")
def served(request, inbox, tmp_path_factory):
    """Start the server of a run when it is first asked for; returns its port and the session keys."""
    running = {}

    with contextlib.ExitStack() as stack:

        def get(run):
            if run not in running:
                running[run] = stack.enter_context(started(run))
            return running[run]

        @contextlib.contextmanager
        def started(run):
            server, engine, more = RUNS[run]
            folder = tmp_path_factory.mktemp("served")
            database = str(folder / "db.sqlite3")
            if engine == "postgresql":
                postgresql = request.getfixturevalue("postgresql")
                name = f"run{len(running)}"
                postgresql.psql(f"CREATE DATABASE {name};")
                database = postgresql.get_uri(name)
            environment = os.environ | more
            environment |= {
                "DJANGO_SETTINGS_MODULE": "failing.settings_served",
                "PYTHONPATH": str(HELPERS),
                "SMTP_PORT": str(inbox.port),
                "DATABASE": database,
            }
            made = subprocess.run(
                [sys.executable, "-m", "failing.people"],
                env=environment,
                cwd=folder,
                stdout=subprocess.PIPE,
                check=True,
                timeout=60,
            )
            port = free_port()
            command = [part.format(port=port) for part in COMMANDS[server]]
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, *command], env=environment, cwd=folder, stdout=log, stderr=log
                )
            try:
                wait_for(port, process, folder / "log")
                yield port, json.loads(made.stdout)
            finally:
                process.terminate()
                process.wait(WAIT)

        yield get


def wait_for(port, process, log):
    end = time.monotonic() + WAIT
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"no server on port {port}:\n{log.read_text()}")


def ask(port, path, headers):
    """The status, and the body as far as it came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        try:
            body = response.read()
        except http.client.IncompleteRead as error:
            body = error.partial
        return response.status, body
    finally:
        connection.close()


def half(case, run):
    """What arrives of a body that breaks: a server of the other kind reads all of it before it sends any."""
    if case.asynchronous == ("uvicorn" in run):
        return 200, b"half"
    return (200, b"") if "uvicorn" in run else (500, b"")


@pytest.mark.parametrize(("run", "name"), TABLE)
def test_mail_says_who_was_logged_in(run, name, served, inbox):
    case = CASES[name]
    port, keys = served(run)
    status, body = ask(port, case.path, case.headers(keys))
    mail = inbox.one()
    assert inbox.mails.empty()
    if "stream" in case.path:
        expected_status, beginning = half(case, run)
        assert status == expected_status
        assert body.startswith(beginning)
        assert "Failed while the answer was being sent" in mail["Subject"]
    else:
        assert status == {"/returned/503/": 503, "/suspicious/": 400}.get(case.path, 500)
    text = mail.get_content()
    lines = [line for line in text.splitlines() if line.startswith("ERROR-X-LOGGED-IN = ")]
    expected = case.expected and case.expected.format(**keys)
    assert lines == ([f"ERROR-X-LOGGED-IN = {expected}"] if expected else [])


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("path", ["/fine/", "/stream/", "/file/", "/astream/"])
def test_no_failure_no_mail(run, path, served, inbox):
    if path == "/astream/" and "ATOMIC_REQUESTS" in RUNS[run][2]:
        path = "/stream/"
    port, keys = served(run)
    status, body = ask(port, path, {"Cookie": f"sessionid={keys['anita']}"})
    assert (status, body) == (
        200,
        {"/fine/": b"fine", "/file/": (HELPERS / "failing/views.py").read_bytes()}.get(path, b"ab"),
    )
    assert inbox.mails.empty()
