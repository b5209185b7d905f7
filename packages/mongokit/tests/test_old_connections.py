"""What extensions of MongoKit ask of a connection: it works and warns once, or an error names the successor."""

from __future__ import annotations

import pytest
from pymongo.errors import InvalidOperation

from mongokit import AsyncConnection, Connection, Document, legacy


class Note(Document):
    structure = {"text": str}


@pytest.fixture(autouse=True)
def unsaid(monkeypatch):
    """Nothing was warned of yet."""
    monkeypatch.setattr(legacy, "_warned", set())


@pytest.mark.parametrize("kind", [Connection, AsyncConnection])
def test_the_registered_documents(kind):
    made = kind()
    made.register(Note)
    with pytest.warns(DeprecationWarning, match=r"use connection\.registered") as said:
        assert made._registered_documents is made.registered
    assert made._registered_documents == {"Note": Note}
    assert len(said) == 1
    assert said[0].filename == __file__


def test_who_has_disconnected_connects_again(mongodb_uri, database):
    with Connection(mongodb_uri) as connection:
        connection.register(Note)
        notes = connection[database.name].notes
        note = notes.Note({"text": "a"}).save()
        with pytest.warns(
            DeprecationWarning, match=r"connection\.disconnect\(\) is .*; use close\(\)"
        ) as said:
            connection.disconnect()
        assert not connection.nodes
        note["text"] = "b"
        note.save()
        assert notes.Note.one() == note
        connection.disconnect()
        assert notes.find_one()["text"] == "b"
    assert len(said) == 1
    assert said[0].filename == __file__


def test_who_is_closed_stays_so(mongodb_uri, database):
    connection = Connection(mongodb_uri)
    connection.close()
    with pytest.warns(DeprecationWarning, match="disconnect"):
        connection.disconnect()
    with pytest.raises(InvalidOperation):
        connection[database.name].notes.find_one()


OLD = {
    "slave_okay": (True, r"use read_preference=ReadPreference\.SECONDARY_PREFERRED"),
    "slaveOk": (True, r"use read_preference=ReadPreference\.SECONDARY_PREFERRED"),
    "network_timeout": (5, "use socketTimeoutMS, in milliseconds"),
    "max_pool_size": (50, "use maxPoolSize=50"),
    "auto_start_request": (True, "leave it out"),
    "use_greenlets": (True, "leave it out"),
    "safe": (True, "leave it out, .* or use w=1"),
}


@pytest.mark.parametrize("kind", [Connection, AsyncConnection])
@pytest.mark.parametrize(("name", "value", "said"), [(name, *row) for name, row in OLD.items()])
def test_options_of_old(kind, name, value, said):
    with pytest.raises(
        TypeError, match=rf"{name}={value} is the old spelling of an option of connections; {said}"
    ):
        kind("localhost", **{name: value})
    with pytest.raises(TypeError, match=rf"{name}=False .*; leave it out"):
        kind("localhost", **{name: False})


def test_an_option_of_old_in_queries(database):
    for query in (database.notes.find, database.notes.find_one):
        with pytest.raises(
            TypeError, match=r"slave_okay=True .*use collection\.with_options\(read_preference="
        ):
            query(slave_okay=True)
    with pytest.raises(TypeError, match=r"slave_okay=False .*leave it out"):
        database.notes.find(slave_okay=False)
