"""The ENGINE as Django meets it: SQL is refused with one clear error, everything else leaves it in peace."""

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import pytest
from books.models import Book
from django.contrib.auth.models import User
from django.db import close_old_connections, connections, models, reset_queries, transaction
from django.db.utils import DatabaseError, NotSupportedError, load_backend
from django.utils.connection import ConnectionDoesNotExist
from talks.models import Computer, Talk

import django_mongokit
from django_mongokit import get_database
from django_mongokit.document import DjangoDocument
from django_mongokit.mongodb import base, pool
from django_mongokit.mongodb.base import DatabaseWrapper, UnsupportedConnectionOperation
from django_mongokit.mongodb.pool import LazyConnection, shared_connection
from mongokit import Connection

BOOKS = Book.objects.using("mongodb")

ORM = {
    "all": lambda: list(BOOKS.all()),
    "get": lambda: BOOKS.get(pk=1),
    "first": lambda: BOOKS.first(),
    "count": lambda: BOOKS.count(),
    "exists": lambda: BOOKS.exists(),
    "aggregate": lambda: BOOKS.aggregate(models.Count("id")),
    "values": lambda: list(BOOKS.values("title")),
    "iterator": lambda: list(BOOKS.iterator()),
    "in_bulk": lambda: BOOKS.in_bulk([1]),
    "union": lambda: list(BOOKS.union(BOOKS.all())),
    "explain": lambda: BOOKS.explain(),
    "raw": lambda: list(Book.objects.using("mongodb").raw("SELECT * FROM books_book")),
    "create": lambda: BOOKS.create(title="x"),
    "get_or_create": lambda: BOOKS.get_or_create(title="x"),
    "update_or_create": lambda: BOOKS.update_or_create(title="x"),
    "bulk_create": lambda: BOOKS.bulk_create([Book(title="x")]),
    "bulk_update": lambda: BOOKS.bulk_update([Book(pk=1, title="x")], ["title"]),
    "update": lambda: BOOKS.update(title="x"),
    "delete": lambda: BOOKS.all().delete(),
    "select_for_update": lambda: list(BOOKS.select_for_update()),
    "save": lambda: Book(title="x").save(using="mongodb"),
    "save with a key": lambda: Book(pk=1, title="x").save(using="mongodb"),
    "delete one": lambda: Book(pk=1).delete(using="mongodb"),
    "refresh": lambda: Book(pk=1).refresh_from_db(using="mongodb"),
    "a user": lambda: User.objects.db_manager("mongodb").create_user("peter"),
}


def in_thread(function):
    """Call it in a thread of its own, which has no SQL connection, but one of ours."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (connections["mongodb"], function())).result(10)


def entered(manager):
    with manager:
        raise AssertionError("entered")


SQL = {
    "execute": lambda: connections["mongodb"].cursor().execute("SELECT 1"),
    "executemany": lambda: connections["mongodb"].cursor().executemany("INSERT", [[1]]),
    "callproc": lambda: connections["mongodb"].cursor().callproc("proc"),
    "chunked cursor": lambda: connections["mongodb"].chunked_cursor().execute("SELECT 1"),
    "atomic": lambda: entered(transaction.atomic(using="mongodb")),
    "atomic, durable": lambda: entered(transaction.atomic(using="mongodb", durable=True)),
    "atomic, decorator": transaction.atomic(using="mongodb")(lambda: None),
    "set_autocommit": lambda: transaction.set_autocommit(False, using="mongodb"),
    "commit": lambda: transaction.commit(using="mongodb"),
    "rollback": lambda: transaction.rollback(using="mongodb"),
    "savepoint": lambda: getattr(transaction, "savepoint_create", transaction.savepoint)(using="mongodb"),
    "savepoint_commit": lambda: transaction.savepoint_commit("s", using="mongodb"),
    "savepoint_rollback": lambda: transaction.savepoint_rollback("s", using="mongodb"),
    "schema editor": lambda: entered(connections["mongodb"].schema_editor()),
    "quoting": lambda: connections["mongodb"].ops.quote_name("talks"),
    "the key of a row": lambda: connections["mongodb"].ops.last_insert_id(None, "talks", "id"),
    "rows to insert": lambda: connections["mongodb"].ops.bulk_insert_sql([], []),
    "a part of a date": lambda: connections["mongodb"].ops.date_trunc_sql("year", "x", ()),
    "a cursor of a driver": lambda: connections["mongodb"].create_cursor(),
    "a connection of a driver": lambda: connections["mongodb"].get_new_connection({}),
    "tables": lambda: connections["mongodb"].introspection.get_table_list(None),
    "columns": lambda: connections["mongodb"].introspection.get_table_description(None, "talks"),
    "relations": lambda: connections["mongodb"].introspection.get_relations(None, "talks"),
    "keys": lambda: connections["mongodb"].introspection.get_primary_key_columns(None, "talks"),
}


@pytest.mark.parametrize("operation", [*ORM.values(), *SQL.values()], ids=[*ORM, *SQL])
def test_sql_is_refused(operation):
    with pytest.raises(UnsupportedConnectionOperation) as caught:
        operation()
    text = str(caught.value)
    assert "cannot work on DATABASES['mongodb']: it is MongoDB and speaks no SQL." in text
    assert any(
        instead in text
        for instead in ("get_database()", "start_session()", "migrate an SQL alias", "a document class")
    ), text
    wrapper = connections["mongodb"]
    assert not wrapper.in_atomic_block
    assert not wrapper.needs_rollback
    assert wrapper.get_autocommit()


PARTS = {
    "the wrapper": lambda: connections["mongodb"],
    "operations": lambda: connections["mongodb"].ops,
    "introspection": lambda: connections["mongodb"].introspection,
    "creation": lambda: connections["mongodb"].creation,
    "client": lambda: connections["mongodb"].client,
    "features": lambda: connections["mongodb"].features,
    "validation": lambda: connections["mongodb"].validation,
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_nothing_is_left_that_django_says_a_backend_has_to_write(part):
    """Whichever Django is installed: a method that raises NotImplementedError there is written here."""
    found, base = part(), type(part()).__mro__[-2]
    assert base.__module__.startswith("django.db.backends.base"), base
    left = [
        name
        for name, method in vars(base).items()
        if inspect.isfunction(method)
        and not name.startswith("_")
        and "raise NotImplementedError" in inspect.getsource(method)
        and getattr(type(found), name) is method
    ]
    assert left == []


def test_what_django_asks_of_any_connection():
    wrapper = connections["mongodb"]
    assert (wrapper.vendor, wrapper.display_name, wrapper.queries) == ("mongodb", "MongoDB", [])
    assert repr(wrapper) == "<DatabaseWrapper vendor='mongodb' alias='mongodb'>"
    assert (wrapper.timezone_name, wrapper.ensure_timezone()) == ("UTC", False)
    wrapper.check_database_version_supported()
    wrapper.validate_no_atomic_block()
    wrapper.validate_thread_sharing()
    with wrapper.constraint_checks_disabled(), wrapper.execute_wrapper(lambda *given: None):
        pass
    assert wrapper.check_constraints() is None
    assert wrapper.copy("other").alias == "other"
    assert wrapper.ops.max_name_length() is None
    assert wrapper.introspection.get_sequences(None, "talks") == []


def test_the_error_is_one_of_djangos():
    assert issubclass(UnsupportedConnectionOperation, NotSupportedError)
    assert issubclass(NotSupportedError, DatabaseError)


def test_public_names_of_the_original():
    assert load_backend("django_mongokit.mongodb") is base
    assert base.TEST_DATABASE_PREFIX == "test_"
    for name in ("Wrapper", "Operations", "Client", "Introspection", "Creation", "Features", "Error"):
        assert isinstance(getattr(base, f"Database{name}"), type)
    assert issubclass(base.IntegrityError, base.DatabaseError)


def test_connection_is_one_for_all_threads():
    found = [connections["mongodb"].connection, shared_connection()]
    thread = threading.Thread(target=lambda: found.append(connections["mongodb"].connection))
    thread.start()
    thread.join()
    assert found[0] is found[1] is found[2]


def test_the_public_connection_stands_for_it(mongodb):
    stand_in, real = django_mongokit.connection, shared_connection()
    assert stand_in is django_mongokit.connection
    assert isinstance(stand_in, Connection)
    assert stand_in == real == stand_in
    assert stand_in == LazyConnection()
    assert hash(stand_in) == hash(real)
    assert stand_in[mongodb.name] == getattr(stand_in, mongodb.name) == mongodb
    assert stand_in.admin.command("ping")["ok"] == 1
    assert "DATABASES['mongodb']" in repr(stand_in)
    with stand_in.start_session() as session:
        assert mongodb.talks.find_one(session=session) is None


def test_registration_before_and_after_the_first_use(monkeypatch):
    monkeypatch.setattr(pool, "_shared", {})
    monkeypatch.setattr(pool, "_registered", {})
    stand_in = LazyConnection()
    assert stand_in.register([Talk]) == [Talk]
    assert "no connection" not in repr(stand_in)
    assert stand_in["somewhere"].talks.Talk().collection.full_name == "somewhere.talks"
    assert stand_in.register(Computer) is Computer, "as a decorator"
    assert stand_in["somewhere"].talks.Computer()


@pytest.fixture
def archive(monkeypatch, databases, name):
    """A second alias, in a process that has registered nothing yet."""
    monkeypatch.setattr(pool, "_shared", {})
    monkeypatch.setattr(pool, "_registered", {})
    databases(
        **connections.settings, archive={**connections.settings["mongodb"], "NAME": name, "OPTIONS": {}}
    )
    yield "archive"
    for opened in pool._shared.values():
        opened.close()


@pytest.mark.parametrize("is_used", [False, True], ids=["before its first use", "after it"])
def test_what_is_registered_is_known_on_every_alias(archive, is_used):
    if is_used:
        shared_connection(archive)
    django_mongokit.connection.register([Talk])
    assert set(pool._shared) == ({archive} if is_used else set()), "no connection is made for it"
    assert (
        shared_connection(archive)["there"].talks.Talk().collection.database.client is pool._shared[archive]
    )
    assert shared_connection()["here"].talks.Talk().collection.database.client is pool._shared["mongodb"]


@pytest.mark.parametrize("is_used", [False, True], ids=["before its first use", "after it"])
def test_an_alias_has_classes_of_its_own(archive, is_used):
    """One that has the name of a common one takes its place there, whichever of them is registered first."""

    class Mine(DjangoDocument):
        structure = {"a": int}

    own = type(DjangoDocument)(
        "Talk", (DjangoDocument,), {"structure": {"b": int}, "__module__": "own.models"}
    )
    if is_used:
        shared_connection()
        shared_connection(archive)
    LazyConnection(archive).register([Mine, own])
    django_mongokit.connection.register([Talk, Computer])
    assert shared_connection(archive).registered == {"Mine": Mine, "Talk": own, "Computer": Computer}
    assert shared_connection().registered == {"Talk": Talk, "Computer": Computer}


@pytest.mark.parametrize("wrong", [[int], [Talk, "Talk"], dict], ids=["class", "name", "dict"])
def test_only_documents_are_registered(wrong):
    with pytest.raises(TypeError, match=r"takes subclasses of mongokit\.Document"):
        django_mongokit.connection.register(wrong)


def test_an_undeclared_alias():
    with pytest.raises(ConnectionDoesNotExist, match="'elsewhere'"):
        LazyConnection("elsewhere")["x"]


def test_two_wrappers_of_two_threads_are_two():
    found = [connections["mongodb"]]
    thread = threading.Thread(target=lambda: found.append(connections["mongodb"]))
    thread.start()
    thread.join()
    assert found[0] is not found[1]


def test_a_wrapper_made_by_hand_has_a_connection_of_its_own(uri, name):
    wrapper = DatabaseWrapper(
        {**connections["mongodb"].settings_dict, "HOST": uri, "NAME": name}, "elsewhere"
    )
    assert wrapper.connection is wrapper.connection
    assert wrapper.connection is not shared_connection()
    wrapper.connection[name].talks.insert_one({"_id": 1})
    assert django_mongokit.connection[name].talks.count_documents({}) == 1
    wrapper.connection.close()


@pytest.mark.parametrize(
    "disturb",
    [
        lambda: connections["mongodb"].close(),
        lambda: connections["mongodb"]._close(),
        lambda: in_thread(connections.close_all),
        lambda: in_thread(close_old_connections),
        reset_queries,
        lambda: connections["mongodb"].close_if_unusable_or_obsolete(),
        lambda: connections["mongodb"].close_if_health_check_failed(),
        lambda: setattr(connections["mongodb"], "connection", None),
    ],
    ids=["close", "_close", "close_all", "close_old", "reset", "obsolete", "health", "none"],
)
def test_closing_harms_nothing(disturb, mongodb):
    connection = connections["mongodb"].connection
    mongodb.talks.insert_one({"_id": 1})
    cursor = iter(mongodb.talks.find())
    disturb()
    disturb()
    assert connections["mongodb"].connection is connection
    assert next(cursor) == {"_id": 1}
    assert mongodb.talks.count_documents({}) == 1


def test_health():
    wrapper = connections["mongodb"]
    assert wrapper.is_usable()
    wrapper.ensure_connection()
    assert wrapper.get_database_version() >= (4, 0)


def test_health_of_a_server_that_is_not_there():
    values = {**connections["mongodb"].settings_dict, "HOST": "127.0.0.1", "PORT": 9}
    wrapper = DatabaseWrapper({**values, "OPTIONS": {"serverSelectionTimeoutMS": 20}}, "gone")
    assert not wrapper.is_usable()
    wrapper.connection.close()


def test_what_it_says_it_can_do():
    features = connections["mongodb"].features
    assert (features.supports_transactions, features.uses_savepoints) == (False, False)
    assert connections["mongodb"].vendor == "mongodb"


def test_no_tables():
    wrapper = connections["mongodb"]
    with wrapper.cursor() as cursor:
        assert wrapper.introspection.get_sequences(cursor, "x") == []
    assert wrapper.introspection.table_names() == []
    assert wrapper.introspection.django_table_names(only_existing=True) == []
    assert wrapper.ops.sql_flush(None, []) == []
    with wrapper.temporary_connection() as cursor:
        assert isinstance(cursor, base.RefusingCursor)
    cursor.close()


def test_on_commit_runs_at_once():
    seen = []
    transaction.on_commit(lambda: seen.append(1), using="mongodb")
    assert seen == [1]


def test_setting_autocommit_to_what_it_is_changes_nothing():
    transaction.set_autocommit(True, using="mongodb")
    assert transaction.get_autocommit(using="mongodb")


def test_flush_deletes_documents_and_keeps_indexes(mongodb):
    mongodb.talks.create_index("topic")
    mongodb.talks.insert_one({"topic": "x"})
    mongodb.others.insert_one({})
    connections["mongodb"].ops.execute_sql_flush([])
    assert mongodb.talks.count_documents({}) == mongodb.others.count_documents({}) == 0
    assert "topic_1" in mongodb.talks.index_information()


def test_get_database_is_the_one_of_the_settings(mongodb):
    assert get_database().name == connections["mongodb"].settings_dict["NAME"] == mongodb.name
    assert mongodb.name.startswith("test_")


def test_get_database_on_another_connection(uri, mongodb):
    other = Connection(uri)
    mongodb.talks.insert_one({"_id": 1})
    assert get_database(other).talks.count_documents({}) == 1
    assert get_database(other).name == mongodb.name
    other.close()


def test_version():
    installed = metadata.version("slimstack-django-mongokit")
    assert django_mongokit.get_version() == django_mongokit.__version__ == installed
    assert {"connection", "get_database", "get_document_or_404"} <= set(dir(django_mongokit))
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = django_mongokit.nothing_such
