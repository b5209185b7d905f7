"""DATABASES entries → what PyMongo gets, and what is said of those that cannot work."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.connection import ConnectionDoesNotExist
from hypothesis import given
from hypothesis import strategies as st

from django_mongokit import conf
from django_mongokit.conf import SettingError, client_settings

WAITS = {"serverSelectionTimeoutMS": 5000}

CLIENTS = {
    "nothing said": ({}, (None, None, WAITS)),
    "empty strings": (
        {"HOST": "", "PORT": "", "USER": "", "PASSWORD": "", "OPTIONS": {}},
        (None, None, WAITS),
    ),
    "none": ({"HOST": None, "PORT": None, "OPTIONS": None}, (None, None, WAITS)),
    "host": ({"HOST": "db.example"}, ("db.example", None, WAITS)),
    "host and port": ({"HOST": "db.example", "PORT": 27018}, ("db.example", 27018, WAITS)),
    "port as text": ({"PORT": "27018"}, (None, 27018, WAITS)),
    "several hosts": ({"HOST": "a:27017,b:27018"}, ("a:27017,b:27018", None, WAITS)),
    "list of hosts": ({"HOST": ("a:1", "b:2")}, (["a:1", "b:2"], None, WAITS)),
    "uri": ({"HOST": "mongodb://a,b/x?replicaSet=r"}, ("mongodb://a,b/x?replicaSet=r", None, WAITS)),
    "srv uri": ({"HOST": "mongodb+srv://a.example"}, ("mongodb+srv://a.example", None, WAITS)),
    "user": (
        {"USER": "peter", "PASSWORD": "s3/cr@t"},
        (None, None, {**WAITS, "username": "peter", "password": "s3/cr@t"}),
    ),
    "options": (
        {"OPTIONS": {"tls": True, "appname": "x"}},
        (None, None, {**WAITS, "tls": True, "appname": "x"}),
    ),
    "own timeout": (
        {"OPTIONS": {"serverSelectionTimeoutMS": 70}},
        (None, None, {"serverSelectionTimeoutMS": 70}),
    ),
    "own timeout, other case": (
        {"OPTIONS": {"serverselectiontimeoutms": 70}},
        (None, None, {"serverselectiontimeoutms": 70}),
    ),
    "own timeout in the uri": (
        {"HOST": "mongodb://a/?w=1&serverselectiontimeoutms=70"},
        ("mongodb://a/?w=1&serverselectiontimeoutms=70", None, {}),
    ),
}


@pytest.mark.parametrize(("values", "expected"), CLIENTS.values(), ids=CLIENTS)
def test_client(values, expected):
    found = client_settings("mongodb", values, debug=False)
    assert (found.host, found.port, found.options) == expected
    assert found.embedded is None


AWARE = {
    "nothing said": ({}, True),
    "said": ({"OPTIONS": {"tz_aware": True}}, True),
    "said otherwise": ({"OPTIONS": {"tz_aware": False}}, False),
    "said otherwise in the uri": ({"HOST": "mongodb://a/?tz_aware=false"}, None),
}


@pytest.mark.parametrize(("values", "expected"), AWARE.values(), ids=AWARE)
def test_times_have_their_zone_with_use_tz(values, expected):
    found = client_settings("mongodb", values, debug=False, use_tz=True)
    assert found.options.get("tz_aware") is expected
    without = client_settings("mongodb", values, debug=False, use_tz=False)
    assert without.options.get("tz_aware") is values.get("OPTIONS", {}).get("tz_aware")


def test_debug_waits_half_a_second():
    assert client_settings("mongodb", {}, debug=True).options == {"serverSelectionTimeoutMS": 500}


def test_embedded_folder(tmp_path):
    options = {"embedded": str(tmp_path), "appname": "x"}
    found = client_settings("mongodb", {"OPTIONS": options}, debug=False)
    assert found.embedded == tmp_path
    assert found.options == {**WAITS, "appname": "x"}
    assert options == {"embedded": str(tmp_path), "appname": "x"}, "the settings are not changed"


@given(
    name=st.sampled_from(["serverSelectionTimeoutMS", "SERVERSELECTIONTIMEOUTMS", "w", "appname"]),
    value=st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=5),
    before=st.sampled_from(["mongodb://h/?", "mongodb://u:p%40@h,[::1]:2/db?", "mongodb+srv://h/?tls=true&"]),
)
def test_a_uri_has_the_last_word_on_its_own_timeout(name, value, before):
    uri = f"{before}{name}={value}"
    options = client_settings("mongodb", {"HOST": uri}, debug=False).options
    assert bool(options) == (name.lower() != "serverselectiontimeoutms")


WRONG = {
    "host of another kind": ({"HOST": 5}, "HOST", "is 5"),
    "scheme of another database": ({"HOST": "postgres://a/b"}, "HOST", "postgres://a/b"),
    "no hosts": ({"HOST": []}, "HOST", r"is \[\]"),
    "hosts of another kind": ({"HOST": ["a", 1]}, "HOST", r"\['a', 1\]"),
    "port is a word": ({"PORT": "mongo"}, "PORT", "'mongo'"),
    "port too high": ({"PORT": 65536}, "PORT", "65536"),
    "port zero": ({"PORT": 0}, "PORT", "is 0"),
    "port negative": ({"PORT": -1}, "PORT", "is -1"),
    "port true": ({"PORT": True}, "PORT", "True"),
    "port in other digits": ({"PORT": "٢٧"}, "PORT", "٢٧"),
    "options a list": ({"OPTIONS": ["tls"]}, "OPTIONS", "tls"),
    "embedded true": ({"OPTIONS": {"embedded": True}}, "OPTIONS", "embedded.*True"),
    "embedded empty": ({"OPTIONS": {"embedded": ""}}, "OPTIONS", "embedded"),
    "embedded bytes": ({"OPTIONS": {"embedded": b"/tmp"}}, "OPTIONS", "embedded"),
    "embedded with a host": (
        {"HOST": "h", "OPTIONS": {"embedded": "x"}},
        "OPTIONS",
        "HOST names another server",
    ),
    "embedded with host and port": (
        {"HOST": "h", "PORT": 1, "OPTIONS": {"embedded": "x"}},
        "OPTIONS",
        "HOST and PORT name another server",
    ),
}


@pytest.mark.parametrize(("values", "key", "text"), WRONG.values(), ids=WRONG)
def test_what_cannot_work(values, key, text):
    with pytest.raises(ImproperlyConfigured, match=text) as caught:
        client_settings("archive", values, debug=False)
    assert isinstance(caught.value, SettingError)
    assert caught.value.key == key
    assert str(caught.value).startswith(f"DATABASES['archive'][{key!r}]")
    assert caught.value.hint


NAMES = {
    "test_ and the name": ({}, "mydb", "test_mydb"),
    "empty TEST": ({"TEST": {"NAME": None}}, "mydb", "test_mydb"),
    "TEST NAME": ({"TEST": {"NAME": "test_other"}}, "mydb", "test_other"),
    "TEST_NAME, the old spelling": ({"TEST_NAME": "test_old"}, "mydb", "test_old"),
    "TEST NAME wins": ({"TEST": {"NAME": "test_new"}, "TEST_NAME": "test_old"}, "mydb", "test_new"),
    "a name that begins so": ({}, "test_mydb", "test_test_mydb"),
}


@pytest.mark.parametrize(("values", "name", "expected"), NAMES.values(), ids=NAMES)
def test_name_of_the_test_database(values, name, expected):
    assert conf.test_database_name("mongodb", values, name) == expected


@pytest.mark.parametrize(
    "values", [{"TEST": {"NAME": "mydb"}}, {"TEST_NAME": "production"}], ids=["TEST", "TEST_NAME"]
)
def test_a_test_database_without_its_prefix_is_refused(values):
    with pytest.raises(SettingError, match="does not begin with 'test_'"):
        conf.test_database_name("mongodb", values, "mydb")


def test_the_real_database_is_no_test_database():
    with pytest.raises(SettingError, match="names 'test_x', the real database"):
        conf.test_database_name("mongodb", {"TEST": {"NAME": "test_x"}}, "test_x")


@pytest.mark.parametrize(
    "name", ["", None, "a b", "a.b", "a$b", "a/b", "a\\b", 'a"b', "a\0b", "x" * 64, 5, "é" * 32]
)
def test_names_that_mongodb_refuses(name):
    with pytest.raises(SettingError, match="NAME"):
        conf.check_database_name("mongodb", "NAME", name)


@pytest.mark.parametrize("name", ["mydb", "my-db_2", "x" * 63, "døgn"])
def test_names_that_mongodb_takes(name):
    assert conf.check_database_name("mongodb", "NAME", name) == name


def test_an_undeclared_alias(databases):
    databases(default={})
    with pytest.raises(
        ConnectionDoesNotExist, match=r"no entry 'mongodb'.*there are 'default'.*django_mongokit.mongodb"
    ):
        conf.entry()


def test_aliases_are_those_with_the_engine(databases):
    ours = {"ENGINE": "django_mongokit.mongodb"}
    databases(default={"ENGINE": "django.db.backends.sqlite3"}, b=ours, a=ours, c={})
    assert conf.mongodb_aliases() == ["b", "a"]


def test_the_name_is_looked_up_at_each_call(databases):
    entries = databases(mongodb={"NAME": "one"})
    assert conf.database_name() == "one"
    entries["mongodb"]["NAME"] = "two"
    assert conf.database_name() == "two"


@pytest.mark.parametrize(
    ("options", "seconds"),
    [({}, 5.0), ({"serverSelectionTimeoutMS": 70}, 0.07), ({"serverselectiontimeoutms": "250"}, 0.25)],
    ids=["default", "said", "said otherwise"],
)
def test_how_long_an_operation_waits(options, seconds):
    found = client_settings("mongodb", {"OPTIONS": {**options, "embedded": "/data"}}, debug=False)
    assert found.selection_seconds == seconds


URIS = {
    "one server": ("mongodb://a", ("mongodb", "a", "", "")),
    "all of it": (
        "mongodb://u:p%2F%3F%40@a:1,[::1]:2/db?w=1&x=/?",
        ("mongodb", "u:p%2F%3F%40@a:1,[::1]:2", "db", "w=1&x=/?"),
    ),
    "several addresses of IPv6": ("mongodb://[::1]:1,[::2]/", ("mongodb", "[::1]:1,[::2]", "", "")),
    "a socket": ("mongodb://%2Ftmp%2Fm.sock/db", ("mongodb", "%2Ftmp%2Fm.sock", "db", "")),
    "by name": ("mongodb+srv://a.example/?tls=true", ("mongodb+srv", "a.example", "", "tls=true")),
    "options right behind the server": ("mongodb://a?w=1", ("mongodb", "a", "", "w=1")),
}


@pytest.mark.parametrize(("uri", "parts"), URIS.values(), ids=URIS)
def test_the_parts_of_a_uri(uri, parts):
    assert conf.split_uri(uri) == parts
    assert client_settings("mongodb", {"HOST": uri}, debug=False).host == uri
