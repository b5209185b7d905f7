"""What Sentry is told: its real client, in a process of its own, since it changes Django for good."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HELPERS = Path(__file__).parent / "helpers"
ANITA = {"id": "1", "username": "anita", "email": "a@x.org", "name": "Anita Test"}


@pytest.fixture
def told(tmp_path):
    """The events of one request in a new project: (path, header, settings) -> the `user` of each."""

    def run(path, sabotage="", *, order="ours", mode="full", login=True, after=""):
        done = subprocess.run(
            [sys.executable, "-m", "failing.sentry_run"],
            env=os.environ
            | {"PYTHONPATH": str(HELPERS)}
            | {"WISH": json.dumps([path, sabotage, order, mode, login, after])},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize(
    ("path", "sabotage", "order"),
    [
        ("/crash/", "", "ours"),
        ("/crash/", "", "Django's first"),
        ("/twice/", "", "ours"),
        ("/fine/", "in0", "ours"),
        ("/fine/", "in1", "ours, Django's"),
        ("/fine/", "out0", "ours, Django's"),
        ("/acrash/", "", "ours"),
    ],
)
def test_user(path, sabotage, order, told):
    assert told(path, sabotage, order=order) == [{"user": ANITA}]


@pytest.mark.parametrize(
    ("mode", "user"),
    [
        ("id", {"id": "1"}),
        ("username", {"username": "anita"}),
        (
            "masked",
            {"id": "1", "username": "a***", "email": "a***@x***", "name": "A*** T***"},
        ),
        ("failing.identities.path_and_user", {"username": "anita at /crash/"}),
        ("failing.identities.nobody", None),
    ],
)
def test_user_is_told_as_far_as_allowed(mode, user, told):
    assert told("/crash/", mode=mode) == [{"user": user}]


@pytest.mark.parametrize(("login", "user"), [(True, ANITA), (False, None)])
def test_request_id_of_django_guid(login, user, told):
    (event,) = told("/crash/", order="ours, guid", login=login)
    assert event["user"] == user
    assert re.fullmatch("[0-9a-f]{32}", event["request_id"])


def test_user_who_has_left(told):
    """The error that was logged is hers, the crash is nobody's."""
    assert told("/logs_an_error_and_logs_out/") == [{"user": ANITA}, {"user": None}]


def test_nobody(told):
    assert told("/crash/", login=False) == [{"user": None}]


def test_without_the_integration_nothing_is_set(told):
    assert told("/crash/", order="Django's only") == [{"user": None}]


@pytest.mark.parametrize("after", ["next", "next, never closed", "job"])
def test_without_django_integration_it_ends_with_the_request(after, told):
    """Nobody else gives each request a scope of its own."""
    assert told("/crash/", order="ours only", after=after) == [{"user": ANITA}, {"user": None}]


@pytest.mark.parametrize("sentry", ["ours only", "with Django's"])
def test_nobody_is_named_after_the_request(sentry, tmp_path):
    """Handlers of a project, Django's test client and bodies that fail late have no scope of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "failing.sentry_shared"],
        env=os.environ | {"PYTHONPATH": str(HELPERS), "SENTRY": sentry},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    by_django = sentry == "with Django's"
    views = [
        "nobody",
        "anita",
        "nobody",
        "stream",
        "nobody",
        "astream",
        "nobody",
        "nested",
        "between",
        "nobody",
    ]
    asked = [("wsgi", view) for view in views] + [("own", view) for view in views]
    asked += [("client", view) for view in ("nobody", "anita", "nobody")]
    # Whom Sentry is told of by each request, where it hears of it. What broke a body is told to it from outside, too.
    told = {"nobody": [None], "anita": ["anita"], "nested": ["anita", None]} if by_django else {}
    heard = {("wsgi", "stream"): ["anita"]} if by_django else {}
    outside = {"stream": ["anita"], "astream": ["anita"], "between": [None, "anita"]}
    # After each comes the message of a job, which is nobody's.
    assert json.loads(done.stdout) == [
        [handler, view, *told.get(view, []), *heard.get((handler, view), []), *outside.get(view, []), None]
        for handler, view in asked
    ]
