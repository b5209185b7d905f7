"""What `mongosh` is told for each way of describing a server; no password, ever."""

import os
import signal
import subprocess

import pytest

from django_mongokit.conf import ENGINE, client_settings
from django_mongokit.mongodb.base import DatabaseWrapper
from django_mongokit.mongodb.client import DatabaseClient, shell_address

ADDRESSES = {
    "nothing": ({}, "mongodb://127.0.0.1:27017/mydb", None),
    "port": ({"PORT": 27018}, "mongodb://127.0.0.1:27018/mydb", None),
    "host": ({"HOST": "db.example"}, "mongodb://db.example:27017/mydb", None),
    "hosts": ({"HOST": "a,b:2"}, "mongodb://a:27017,b:2/mydb", None),
    "list": ({"HOST": ["a:1", "b"], "PORT": 3}, "mongodb://a:1,b:3/mydb", None),
    "ipv6": ({"HOST": "[::1]"}, "mongodb://[::1]:27017/mydb", None),
    "user": ({"USER": "peter", "PASSWORD": "s3cret"}, "mongodb://127.0.0.1:27017/mydb", "peter"),
    "uri": ({"HOST": "mongodb://a,b/"}, "mongodb://a,b/mydb", None),
    "uri without a path": ({"HOST": "mongodb://a:5"}, "mongodb://a:5/mydb", None),
    "srv": ({"HOST": "mongodb+srv://c.example/?w=1"}, "mongodb+srv://c.example/mydb?w=1", None),
    "uri with a user": ({"HOST": "mongodb://p%40x:s3cret@a/"}, "mongodb://a/mydb", "p@x"),
    "uri with a database": ({"HOST": "mongodb://p:s3cret@a/users"}, "mongodb://a/mydb?authSource=users", "p"),
    "uri that says whose user": (
        {"HOST": "mongodb://a/users?authsource=admin"},
        "mongodb://a/mydb?authsource=admin",
        None,
    ),
    "options": (
        {
            "OPTIONS": {
                "tls": True,
                "tlsCAFile": "/ca.pem",
                "replicaSet": "r",
                "maxPoolSize": 5,
                "authSource": "x",
            }
        },
        "mongodb://127.0.0.1:27017/mydb?tls=true&tlsCAFile=%2Fca.pem&replicaSet=r&authSource=x",
        None,
    ),
}


@pytest.mark.parametrize(("values", "address", "user"), ADDRESSES.values(), ids=ADDRESSES)
def test_address(values, address, user):
    assert shell_address(client_settings("mongodb", values, debug=False), "mydb") == (address, user)


def test_command_line():
    values = {"NAME": "mydb", "HOST": "mongodb://p:s3cret@a/", "PASSWORD": "s3cret"}
    command, environment = DatabaseClient.settings_to_cmd_args_env(values, ["--eval", "1"])
    assert command == ["mongosh", "mongodb://a/mydb", "--username", "p", "--eval", "1"]
    assert environment is None


def test_the_key_of_a_client_certificate_is_no_business_of_ps():
    values = {
        "HOST": "mongodb://a/?tls=true&tlsCertificateKeyFilePassword=s3cret",
        "OPTIONS": {"tls": True, "tlsCertificateKeyFilePassword": "s3cret"},
    }
    address, _ = shell_address(client_settings("mongodb", values, debug=False), "mydb")
    assert address == "mongodb://a/mydb?tls=true"


# A shell that prints what it is told, in the place of MongoDB's.


@pytest.fixture
def mongosh(tmp_path, monkeypatch, capfd):
    """Run the shell of an alias with `values` in DATABASES; returns what `ps` would show of it."""

    def run(values, alias="mongodb", script='echo "$*"'):
        shell = tmp_path / "mongosh"
        shell.write_text(f"#!/bin/sh\n{script}\n")
        shell.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        connection = DatabaseWrapper({"ENGINE": ENGINE, "NAME": "mydb", **values}, alias)
        DatabaseClient(connection).runshell(["--quiet"])
        return capfd.readouterr().out.strip()

    return run


SECRETS = {
    "user and password": (
        {"HOST": "a", "USER": "peter", "PASSWORD": "s3cret"},
        "mongodb://a:27017/mydb --username peter --quiet",
    ),
    "in OPTIONS": (
        {"HOST": "a", "OPTIONS": {"username": "peter", "password": "s3cret"}},
        "mongodb://a:27017/mydb --username peter --quiet",
    ),
    "in a URI": (
        {"HOST": "mongodb://peter:s3cret@a,b:2/?replicaSet=r"},
        "mongodb://a,b:2/mydb?replicaSet=r --username peter --quiet",
    ),
    "with an at": ({"HOST": "mongodb://p:s3cret%40@a/"}, "mongodb://a/mydb --username p --quiet"),
    "of a proxy": (
        {"HOST": "mongodb://a/?proxyHost=b&proxyPassword=s3cret"},
        "mongodb://a/mydb?proxyHost=b --quiet",
    ),
    "a token": (
        {"HOST": "mongodb://a/?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:s3cret"},
        "mongodb://a/mydb?authMechanism=MONGODB-AWS --quiet",
    ),
    "a token beside what is none": (
        {"HOST": "mongodb://a/?authMechanismProperties=CANONICALIZE_HOST_NAME:true,aws_session_token:s3cret"},
        "mongodb://a/mydb?authMechanismProperties=CANONICALIZE_HOST_NAME%3Atrue --quiet",
    ),
    "none": ({"HOST": "mongodb://a/"}, "mongodb://a/mydb --quiet"),
}


@pytest.mark.parametrize("alias", ["mongodb", "archive"])
@pytest.mark.parametrize(("values", "told"), SECRETS.values(), ids=SECRETS)
def test_what_ps_shows(mongosh, values, told, alias):
    assert mongosh(values, alias) == told


def test_an_interrupt_is_the_shells(mongosh):
    """Who stops a query by Ctrl-C stops neither the shell, nor the embedded server that is kept for it."""
    before = signal.getsignal(signal.SIGINT)
    script = "trap 'echo interrupted' INT\nkill -INT $PPID $$\necho still here"
    assert mongosh({"HOST": "a"}, script=script) == "interrupted\nstill here"
    assert signal.getsignal(signal.SIGINT) is before


def test_the_shells_failure_is_told(mongosh):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        mongosh({"HOST": "a"}, script="exit 3")
    assert signal.getsignal(signal.SIGINT) is before
