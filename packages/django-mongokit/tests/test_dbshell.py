"""What `mongosh` is told for each way of describing a server; no password, ever."""

import pytest

from django_mongokit.conf import client_settings
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
