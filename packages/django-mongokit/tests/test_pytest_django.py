"""pytest-django on the site: `pytest`, `--reuse-db`, `--create-db`, in processes of their own."""

import re
import shutil

import pytest


@pytest.fixture
def suite(run, site, tmp_path, client_of_server, name):
    """Run the site's pytest suite and return (passed, output). The real database must stay as it was."""
    # A copy outside this folder: pytest would take our own conftest.py for the site's.
    file = shutil.copy(site / "talks/pytest_suite.py", tmp_path)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p no:cacheprovider -p no:asyncio --import-mode=importlib\n"
    )
    client_of_server[name].talks.insert_one({"_id": "real"})

    def run_suite(*options, **environment):
        plugins = ("-p", "django_mongokit.test.fixtures")
        output = run(
            "-m",
            "pytest",
            "-c",
            str(tmp_path / "pytest.ini"),
            "-q",
            *plugins,
            *options,
            str(file),
            **environment,
        )
        assert list(client_of_server[name].talks.find()) == [{"_id": "real"}]
        return int(re.search(r"(\d+) passed", output)[1]), output

    return run_suite


def databases(client, name):
    return {found for found in client.list_database_names() if name in found} - {name}


@pytest.mark.parametrize("seed", [1, 2])
def test_in_any_order(suite, client_of_server, name, seed):
    assert suite(f"--randomly-seed={seed}")[0] == 15
    assert databases(client_of_server, name) == set()


def test_reuse_and_create(suite, client_of_server, name):
    test_name = f"test_{name}"
    client_of_server[test_name].kept.insert_one({"_id": "kept"})
    selected = ("-k", "test_fixture or Case")
    assert suite("--reuse-db", *selected)[0] == 7
    assert databases(client_of_server, name) == {test_name}
    assert client_of_server[test_name].kept.count_documents({}) == 1
    assert suite("--reuse-db", "--create-db", *selected)[0] == 7
    assert "kept" not in client_of_server[test_name].list_collection_names()


def test_one_test_alone_that_asks_for_nothing(suite, client_of_server, name):
    assert suite("-k", "without_any_fixture")[0] == 1
    assert databases(client_of_server, name) == set()


def test_a_worker_of_xdist_has_a_database_of_its_own(suite, client_of_server, name):
    """pytest-xdist itself is not needed: a worker is a process with this variable."""
    assert suite("-k", "without_any_fixture", PYTEST_XDIST_WORKER="gw1")[0] == 1
    assert databases(client_of_server, name) == set()
