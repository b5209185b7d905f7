"""Registering, reaching, forking, and what is PyMongo's."""

from __future__ import annotations

import importlib.metadata
import logging
import subprocess
import sys
import textwrap
import warnings

import gridfs
import pymongo
import pytest
from forking import in_child
from pymongo import WriteConcern
from pymongo.errors import CollectionInvalid, ConfigurationError

import mongokit
from mongokit import Collection, Connection, Database, Document, processes


class Page(Document):
    structure = {"title": str}
    indexes = [{"fields": "title"}]


class Home(Page):
    __collection__ = "homes"


class Start(Page):
    __collection__ = "starts"
    __database__ = "start_database"


def test_register_returns_what_it_is_given(connection):
    assert connection.register(Page) is Page
    given = [Home, Start]
    assert connection.register(given) is given
    assert connection.registered == {"Page": Page, "Home": Home, "Start": Start}


def test_register_as_a_decorator(connection, collection):
    @connection.register
    class Note(Document):
        structure = {"text": str}

    assert type(collection.Note()) is Note


@pytest.mark.parametrize("wrong", [dict, [Page, dict], Page({}), [3]])
def test_register_refuses_what_is_no_document_class(connection, wrong):
    with pytest.raises(TypeError, match="register"):
        connection.register([wrong] if isinstance(wrong, Document) else wrong)


def test_registering_again_replaces(connection, collection, caplog):
    connection.register(Page)
    before = collection.Page
    with caplog.at_level(logging.WARNING, "mongokit"):
        connection.register(Page)
        assert not caplog.records
        other = type("Page", (Document,), {"structure": {"body": str}, "__module__": "elsewhere"})
        connection.register(other)
    assert "takes the place of" in caplog.text
    assert collection.Page is not before
    assert type(collection.Page()) is other


def test_homes(connection, database):
    connection.register([Page, Home, Start])
    assert database.Home.collection is database.homes
    assert connection.Start.collection.full_name == "start_database.starts"
    assert type(connection.Start()) is Start
    assert database.other.Home.collection is database.other
    with pytest.raises(
        AttributeError, match=r"Page has no __collection__, so database\.Page does not say where"
    ):
        _ = database.Page
    with pytest.raises(
        AttributeError, match=r"Home has no __database__, so connection\.Home does not say where"
    ):
        _ = connection.Home


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Unknown",
            r"'Unknown' of collection 'things' cannot be called: .*connection\.register\(\[Unknown\]\)",
        ),
        ("insert", f"'insert' of collection 'things' .* nor a method of PyMongo {pymongo.version}"),
    ],
)
def test_calling_what_is_not_there(collection, name, message):
    with pytest.raises(TypeError, match=message):
        getattr(collection, name)({})


def test_calling_a_collection(database):
    with pytest.raises(TypeError, match="'add_user' of database"):
        database.add_user("x")


def test_the_same_objects_each_time(connection, database):
    assert connection[database.name] is database
    assert getattr(connection, database.name) is database
    assert database.a is database["a"]
    assert database.a.b is not None
    assert database.a.b.full_name == f"{database.name}.a.b"


def test_every_way_gives_our_classes(connection, database):
    concern = WriteConcern(w=1)
    connection.register(Page)
    databases = [
        connection.get_database(database.name),
        connection.get_default_database(database.name),
        database.with_options(write_concern=concern),
    ]
    for found in databases:
        assert type(found) is Database
        assert found == database
    collections = [
        database.get_collection("a", write_concern=concern),
        database.a.with_options(write_concern=concern),
        database.a.b,
        database.create_collection("c"),
        database.with_options(write_concern=concern).a,
    ]
    for found in collections:
        assert type(found) is Collection
        assert type(found.Page()) is Page
        assert isinstance(found.Page().collection, Collection)
    assert (
        collections[0].write_concern
        == collections[1].write_concern
        == collections[4].write_concern
        == concern
    )
    with pytest.raises(CollectionInvalid):
        database.create_collection("c")
    with pytest.raises(ConfigurationError):
        Connection().get_database()


def test_private_names_are_attribute_errors(connection, database, collection):
    for holder in (connection, database, collection):
        with pytest.raises(AttributeError):
            _ = holder._no_such


def test_other_libraries_take_them_for_pymongos(database):
    files = gridfs.GridFS(database)
    assert files.get(files.put(b"content")).read() == b"content"


def test_ensure_indexes(connection, database):
    connection.register([Page, Home])
    assert [(row.namespace, row.name) for row in database.ensure_indexes()] == [
        (f"{database.name}.homes", "title_1"),
        ("no __collection__", "title_1"),
    ]
    assert "title_1" in database.homes.index_information()
    assert [row.name for row in database.pages.Page.ensure_indexes()] == ["title_1"]


def test_nothing_is_opened_before_the_first_operation():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        connection = Connection("mongodb://nowhere.invalid:1/")
        assert connection.a.b.name == "b"
        connection.close()


@pytest.mark.parametrize(
    ("host", "options", "expected"),
    [
        (None, {}, 4),
        ("mongodb://localhost/?uuidRepresentation=pythonLegacy", {}, 3),
        (["localhost"], {"UUIDRepresentation": "javaLegacy"}, 5),
    ],
)
def test_native_uuids_are_stored_in_the_standard_way_unless_told(host, options, expected):
    with Connection(host, **options) as connection:
        assert connection.codec_options.uuid_representation == expected


def test_the_name_mongoclient():
    assert mongokit.MongoClient is Connection


def test_every_exported_name_is_there():
    assert sorted(mongokit.__all__, key=str) == sorted(set(mongokit.__all__), key=str)
    for name in mongokit.__all__:
        assert getattr(mongokit, name) is not None
    assert mongokit.__version__ == importlib.metadata.version("slimstack-mongokit")


# Forks


def test_a_forked_child_goes_on_with_the_same_objects(connection, collection):
    connection.register(Page)
    document = collection.Page({"title": "x"}).save()
    proxy = collection.Page

    def child():
        document["title"] = "from the child"
        document.save()
        collection.database.other.insert_one({})
        return collection.Page.one()["title"], proxy.count(), connection.admin.command("ping")["ok"]

    assert in_child(child) == "('from the child', 1, 1.0)"
    document.reload()
    assert document["title"] == "from the child"


def test_the_child_of_a_child(connection, collection):
    collection.insert_one({})
    assert in_child(lambda: in_child(lambda: collection.count_documents({}))) == "'1'"


def test_a_closed_connection_stays_closed_in_a_child(mongodb_uri):
    connection = Connection(mongodb_uri)
    connection.admin.command("ping")
    connection.close()
    assert in_child(lambda: connection.admin.command("ping")).startswith("InvalidOperation")


def test_connections_to_the_same_server_are_each_remembered(mongodb_uri):
    first, second = Connection(mongodb_uri), Connection(mongodb_uri)
    with first, second:
        first.admin.command("ping")
        second.admin.command("ping")
        assert in_child(lambda: [c.admin.command("ping")["ok"] for c in (first, second)]) == "[1.0, 1.0]"


def test_the_first_operation_imports_nothing(mongodb_uri):
    """A child that was forked while a thread does would wait for the end of that import for ever."""
    code = """
        import sys
        from mongokit import Connection
        with Connection(sys.argv[1]) as connection:
            before = set(sys.modules)
            connection.admin.command("ping")
            print(sorted(set(sys.modules) - before))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), mongodb_uri]
    said = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (said.stdout.strip(), said.stderr) == ("[]", "")


def test_forking_while_threads_work(mongodb_uri):
    """In a process of its own, since threads and forks in one process are what Python warns of."""
    code = """
        import os, sys, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from mongokit import Connection
        connection = Connection(sys.argv[1])
        done = threading.Event()
        def work():
            while not done.is_set():
                connection.admin.command("ping")
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        codes = []
        for _ in range(20):
            pid = os.fork()
            if pid == 0:
                os._exit(0 if connection.admin.command("ping")["ok"] else 1)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        done.set()
        for thread in threads:
            thread.join()
        connection.close()
        print(codes)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), mongodb_uri]
    said = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (said.stdout.strip(), said.stderr) == (str([0] * 20), "")


# The abandoned original


@pytest.fixture
def not_looked_yet(monkeypatch):
    monkeypatch.setattr(processes, "_looked", False)


def test_the_original_beside_ours_is_said_once(not_looked_yet, monkeypatch, tmp_path):
    original = tmp_path / "mongokit-0.9.1.dist-info"
    original.mkdir()
    (original / "METADATA").write_text("Metadata-Version: 2.1\nName: mongokit\nVersion: 0.9.1\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(
        RuntimeWarning, match=r"mongokit 0\.9\.1 is installed .*pip uninstall mongokit slimstack-mongokit"
    ):
        Connection().close()
    Connection().close()


def test_ours_alone_is_silent(not_looked_yet):
    Connection().close()


def test_by_item_a_collection_by_attribute_a_class(connection, database):
    """And calling the first says which is which."""
    thing = type("Itemised", (Document,), {"structure": {}, "__collection__": "items"})
    connection.register(thing)
    for where, named in ((database, "database"), (database.things, "collection 'things'")):
        assert type(where["Itemised"]) is type(database.things)
        with pytest.raises(
            TypeError,
            match=rf"'Itemised' of {named}.* by \['Itemised'\] it is a collection.* attribute, \.Itemised$",
        ):
            where["Itemised"]()
        assert type(where.Itemised()) is thing
