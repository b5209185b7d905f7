"""Options that PyMongo no longer has: an error names what has taken their place."""

from __future__ import annotations

import pytest
from pymongo import WriteConcern

from mongokit import Document, VersionedDocument


class Note(Document):
    structure = {"text": str}


class Kept(VersionedDocument):
    structure = {"text": str}


SAVED = {
    "w": (1, r"write_concern=WriteConcern\(w=1\)"),
    "j": (True, r"write_concern=WriteConcern\(j=True\)"),
    "fsync": (True, r"write_concern=WriteConcern\(fsync=True\)"),
    "wtimeout": (100, r"write_concern=WriteConcern\(wtimeout=100\)"),
}
FOUND = {
    "fields": (["text"], r"use projection=\['text'\]"),
    "spec": ({"text": "a"}, r"use filter=\{'text': 'a'\}"),
    "spec_or_id": (1, "use filter=1"),
    "timeout": (False, "use no_cursor_timeout=True"),
    "tailable": (True, "use cursor_type=CursorType.TAILABLE"),
    "partial": (True, "use allow_partial_results=True"),
    "wrap": (True, r"leave it out: collection\.Class\.find\(\) gives documents"),
}


@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize("kind", [Note, Kept])
def test_save_names_the_write_concern(collection, kind, name):
    value, said = SAVED[name]
    with pytest.raises(TypeError, match=rf"save\({name}={value}\) .*{said}"):
        collection.proxy(kind)({"text": "a"}).save(**{name: value})
    assert collection.count_documents({}) == 0


def test_what_save_names_is_a_way(collection, connection):
    connection.register([Note])
    collection.with_options(write_concern=WriteConcern(w=1)).Note({"text": "a"}).save()
    assert collection.count_documents({"text": "a"}) == 1


QUERIES = [
    (method, name)
    for method in ("find", "find_one", "one", "fetch", "fetch_one", "get_from_id")
    for name in FOUND
    if name != "spec" or not method.startswith("fetch")  # of which it is a parameter
]


@pytest.mark.parametrize(("method", "name"), QUERIES)
def test_a_query_names_the_successor(collection, method, name):
    value, said = FOUND[name]
    given = [1] if method == "get_from_id" else []
    with pytest.raises(TypeError, match=rf"{name}=.*{said}"):
        getattr(collection.proxy(Note), method)(*given, **{name: value})


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("method", ["find", "find_one", "one", "get_from_id"])
async def test_an_awaited_query_names_it_too(adatabase, method, name):
    value, said = FOUND[name]
    given = [1] if method == "get_from_id" else []
    for asked in (adatabase["none"].proxy(Note), adatabase["none"]):
        with pytest.raises(TypeError, match=rf"{name}=.*{said}"):
            await getattr(asked, method)(*given, **{name: value})


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("method", ["find", "find_one", "one", "get_from_id"])
def test_a_query_for_dicts_names_it_too(collection, method, name):
    value, said = FOUND[name]
    given = [1] if method == "get_from_id" else []
    with pytest.raises(TypeError, match=rf"{name}=.*{said}"):
        getattr(collection, method)(*given, **{name: value})


def test_what_is_unknown_otherwise_is_pymongos(collection):
    with pytest.raises(TypeError, match="nothing"):
        collection.proxy(Note).find(nothing=1)
    with pytest.raises(TypeError, match="nothing"):
        collection.find(nothing=1)
    with pytest.raises(TypeError, match="nothing"):
        collection.proxy(Note)({"text": "a"}).save(nothing=1)


def test_the_default_of_an_old_option_needs_no_successor(collection):
    with pytest.raises(TypeError, match="leave timeout out"):
        collection.proxy(Note).find(timeout=True)
