"""Django's own test runner on the site: which databases it makes, and that the real one is never touched."""

import re

import pytest


@pytest.fixture(autouse=True)
def real(client_of_server, name):
    """The real database has something in it; no test run may change it or leave a database behind."""
    client_of_server[name].talks.insert_one({"_id": "real"})
    yield
    assert list(client_of_server[name].talks.find()) == [{"_id": "real"}]
    assert client_of_server[name].list_collection_names() == ["talks"]


@pytest.fixture
def databases_named(client_of_server, name):
    """Return the names of the test databases there are."""
    return lambda: {found for found in client_of_server.list_database_names() if name in found} - {name}


def ran(output):
    found = re.search(r"Ran (\d+) tests? in ([\d.]+)s\n\nOK\n", output)
    assert found, output
    return int(found[1])


def test_55_plain_tests_of_2010(manage, databases_named):
    """A plain TestCase does not name the alias: it gets a test database all the same."""
    assert ran(manage("test", "talks.check_plain.TalkTest")) == 55
    assert databases_named() == set()


def test_a_module_that_looks_up_the_database_at_import(manage, databases_named):
    assert ran(manage("test", "talks.check_plain.EarlyTest")) == 2
    assert databases_named() == set()


def test_mongo_test_case(manage, databases_named, name):
    output = manage("test", "talks.check_cases", "-v2")
    assert ran(output) == 58
    assert f"Creating test database for alias 'mongodb' ('test_{name}')..." in output
    assert f"Destroying test database for alias 'mongodb' ('test_{name}')..." in output
    assert databases_named() == set()


def test_a_run_without_any_test_of_mongodb_makes_no_database(manage):
    output = manage("test", "books", "-v2")
    assert "Skipping setup of unused database(s): default, mongodb" in output


def test_left_over_of_a_killed_run(manage, databases_named, client_of_server, name):
    client_of_server[f"test_{name}"].talks.insert_one({"_id": "left over"})
    assert ran(manage("test", "talks.check_plain.TalkTest")) == 55
    client_of_server[f"test_{name}"].talks.insert_one({"_id": "left over"})
    assert ran(manage("test", "talks.check_cases")) == 58
    assert databases_named() == set()


def test_keepdb(manage, databases_named, client_of_server, name):
    client_of_server[f"test_{name}"].kept.insert_one({"_id": "kept"})
    output = manage("test", "talks.check_cases.WithSql", "--keepdb")
    assert "Using existing test database for alias 'mongodb'" in output
    assert "Preserving test database for alias 'mongodb'" in output
    assert databases_named() == {f"test_{name}"}
    assert client_of_server[f"test_{name}"].kept.count_documents({}) == 1
    assert client_of_server[f"test_{name}"].talks.count_documents({}) == 0


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_each_parallel_worker_has_its_own(manage, databases_named, name, tmp_path, method):
    notes = tmp_path / "notes"
    output = manage(
        "test",
        "talks.check_parallel",
        "--parallel",
        "3",
        "-v2",
        SITE_NOTES=str(notes),
        SITE_START_METHOD=method,
    )
    assert ran(output) == 8
    assert output.count("Cloning test database for alias 'mongodb'") == 3
    used = {tuple(line.split()) for line in notes.read_text().splitlines()}
    listed = {(database, pid) for who, database, pid in used if who.startswith("Listed")}
    assert {database for database, _ in listed} <= {f"test_{name}_{number}" for number in (1, 2, 3)}
    assert len({database for database, _ in listed}) == len(listed), "no database has two workers"
    assert databases_named() == set()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_parallel_workers_without_the_runners_care(manage, databases_named, name, tmp_path, method):
    notes = tmp_path / "notes"
    labels = [f"talks.check_parallel.Plain{letter}" for letter in "EFGH"]
    output = manage("test", *labels, "--parallel", "3", SITE_NOTES=str(notes), SITE_START_METHOD=method)
    assert ran(output) == 4
    used = {tuple(line.split()[1:]) for line in notes.read_text().splitlines()}
    assert len({database for database, _ in used}) == len(used), "no database has two workers"
    assert all(database.startswith(f"test_{name}_") for database, _ in used)
    assert databases_named() == set()


def test_keepdb_in_parallel(manage, databases_named, name, tmp_path):
    labels = [f"talks.check_parallel.Listed{letter}" for letter in "AB"]
    options = ("--parallel", "2", "--keepdb")
    assert ran(manage("test", *labels, *options, SITE_NOTES=str(tmp_path / "notes"))) == 2
    assert databases_named() <= {f"test_{name}", f"test_{name}_1", f"test_{name}_2"}


def test_a_name_of_its_own(manage, name):
    values = f'{{"TEST": {{"NAME": "test_{name}_own"}}}}'
    output = manage("test", "talks.check_cases.NoSql", "-v2", SITE_MONGODB=values)
    assert f"('test_{name}_own')" in output


@pytest.mark.parametrize("label", ["talks.check_cases.NoSql", "talks.check_plain"])
def test_a_name_without_prefix_stops_the_run(manage, name, label):
    output = manage("test", label, code=1, SITE_MONGODB=f'{{"TEST": {{"NAME": "{name}"}}}}')
    assert "does not begin with 'test_'" in output


def test_a_failing_test_still_gets_cleaned_up(manage, databases_named, tmp_path):
    (tmp_path / "check_failing.py").write_text(
        "from django_mongokit.test import MongoTestCase\n"
        "class A(MongoTestCase):\n"
        "    def test_1(self):\n"
        "        self.database.talks.insert_one({}); assert 0, 'on purpose'\n"
        "    def test_2(self):\n"
        "        assert self.database.talks.count_documents({}) == 0\n"
    )
    output = manage("test", "check_failing", code=1, path=[tmp_path])
    assert "FAILED (failures=1)" in output
    assert "on purpose" in output
    assert databases_named() == set()
