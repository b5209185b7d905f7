"""In every state a failed request can leave its connections in, on the databases themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
POSTGRESQL = WISHES | {
    "outer lock": ID,
    "killed": None,
    "killed, crash": ANITA,
}
OPTIONS = {
    "none": {},
    "of the project": {"connect_timeout": "10", "options": "-c search_path=public -c statement_timeout=0"},
}


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
