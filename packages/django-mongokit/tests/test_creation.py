"""Test databases: named, made, dropped, refused. Each test has an alias of its own name space on the real server."""

import pytest
from django.db import connections
from django.db.utils import DatabaseError

from django_mongokit import get_database
from django_mongokit.conf import SettingError
from django_mongokit.mongodb import pool
from django_mongokit.mongodb.base import DatabaseWrapper


@pytest.fixture
def alias(databases, uri, name, monkeypatch):
    """A wrapper of an alias "other" with the database `name`: `alias(TEST={"NAME": "test_x"})`."""
    made = []

    def make(**extra):
        values = {"ENGINE": "django_mongokit.mongodb", "NAME": name, "HOST": uri, "PORT": "", "OPTIONS": {}}
        values |= {"TEST": {"NAME": None, "MIGRATE": True, "MIRROR": None}, "TIME_ZONE": None, **extra}
        entries = databases(**connections.settings, other=values)
        made.append(DatabaseWrapper(entries["other"], "other"))
        return made[-1]

    yield make
    # Asking for .connection would open one.
    for opened in [*(wrapper._own for wrapper in made), pool._shared.pop("other", None)]:
        if opened is not None:
            opened.close()


def names(client, part):
    return {found for found in client.list_database_names() if part in found}


def test_create_and_destroy(alias, name, client_of_server, capsys):
    wrapper = alias()
    assert wrapper.creation.create_test_db() == f"test_{name}"
    assert wrapper.settings_dict["NAME"] == f"test_{name}"
    assert names(client_of_server, name) == set(), "made with the first write"
    wrapper.connection[wrapper.settings_dict["NAME"]].talks.insert_one({})
    assert names(client_of_server, name) == {f"test_{name}"}
    wrapper.creation.destroy_test_db(name)
    assert wrapper.settings_dict["NAME"] == name
    assert names(client_of_server, name) == set()
    said = capsys.readouterr().err
    assert "Creating test database for alias 'other'..." in said
    assert "Destroying test database for alias 'other'..." in said


def test_quiet(alias, name, capsys):
    wrapper = alias()
    wrapper.creation.create_test_db(verbosity=0)
    wrapper.creation.destroy_test_db(name, verbosity=0)
    assert capsys.readouterr() == ("", "")


def test_the_real_database_is_not_touched(alias, name, client_of_server):
    client_of_server[name].talks.insert_one({"_id": "real"})
    wrapper = alias()
    wrapper.creation.create_test_db(verbosity=0)
    wrapper.creation.destroy_test_db(name, verbosity=0)
    assert client_of_server[name].talks.count_documents({}) == 1


def test_a_left_over_is_dropped_without_a_question(alias, name, client_of_server):
    client_of_server[f"test_{name}"].talks.insert_one({"_id": "left over"})
    wrapper = alias()
    wrapper.creation.create_test_db(verbosity=0, autoclobber=False)
    assert names(client_of_server, name) == set()
    wrapper.creation.destroy_test_db(name, verbosity=0)


def test_keepdb_keeps(alias, name, client_of_server, capsys):
    client_of_server[f"test_{name}"].talks.insert_one({"_id": "kept"})
    wrapper = alias()
    wrapper.creation.create_test_db(keepdb=True)
    assert wrapper.connection[f"test_{name}"].talks.count_documents({}) == 1
    wrapper.creation.destroy_test_db(name, keepdb=True)
    assert client_of_server[f"test_{name}"].talks.count_documents({}) == 1
    assert wrapper.settings_dict["NAME"] == name
    said = capsys.readouterr().err
    assert "Using existing" in said
    assert "Preserving" in said


@pytest.mark.parametrize("key", ["TEST", "TEST_NAME"])
def test_a_name_of_its_own(alias, name, key):
    own = f"test_{name}_own"
    wrapper = alias(**{key: {"NAME": own} if key == "TEST" else own})
    assert wrapper.creation.create_test_db(verbosity=0) == own
    wrapper.creation.destroy_test_db(name, verbosity=0)


def test_a_name_without_prefix_is_not_created(alias, name, client_of_server):
    client_of_server[name].talks.insert_one({"_id": "real"})
    wrapper = alias(TEST={"NAME": name})
    with pytest.raises(SettingError, match="does not begin with 'test_'"):
        wrapper.creation.create_test_db(verbosity=0)
    assert client_of_server[name].talks.count_documents({}) == 1
    assert wrapper.settings_dict["NAME"] == name


def test_a_name_without_prefix_is_not_dropped(alias, name, client_of_server):
    client_of_server[name].talks.insert_one({"_id": "real"})
    with pytest.raises(DatabaseError, match=f"Refusing to drop the database '{name}'.*begins with 'test_'"):
        alias().creation.destroy_test_db(name, verbosity=0)
    assert client_of_server[name].talks.count_documents({}) == 1


def test_clones_are_databases_of_their_own(alias, name, client_of_server):
    wrapper = alias()
    wrapper.creation.create_test_db(verbosity=0)
    client_of_server[f"test_{name}_1"].talks.insert_one({"_id": "left over"})
    wrapper.creation.clone_test_db("1", verbosity=0)
    assert names(client_of_server, name) == set()
    client_of_server[f"test_{name}_1"].talks.insert_one({"_id": "written by a worker"})
    wrapper.creation.clone_test_db("1", verbosity=0, keepdb=True)
    assert names(client_of_server, name) == {f"test_{name}_1"}
    wrapper.creation.destroy_test_db(suffix="1", verbosity=0)
    assert names(client_of_server, name) == set()
    assert wrapper.settings_dict["NAME"] == f"test_{name}", "a clone's end is not the end"
    wrapper.creation.destroy_test_db(name, verbosity=0)


def test_a_worker_uses_its_clone(alias, name):
    wrapper = alias()
    wrapper.creation.create_test_db(verbosity=0)
    wrapper.creation.setup_worker_connection(3)
    assert wrapper.settings_dict["NAME"] == f"test_{name}_3"
    wrapper.settings_dict["NAME"] = f"test_{name}"
    wrapper.creation.destroy_test_db(name, verbosity=0)


def test_made_twice_it_is_named_once(alias, name):
    wrapper = alias()
    wrapper.creation.create_test_db(verbosity=0)
    assert wrapper.creation.create_test_db(verbosity=0) == f"test_{name}"
    wrapper.creation.destroy_test_db(name, verbosity=0)
    assert wrapper.settings_dict["NAME"] == name


def test_who_sets_the_name_back_does_not_reach_the_real_database(alias, name, client_of_server, monkeypatch):
    wrapper = alias()
    monkeypatch.setitem(connections.settings, "other", wrapper.settings_dict)
    client_of_server[name].talks.insert_one({"_id": "real"})
    wrapper.creation.create_test_db(verbosity=0)
    wrapper.settings_dict["NAME"] = name
    assert get_database(using="other").name == f"test_{name}"
    wrapper.settings_dict["NAME"] = name
    assert get_database(wrapper.connection, using="other").talks.find_one() is None
    wrapper.creation.destroy_test_db(name, verbosity=0)
    assert wrapper.settings_dict["NAME"] == name


def test_nothing_is_serialized(alias):
    creation = alias().creation
    assert creation.serialize_db_to_string() == "[]"
    assert creation.deserialize_db_from_string("[]") is None


def test_signature_tells_servers_and_folders_apart(alias, name, tmp_path):
    plain, one, two = (
        alias(HOST="", OPTIONS=options).creation.test_db_signature()
        for options in ({}, {"embedded": tmp_path / "a"}, {"embedded": tmp_path / "b"})
    )
    assert not list(tmp_path.iterdir()), "no server is started to find out"
    assert len({plain, one, two}) == 3
    assert f"test_{name}" in plain
