"""Aliases of one database, `TEST["MIRROR"]`, and real databases that are called as another alias's test database."""

import json
import re

import pytest
from django.db import connections
from django.db.utils import DatabaseError

from django_mongokit.conf import SettingError
from django_mongokit.mongodb.base import DatabaseWrapper
from django_mongokit.mongodb.naming import mirrored, servers_of

ALL = ("Both", "OnlyOne", "OnlyTheOther", "Neither", "OtherFirst")


@pytest.fixture(autouse=True)
def real(client_of_server, name):
    """The real databases have something in them, which no test run may change."""
    for one in (name, f"{name}_other"):
        client_of_server[one].papers.insert_one({"_id": "real"})
    yield
    for one in (name, f"{name}_other"):
        assert list(client_of_server[one].papers.find()) == [{"_id": "real"}]


@pytest.fixture
def shared(manage, name, tmp_path, client_of_server):
    """Run classes of `talks.check_shared` with these entries; returns how many, and the names that they saw."""
    notes = tmp_path / "notes"

    def run(labels, mongodb, archive, *options, left=frozenset(), **environment):
        notes.write_text("")
        output = manage(
            "test",
            *(f"talks.check_shared.{label}" for label in labels),
            *options,
            SITE_NOTES=str(notes),
            SITE_MONGODB=json.dumps(mongodb).replace("NAME_OF_SITE", name),
            SITE_ALIASES=json.dumps({"archive": archive}).replace("NAME_OF_SITE", name),
            **environment,
        )
        found = re.search(r"Ran (\d+) tests? in [\d.]+s\n\nOK\n", output)
        assert found, output
        made = {one for one in client_of_server.list_database_names() if name in one}
        assert made - {name, f"{name}_other"} == set(left)
        return int(found[1]), {tuple(line.split()) for line in notes.read_text().splitlines()}

    return run


SAME, OTHER = "NAME_OF_SITE", "NAME_OF_SITE_other"
OWN = {"NAME": "test_NAME_OF_SITE"}
ENTRIES = {
    "one database": ({}, {"NAME": SAME}),
    "a mirror": ({}, {"NAME": SAME, "TEST": {"MIRROR": "mongodb"}}),
    "a mirror of another database": ({}, {"NAME": OTHER, "TEST": {"MIRROR": "mongodb"}}),
    "a mirror the other way round": ({"TEST": {"MIRROR": "archive"}}, {"NAME": SAME}),
    "one TEST NAME": ({"TEST": OWN}, {"NAME": SAME, "TEST": OWN}),
    "one TEST NAME of two databases": ({"TEST": OWN}, {"NAME": OTHER, "TEST": OWN}),
    "the TEST NAME is what the other's would be": ({}, {"NAME": OTHER, "TEST": OWN}),
}


@pytest.mark.parametrize("labels", [ALL, ("OnlyTheOther", "OtherFirst")], ids=["all", "from the other"])
@pytest.mark.parametrize(("mongodb", "archive"), ENTRIES.values(), ids=ENTRIES)
def test_two_aliases_of_one_test_database(shared, name, labels, mongodb, archive):
    count, seen = shared(labels, mongodb, archive)
    assert count == sum(1 if label == "OtherFirst" else 2 for label in labels)
    assert {names[:2] for names in seen} == {(f"test_{name}", f"test_{name}")}


@pytest.mark.parametrize("kind", ["one database", "a mirror", "one TEST NAME of two databases"])
def test_keepdb(shared, name, client_of_server, kind):
    for kept in (0, 1):
        client_of_server[f"test_{name}"].kept.replace_one({"_id": kept}, {}, upsert=True)
        shared(("Both", "OnlyTheOther"), *ENTRIES[kind], "--keepdb", left={f"test_{name}"})
    assert client_of_server[f"test_{name}"].kept.count_documents({}) == 2


PARALLEL = {
    "one database": ("one database", ALL, "fork"),
    "a mirror": ("a mirror", ALL, "fork"),
    "spawned": ("a mirror of another database", ALL, "spawn"),
    "spawned with one name": ("one TEST NAME of two databases", ALL, "spawn"),
    "what is mirrored is not named": ("a mirror of another database", ("OnlyTheOther", "Neither"), "fork"),
    "and spawned": ("a mirror of another database", ("OnlyTheOther", "Neither"), "spawn"),
    "the other is not named": ("one database", ("OnlyOne", "Neither"), "spawn"),
}


@pytest.mark.parametrize(("kind", "labels", "method"), PARALLEL.values(), ids=PARALLEL)
def test_in_parallel(shared, name, kind, labels, method):
    count, seen = shared(labels, *ENTRIES[kind], "--parallel", "2", SITE_START_METHOD=method)
    assert count == sum(1 if label == "OtherFirst" else 2 for label in labels)
    assert {names[0] for names in seen} <= {f"test_{name}_1", f"test_{name}_2"}
    assert len({names[0] for names in seen}) == len({names[2] for names in seen}), (
        "no database has two workers"
    )


@pytest.mark.parametrize("labels", [("Both",), ("OtherFirst",)])
def test_a_mirror_on_a_server_that_is_not_there(shared, name, labels):
    """What is mirrored is looked for where the other alias is: a secondary is behind, and a test would read old data."""
    elsewhere = {"NAME": name, "HOST": "mongodb://127.0.0.1:9/", "OPTIONS": {"serverSelectionTimeoutMS": 100}}
    shared(labels, {}, {**elsewhere, "TEST": {"MIRROR": "mongodb"}})


@pytest.mark.parametrize("early", ["", "get_database(using='archive')"])
def test_all_is_as_before_after_a_run(run, name, early):
    code = f"""
import copy, django; django.setup()
from django.conf import settings
from django.test.utils import setup_databases, setup_test_environment, teardown_databases, teardown_test_environment
from django_mongokit import get_database
before = copy.deepcopy(settings.DATABASES)
setup_test_environment()
{early}
made = setup_databases(0, False)
assert get_database(using="archive") == get_database(), get_database(using="archive")
assert settings.DATABASES["archive"]["NAME"] == "test_{name}"
teardown_databases(made, 0)
teardown_test_environment()
assert get_database(using="archive").name == "{name}_other"
for alias, values in before.items():
    assert {{**settings.DATABASES[alias], "TEST": 0}} == {{**values, "TEST": 0}} or alias == "default", alias
"""
    values = {"NAME": f"{name}_other", "HOST": "127.0.0.1:9", "TEST": {"MIRROR": "mongodb"}}
    run("-c", code, SITE_ALIASES=json.dumps({"archive": values}))


SUITE = """
import os
import pytest
from django_mongokit import get_database

@pytest.mark.parametrize("number", [1, 2])
def test_fixture(mongodb, number):
    other = get_database(using="archive")
    assert mongodb == other
    assert mongodb.name == "test_" + os.environ["SITE_NAME"] + os.environ.get("SUFFIX", "")
    assert other.papers.count_documents({}) == 0
    other.papers.insert_one({})
    assert mongodb.papers.count_documents({}) == 1

@pytest.mark.django_db(databases=["default", "mongodb", "archive"])
@pytest.mark.parametrize("number", [1, 2])
def test_mark(number):
    assert get_database().papers.count_documents({}) == 0
    get_database(using="archive").papers.insert_one({})
    assert get_database().papers.count_documents({}) == 1
"""


@pytest.mark.parametrize(
    "kind", ["one database", "a mirror of another database", "one TEST NAME of two databases"]
)
@pytest.mark.parametrize("selected", ["fixture or mark", "fixture"])
def test_pytest_django(run, name, tmp_path, client_of_server, kind, selected):
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider -p no:asyncio\n")
    mongodb, archive = (json.dumps(values).replace("NAME_OF_SITE", name) for values in ENTRIES[kind])
    output = run(
        *("-m", "pytest", "-q", "-c", str(tmp_path / "pytest.ini"), "-p", "django_mongokit.test.fixtures"),
        *("-k", selected, str(tmp_path / "test_suite.py")),
        SITE_MONGODB=mongodb,
        SITE_ALIASES=f'{{"archive": {archive}}}',
    )
    assert f"{2 * len(selected.split(' or '))} passed" in output
    assert {one for one in client_of_server.list_database_names() if name in one} == {name, f"{name}_other"}


# A real database that is called as a test database.

IN_DANGER = {
    "the other's": ({}, {"NAME": "test_NAME_OF_SITE", "TEST": {"NAME": "test_NAME_OF_SITE_own"}}),
    "the other's, without a TEST": ({}, {"NAME": "test_NAME_OF_SITE"}),
    "a mirror's": ({}, {"NAME": "test_NAME_OF_SITE", "TEST": {"MIRROR": "mongodb"}}),
    "the other's and a worker's": ({}, {"NAME": "test_NAME_OF_SITE_1"}),
    "the other's and one of xdist": ({}, {"NAME": "test_NAME_OF_SITE_gw0"}),
    "the first's": ({"NAME": "test_NAME_OF_SITE"}, {"NAME": "NAME_OF_SITE"}),
    "its own and a worker's": (
        {"NAME": "test_NAME_OF_SITE_2", "TEST": {"NAME": "test_NAME_OF_SITE"}},
        {"NAME": "NAME_OF_SITE"},
    ),
}


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *((kind, ("Both",)) for kind in IN_DANGER),
        ("the other's", ("Neither",)),
        ("a mirror's", ("OnlyOne", "--keepdb")),
        ("the other's and a worker's", ("Both", "--parallel", "2")),
    ],
)
def test_a_real_database_is_dropped_by_no_run(manage, name, tmp_path, client_of_server, kind, options):
    mongodb, archive = (
        json.loads(json.dumps(values).replace("NAME_OF_SITE", name)) for values in IN_DANGER[kind]
    )
    endangered = next(
        values["NAME"] for values in (mongodb, archive) if values.get("NAME", "").startswith("test_")
    )
    client_of_server[endangered].papers.insert_one({"_id": "real"})
    settings = {"SITE_MONGODB": json.dumps(mongodb), "SITE_ALIASES": json.dumps({"archive": archive})}
    label, *rest = options
    output = manage(
        "test",
        f"talks.check_shared.{label}",
        *rest,
        code=1,
        SITE_NOTES=str(tmp_path / "notes"),
        **settings,
    )
    assert "is the real database of DATABASES[" in output
    assert list(client_of_server[endangered].papers.find()) == [{"_id": "real"}]
    if options == ("Both",):
        said = manage("check", **settings)
        assert "(django_mongokit.W011) DATABASES[" in said
        assert repr(endangered) in said


def test_a_name_on_another_server_is_none_of_ours(manage, name):
    there = {"NAME": f"test_{name}", "HOST": "127.0.0.1:9"}
    assert "no issues" in manage("check", SITE_ALIASES=json.dumps({"archive": there}))


def test_a_longer_name_is_none_of_ours(manage, name):
    assert "no issues" in manage("check", SITE_ALIASES=json.dumps({"archive": {"NAME": f"test_{name}_old"}}))


def test_a_real_database_is_not_dropped_by_hand(databases, uri, name, client_of_server):
    """Also where nobody has prepared a test database, so that NAME is still that of the real one."""
    client_of_server[f"test_{name}"].papers.insert_one({"_id": "real"})
    values = {"ENGINE": "django_mongokit.mongodb", "NAME": f"test_{name}", "HOST": uri, "TEST": {}}
    values |= {"PORT": "", "OPTIONS": {}, "TIME_ZONE": None}
    databases(**connections.settings, other=values)
    wrapper = DatabaseWrapper(values, "other")
    with pytest.raises(
        DatabaseError, match=f"Refusing to drop 'test_{name}', the real database of DATABASES"
    ):
        wrapper.creation.destroy_test_db("x", verbosity=0)
    assert client_of_server[f"test_{name}"].papers.count_documents({}) == 1


# What the settings say.


def ours(**extra):
    return {"ENGINE": "django_mongokit.mongodb", "NAME": "x", **extra}


def test_where_a_mirror_leads(databases):
    mirrors = {alias: ours(TEST={"MIRROR": target}) for alias, target in (("a", "b"), ("b", "mongodb"))}
    databases(mongodb=ours(), **mirrors)
    assert [mirrored(alias) for alias in ("a", "b", "mongodb")] == ["mongodb"] * 3


@pytest.mark.parametrize(
    ("target", "why"),
    [("default", "no alias of MongoDB"), ("nobody", "no alias"), ("a", "back to itself"), ("b", "back")],
)
def test_a_mirror_of_nothing(databases, target, why):
    sql = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}
    databases(default=sql, a=ours(TEST={"MIRROR": target}), b=ours(TEST={"MIRROR": "a"}))
    with pytest.raises(
        SettingError, match=rf"DATABASES\['[ab]'\]\['TEST'\] has the MIRROR '.*', which .*{why}"
    ):
        mirrored("a")


def test_a_mirror_of_nothing_is_an_error(manage, name):
    values = {"archive": {"NAME": name, "TEST": {"MIRROR": "default"}}}
    output = manage("check", code=1, SITE_ALIASES=json.dumps(values))
    assert (
        "(django_mongokit.E007) DATABASES['archive']['TEST'] has the MIRROR 'default', which is no alias"
        in output
    )


SERVERS = {
    "none": ({}, {"localhost:27017"}),
    "this machine": ({"HOST": "127.0.0.1", "PORT": 27017}, {"localhost:27017"}),
    "this machine, IPv6": ({"HOST": "mongodb://[::1]/x"}, {"localhost:27017"}),
    "IPv6": ({"HOST": "[2001:DB8::1]:5"}, {"2001:db8::1:5"}),
    "a port": ({"HOST": "A.example", "PORT": "5"}, {"a.example:5"}),
    "several": ({"HOST": "a:1,b"}, {"a:1", "b:27017"}),
    "a list": ({"HOST": ["a:1", "b:2"]}, {"a:1", "b:2"}),
    "a URI": ({"HOST": "mongodb://u:p@a,b:3/db?w=1", "PORT": 9}, {"a:9", "b:3"}),
    "a name to look up": ({"HOST": "mongodb+srv://u:p@a.example/"}, {"a.example:27017"}),
    "a folder": ({"OPTIONS": {"embedded": "/srv/../srv/data"}}, {"/srv/data"}),
    "nonsense": ({"HOST": 5}, {"5 None"}),
}


@pytest.mark.parametrize(("values", "expected"), SERVERS.values(), ids=SERVERS)
def test_servers(values, expected):
    assert servers_of("mongodb", ours(**values)) == expected
