"""In every state a failed request can leave its connections in, on the databases themselves."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from failing.pooler import Pooler

HELPERS = Path(__file__).parent / "helpers"
ANITA = "anita (Anita Test)"
ID = "id=1 (from the session)"

WISHES = {
    "crash": ANITA,
    "outer crash": ANITA,
    "outer swallowed": ANITA,
    "outer swallowed_twin": ANITA,
    "outer swallowed_and_logged": ANITA,
    "logged_before_login": ANITA,
    "outer savepoint": "anita (Anita Inside)",
    "other_down": ANITA,
    "outer other_down": ANITA,
    "other_down_swallowed, crash": ANITA,
    "outer other_down_swallowed, crash": ANITA,
    "other_interface_error": ANITA,
    "other_failed_in_a_transaction": ANITA,
    "outer other_failed_in_a_transaction": ANITA,
    "closed_cursor": ANITA,
    "outer closed_cursor": ANITA,
}
SERVERS = WISHES | {
    "outer lock": ID,
    "killed": None,
    "killed, crash": ANITA,
}
POSTGRESQL = SERVERS | {"outer limited": "anita, 1s, 2s", "outer killed": None, "outer killed_inside": None}
OPTIONS = {
    "none": {},
    "of the project": {"connect_timeout": "10", "options": "-c search_path=public -c statement_timeout=0"},
}
# `mysql://user:password@127.0.0.1:3306/name` of an empty database that may be written to: there is no wheel with a
# server of that kind.
MYSQL_URI = os.environ.get("MYSQL_URI")


def run(database, wishes, folder, options):
    done = subprocess.run(
        [sys.executable, "-m", "failing.states", *wishes],
        env=os.environ | {"PYTHONPATH": str(HELPERS), "DATABASE": database, "OPTIONS": json.dumps(options)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {found["wish"]: found["line"] for found in map(json.loads, done.stdout.splitlines())}


def test_sqlite(tmp_path):
    assert run(str(tmp_path / "db.sqlite3"), WISHES, tmp_path, {}) == WISHES


@pytest.mark.parametrize("options", OPTIONS)
def test_postgresql(options, postgresql, tmp_path):
    """None of it may hang: a request that holds the lock its own report waits for would do so for good."""
    name = f"states_{options.replace(' ', '_')}"
    postgresql.psql(f"CREATE DATABASE {name};")
    assert run(postgresql.get_uri(name), POSTGRESQL, tmp_path, OPTIONS[options]) == POSTGRESQL


# So that the first message of a connection is the one that says what is wanted.
PLAIN = {"sslmode": "disable", "gssencmode": "disable"}


@pytest.mark.parametrize(
    ("waiting", "expected", "clients"),
    [
        (None, {"outer swallowed": ANITA, "outer savepoint": "anita (Anita Inside)", "outer lock": ID}, 6),
        # The first client makes the tables, the second is the request, the third the look.
        (3, {"outer swallowed": None, "crash": ANITA}, 4),
    ],
)
def test_postgresql_behind_a_pooler(waiting, expected, clients, postgresql, tmp_path):
    """The look cannot set limits for its connection, and may wait for the very one its request holds: not for good."""
    name = f"pooled_{clients}"
    postgresql.psql(f"CREATE DATABASE {name};")
    uri = urlsplit(postgresql.get_uri(name))
    (folder,) = parse_qs(uri.query)["host"]
    with Pooler(f"{folder}/.s.PGSQL.5432", waiting=waiting) as pooler:
        threading.Thread(target=pooler.serve_forever).start()
        try:
            pooled = f"postgresql://{uri.username}@127.0.0.1:{pooler.server_address[1]}/{name}"
            assert run(pooled, expected, tmp_path, PLAIN) == expected
        finally:
            pooler.shutdown()
    assert pooler.clients == clients


if MYSQL_URI:

    @pytest.mark.parametrize("options", [{}, {"connect_timeout": 10, "read_timeout": 30}])
    def test_mysql(options, tmp_path):
        assert run(MYSQL_URI, SERVERS, tmp_path, options) == SERVERS
