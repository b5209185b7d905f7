"""Django's own commands, run by the real manage.py on a site that has the alias: they notice nothing, or say why not."""

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest
from free_ports import free_port


@pytest.fixture
def talks(client_of_server, name):
    """The site's real collection of talks, with one in it."""
    # `check --database` would say that it is missing.
    client_of_server[name].papers.create_index("slug", unique=True)
    collection = client_of_server[name].talks
    collection.insert_one({"_id": 1, "topic": "kept"})
    return collection


QUIET = {
    "check both": ("check", "--database", "default", "--database", "mongodb"),
    "migrate": ("migrate",),
    "makemigrations": ("makemigrations", "--check", "--dry-run"),
    "showmigrations": ("showmigrations",),
    "showmigrations there": ("showmigrations", "--database", "mongodb"),
    "sqlflush there": ("sqlflush", "--database", "mongodb"),
    "createcachetable": ("createcachetable",),
}


@pytest.mark.parametrize("command", QUIET.values(), ids=QUIET)
def test_undisturbed(manage, talks, command):
    undisturbed(manage(*command), talks)


@pytest.mark.parametrize("command", ["migrate", "makemigrations"])
def test_undisturbed_with_routers(manage, talks, command):
    """With routers makemigrations asks every alias for the migrations recorded there."""
    undisturbed(manage(*QUIET[command], SITE_ROUTERS="1"), talks)


def undisturbed(output, talks):
    assert "Error" not in output
    assert "Warning" not in output
    assert list(talks.find()) == [{"_id": 1, "topic": "kept"}]


def test_check_warns_of_no_sql_model(manage, talks):
    apps = '["rich"]'
    assert "no issues" in manage("check", "--database", "mongodb", SITE_APPS=apps)
    assert "rich.Rich" in manage("check", "--database", "default", SITE_APPS=apps), (
        "sqlite lacks what the model uses"
    )


REFUSED = {
    "migrate": ("migrate", "--database", "mongodb"),
    "migrate one app": ("migrate", "books", "--database", "mongodb"),
    "loaddata": ("loaddata", "--database", "mongodb", "books.json"),
    "dumpdata": ("dumpdata", "--database", "mongodb", "books"),
    "inspectdb": ("inspectdb", "--database", "mongodb"),
    "inspectdb of a collection": ("inspectdb", "--database", "mongodb", "talks"),
    "sqlmigrate": ("sqlmigrate", "--database", "mongodb", "books", "0001"),
    "createcachetable": ("createcachetable", "--database", "mongodb", "entries"),
    "createsuperuser": (
        "createsuperuser",
        "--database",
        "mongodb",
        "--noinput",
        "--username",
        "p",
        "--email",
        "p@x.y",
    ),
}


@pytest.mark.parametrize("command", REFUSED.values(), ids=REFUSED)
def test_sql_commands_say_why_not(manage, command, tmp_path):
    output = manage(*command, code=1, DJANGO_SUPERUSER_PASSWORD="x")
    assert "DATABASES['mongodb']: it is MongoDB and speaks no SQL." in output
    assert "Traceback" not in output


def test_migrate_says_so_in_one_line(manage, talks):
    output = manage("migrate", "--database", "mongodb", code=1)
    assert output.splitlines() == [
        (
            "CommandError: migrate cannot work on DATABASES['mongodb']: it is MongoDB and speaks no SQL. "
            "Collections are made by the first write and need no tables; migrate an SQL alias instead."
        )
    ]


def test_flush_of_the_sql_database_leaves_documents_alone(manage, talks):
    manage("migrate", "-v0")
    manage("flush", "--noinput")
    assert talks.count_documents({}) == 1


def test_flush_of_mongodb_empties_it(manage, talks, name):
    talks.create_index("topic")
    manage("migrate", "-v0")
    output = manage("flush", "--database", "mongodb", stdin="yes\n")
    assert f'destroy all data currently in the "{name}" database' in output.replace("DESTROY", "destroy")
    assert talks.count_documents({}) == 0
    assert "topic_1" in talks.index_information()


def test_flush_asks(manage, talks):
    assert "cancelled" in manage("flush", "--database", "mongodb", stdin="no\n")
    assert talks.count_documents({}) == 1


def test_dbshell_runs_mongosh(manage, tmp_path, name):
    shell = tmp_path / "mongosh"
    shell.write_text('#!/bin/sh\necho "mongosh got: $*"\n')
    shell.chmod(0o755)
    values = '{"HOST": "db.example", "PORT": 27018, "USER": "peter", "PASSWORD": "s3cret"}'
    output = manage(
        "dbshell", "--database", "mongodb", "--", "--quiet", PATH=f"{tmp_path}:/bin", SITE_MONGODB=values
    )
    assert f"mongosh got: mongodb://db.example:27018/{name} --username peter --quiet" in output
    assert "s3cret" not in output


def test_dbshell_without_mongosh(manage, tmp_path):
    output = manage("dbshell", "--database", "mongodb", code=1, PATH=str(tmp_path))
    assert "CommandError: You appear not to have the 'mongosh' program installed" in output


def test_shell(run, name, talks):
    code = "from django_mongokit import get_database; d = get_database(); print(d.name, d.talks.count_documents({}))"
    assert f"{name} 1" in run("manage.py", "shell", "-c", code)


@pytest.mark.parametrize("reload", [(), ("--noreload",)], ids=["reload", "noreload"])
def test_runserver(site, uri, name, talks, tmp_path, reload):
    """The development server starts without a word of complaint, serves documents and stops at Ctrl-C."""
    port = free_port()
    environment = {**os.environ, "SITE_NAME": name, "SITE_SQLITE": str(tmp_path / "db"), "SITE_DEBUG": "1"}
    command = [sys.executable, "-u", "manage.py", "runserver", *reload, f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        command, cwd=site, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
        # A shell starts what it runs in the background, perhaps this test, with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (no lock is taken)
    )  # fmt: skip
    lines, ready = [], threading.Event()

    def read():
        for line in process.stdout:
            lines.append(line)
            if "Quit the server" in line:
                ready.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert ready.wait(100), lines
        for attempt in range(100):
            try:
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60).read()
                break
            except urllib.error.URLError:
                if attempt == 99:
                    raise
                threading.Event().wait(0.1)
        assert page == b"1 talks"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
        reader.join(60)
        process.stdout.close()
    text = "".join(lines)
    assert re.search(r"System check identified no issues", text)
    assert "Traceback" not in text
    assert "MongoDB" not in text


def test_nothing_is_connected_or_read_at_import(run):
    code = """
import sys, threading
import django_mongokit
assert "django.conf" not in sys.modules or not __import__("django.conf").conf.settings.configured
assert "pymongo" not in sys.modules
from django_mongokit import get_version
import django_mongokit.document, django_mongokit.middleware, django_mongokit.checks, django_mongokit.mongodb.base
import django_mongokit.test
from django.conf import settings
assert not settings.configured
assert threading.active_count() == 1
"""
    run("-c", code, DJANGO_SETTINGS_MODULE="nowhere.to_be_found")


def test_setup_and_registration_connect_to_nothing(run):
    code = """
import socket, threading, django
def refuse(*a, **k): raise AssertionError("connected")
socket.socket.connect = refuse
django.setup()
from talks.models import Talk
from django_mongokit import connection, get_database
assert get_database().talks.Talk
assert threading.active_count() == 1, threading.enumerate()
"""
    run("-c", code)
