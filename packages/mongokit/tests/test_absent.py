"""Fields that a document may do without: declared in either way, left out, taken out, put in, found and described."""

from __future__ import annotations

import copy
import pickle

import jsonschema
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import WriteError

from mongokit import (
    Document,
    DuplicateKeyError,
    PartialDocumentError,
    Ref,
    Required,
    RequireFieldError,
    SchemaDocument,
    SchemaDocumentError,
    SchemaTypeError,
    Set,
    StructureError,
    absent,
    i18n,
)


class Shelf(SchemaDocument):
    row: int = 1
    board: str | None = absent


class AbsentBook(Document):
    title: str
    isbn: str | None = absent
    shelf: Shelf
    copies: list[Shelf] = []
    pages: int | None = None

    indexes = [{"fields": ["isbn"], "unique": True, "sparse": True}]


class AbsentTome(Document):
    structure = {
        "title": str,
        "isbn": str,
        "shelf": {"row": int, "board": str},
        "copies": [{"row": int, "board": str}],
        "pages": int,
    }
    required_fields = ["title", "shelf.row"]
    default_values = {"shelf.row": 1, **dict.fromkeys(("isbn", "shelf.board", "copies.board"), absent)}
    use_dot_notation = True
    indexes = [{"fields": ["isbn"], "unique": True, "sparse": True}]


BOTH = pytest.mark.parametrize("book", [AbsentBook, AbsentTome])
NEW = {"title": None, "shelf": {"row": 1}, "copies": [], "pages": None}
"""What a new document is, of either class."""


@pytest.fixture(params=["blocking", "asynchronous"])
def collection(request, database):
    return (database if request.param == "blocking" else request.getfixturevalue("driven")).books


def made(book, **fields):
    """Return a valid document."""
    document = book()
    document.update({"title": "T", **fields})
    return document


def wrong(document):
    """Return what is wrong, as path -> classes of the errors."""
    found = {}
    try:
        document.validate()
    except SchemaDocumentError as error:
        for failure in error.failures:
            found.setdefault(failure.path, set()).add(failure.error)
    return found


@BOTH
def test_a_new_document_is_without(book):
    assert book() == NEW
    document = book(gen_skel=False)
    document.generate_skeleton()
    assert document == {**NEW, "shelf": {"row": None, **({"row": None} if book is AbsentTome else {})}}


@BOTH
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"isbn": "1"}, {}),
        ({"isbn": None}, {}),
        ({"isbn": 1}, {"isbn": SchemaTypeError}),
        ({"isbn": absent}, {"isbn": SchemaTypeError}),
        ({"isbm": "1"}, {"isbm": StructureError}),
        ({"shelf": {"row": 2, "board": "b"}}, {}),
        ({"shelf": {"row": 2, "board": 5}}, {"shelf.board": SchemaTypeError}),
        ({"shelf": {"row": 2, "bored": "b"}}, {"shelf.bored": StructureError}),
        ({"copies": [{"row": 1}, {"row": 2, "board": "b"}]}, {}),
        ({"copies": [{"row": 1}, {"row": 2, "board": 5}]}, {"copies.1.board": SchemaTypeError}),
        ({"copies": [{"board": "b"}]}, {"copies.0.row": StructureError}),
    ],
)
def test_what_is_valid(book, fields, expected):
    found = wrong(made(book, **fields))
    assert found.keys() == expected.keys()
    assert all(error in found[path] for path, error in expected.items())


@BOTH
@pytest.mark.parametrize("name", ["pages", "copies", "title", "shelf"])
def test_every_other_field_has_to_be_there(book, name):
    document = made(book)
    del document[name]
    assert StructureError in wrong(document)[name]


@BOTH
def test_an_attribute_of_what_is_absent_is_none(book):
    document = made(book)
    assert document.isbn is None
    assert "isbn" not in document
    document.isbn = "1"
    assert document["isbn"] == "1"
    del document.isbn
    assert "isbn" not in document
    assert document.get("isbn") is None
    with pytest.raises(KeyError):
        document["isbn"]
    with pytest.raises(AttributeError, match="'isbm'"):
        document.isbm  # noqa: B018 (its attribute is asked for)
    del document["pages"]
    with pytest.raises(AttributeError, match="'pages'"):
        document.pages  # noqa: B018 (as above)


def test_an_attribute_of_an_embedded_class_is_none():
    document = made(AbsentBook, copies=[{"row": 1}])
    assert document.shelf.board is None
    assert document.copies[0].board is None
    document.shelf.board = "b"
    assert document["shelf"] == {"row": 1, "board": "b"}


@BOTH
def test_the_way_in_and_out(book, collection):
    collection.database.client.register([book])
    proxy = collection.proxy(book)
    first, second = proxy({**NEW, "title": "a", "isbn": "1"}), proxy({**NEW, "title": "b"})
    first.save()
    second.save()
    raw = {one["title"]: one for one in collection.find()}
    assert raw["a"]["isbn"] == "1"
    assert "isbn" not in raw["b"]
    del first["isbn"]
    first.save()
    assert "isbn" not in collection.find_one({"title": "a"})
    found = proxy.find_one({"title": "b"})
    assert "isbn" not in found
    found["isbn"] = "2"
    found.save(only=["isbn"])
    assert collection.find_one({"title": "b"})["isbn"] == "2"
    del found["isbn"]
    found.save(only=["isbn"])
    assert "isbn" not in collection.find_one({"title": "b"})


@BOTH
def test_a_unique_sparse_index_takes_any_number_of_them(book, collection):
    proxy = collection.proxy(book)
    collection.create_index("isbn", unique=True, sparse=True)
    for title in "abc":
        proxy({**NEW, "title": title}).save()
    proxy({**NEW, "title": "d", "isbn": "1"}).save()
    with pytest.raises(DuplicateKeyError):
        proxy({**NEW, "title": "e", "isbn": "1"}).save()
    # Null is a value like any other.
    proxy({**NEW, "title": "f", "isbn": None}).save()
    with pytest.raises(DuplicateKeyError):
        proxy({**NEW, "title": "g", "isbn": None}).save()


@BOTH
def test_an_update_may_unset_it_and_no_other(book, collection):
    proxy = collection.proxy(book)
    document = proxy({**NEW, "title": "a", "isbn": "1", "shelf": {"row": 1, "board": "b"}})
    document.save()
    new = document.update_atomic({"$unset": {"isbn": "", "shelf.board": ""}})
    assert "isbn" not in new
    assert new["shelf"] == {"row": 1}
    for path in ("pages", "title", "shelf.row", "shelf"):
        with pytest.raises(SchemaDocumentError, match=path):
            document.update_atomic({"$unset": {path: ""}})


@BOTH
def test_bulk_writes_and_units_of_work(book, database):
    proxy = database.books.proxy(book)
    proxy.insert_many([{**NEW, "title": "a"}, {**NEW, "title": "b", "isbn": "1"}])
    with database.client.unit_of_work():
        for document in proxy.find():
            document.pop("isbn", None)
            document.save()
    assert [("isbn" in one, one["title"]) for one in database.books.find().sort("title")] == [
        (False, "a"),
        (False, "b"),
    ]


@BOTH
def test_fetch_finds_documents_without(book, collection):
    proxy = collection.proxy(book)
    proxy({**NEW, "title": "a"}).save()
    proxy({**NEW, "title": "b", "isbn": "1"}).save()
    collection.insert_one({"title": "no book"})
    assert sorted(one["title"] for one in proxy.fetch()) == ["a", "b"]


def test_what_was_not_read_is_not_taken_for_absent(collection):
    proxy = collection.proxy(AbsentBook)
    proxy({**NEW, "title": "a", "isbn": "1"}).save()
    part = proxy.find_one({}, {"title": 1})
    with pytest.raises(AttributeError, match="'isbn'"):
        part.isbn  # noqa: B018 (its attribute is asked for)
    with pytest.raises(PartialDocumentError):
        part.save(only=["isbn"])
    [made] = proxy.aggregate([{"$project": {"title": 1}}])
    with pytest.raises(AttributeError, match="'isbn'"):
        made.isbn  # noqa: B018 (as above)
    read = proxy.find_one({}, {"isbn": 1})
    del read["isbn"]
    assert read.isbn is None
    read.save(only=["isbn"])
    assert "isbn" not in collection.find_one()


def test_changes_name_what_was_taken_out(collection):
    class AbsentTracked(Document):
        word: str | None = absent
        track_changes = True

    proxy = collection.proxy(AbsentTracked)
    document = proxy({"word": "a"})
    document.save()
    del document["word"]
    assert document.changed() == ["word"]
    document.save(only=document.changed())
    assert collection.find_one() == {"_id": document["_id"]}
    assert document.changed() == []


def test_the_other_kinds_of_fields(collection):
    class AbsentTarget(Document):
        word: str = ""
        __collection__ = "targets"

    class AbsentKinds(Document):
        words: set[str] | None = absent
        ref: Ref[AbsentTarget] | None = absent
        pair: tuple[int, int] | None = absent
        shelf: Shelf | None = absent
        counts: dict[str, int] | None = absent
        structure = {"titles": str, "old": [AbsentTarget], "tags": Set(str)}
        default_values = dict.fromkeys(("titles", "old", "tags"), absent)
        i18n = ["titles"]
        use_autorefs = True
        plain: str | None = None

    proxy = collection.proxy(AbsentKinds)
    document = proxy()
    assert document == {"plain": None}
    names = ("words", "ref", "pair", "shelf", "counts", "titles", "old", "tags")
    assert [getattr(document, name) for name in names] == [None] * len(names)
    document.save()
    found = proxy.find_one()
    assert found == {"_id": document["_id"], "plain": None}
    target = collection.database.targets.proxy(AbsentTarget)()
    target.save()
    found.titles = "a title"
    found.update(
        words={"a"}, ref=target, pair=(1, 2), shelf={"row": 2}, counts={"a": 1}, old=[target], tags={"t"}
    )
    found.save()
    again = proxy.find_one()
    assert again.titles == "a title"
    assert again["titles"] == i18n(en="a title")
    assert again.pair == (1, 2)
    assert again.shelf.board is None
    assert again.ref.id == target["_id"]
    proxy({"plain": "no reference"}).save()
    first, second = proxy.find().sort("_id").prefetch("ref").to_list()
    assert first.ref.loaded == target
    assert second.ref is None
    second.delete()
    assert again.tags == {"t"}
    for name in names:
        del again[name]
    again.save()
    assert collection.find_one() == {"_id": document["_id"], "plain": None}


def test_a_translated_field_in_what_is_absent():
    class Translated(SchemaDocument):
        structure = {"where": {"city": str}, "more": [{"city": str}]}
        default_values = {"where": absent, "more.city": absent}
        i18n = ["where.city", "more.city"]
        use_dot_notation = True

    document = Translated()
    assert document == {"more": []}
    assert document.where is None
    document.where = {"city": i18n(en="Rome", it="Roma")}
    document.more = [{}]
    document.validate()
    assert document.where.city == "Rome"
    document.set_lang("it")
    assert document.where.city == "Roma"


def test_a_switch_for_documents_that_are_older_than_their_fields(collection):
    class AbsentOld(Document):
        structure = {"a": str, "b": {"c": int, "d": [int]}, "e": [{"f": str}], "g": int, "h": {"i": str}}
        required_fields = ["g", "h.i"]
        accept_missing_fields = True
        use_dot_notation = True

    # New documents are as MongoKit makes them.
    assert AbsentOld() == {"a": None, "b": {"c": None, "d": []}, "e": [], "g": None, "h": {"i": None}}
    assert wrong(AbsentOld({"g": 1, "h": {"i": "x"}})) == {}
    assert wrong(AbsentOld({"g": 1, "h": {"i": "x"}, "b": {}, "e": [{}, {"f": None}]})) == {}
    assert wrong(AbsentOld({"a": "x"})) == {
        "g": {StructureError},
        "h": {StructureError},
        "h.i": {RequireFieldError},
    }
    assert wrong(AbsentOld({"g": 1, "h": {"i": "x"}, "z": 1})) == {"z": {StructureError}}
    assert AbsentOld({"g": 1}).a is None
    proxy = collection.proxy(AbsentOld)
    collection.insert_one({"g": 1, "h": {"i": "x"}})
    document = proxy.find_one()
    document["g"] = 2
    document.save()
    assert collection.find_one() == {"_id": document["_id"], "g": 2, "h": {"i": "x"}}
    assert document.update_atomic({"$set": {"b": {}}})["b"] == {}
    with pytest.raises(SchemaDocumentError):
        document.update_atomic({"$unset": {"h": ""}})


def test_the_switch_reaches_what_is_embedded_and_no_further():
    class Loose(SchemaDocument):
        a: str | None = None
        b: str
        accept_missing_fields = True

    class Strict(SchemaDocument):
        a: str | None = None

    class Outer(SchemaDocument):
        loose: Loose
        strict: Strict

    class LooseOuter(Outer):
        accept_missing_fields = True

    content = {"loose": {"b": "x"}, "strict": {}}
    assert wrong(Outer(content)) == {"strict.a": {StructureError}}
    assert wrong(LooseOuter(content)) == {}
    assert wrong(LooseOuter({"loose": {}, "strict": {}})) == {"loose.b": {StructureError}}


def test_defaults_of_outer_and_inner_classes():
    class Inner(SchemaDocument):
        a: str | None = absent
        b: str | None = "b"

    class Outer(SchemaDocument):
        inner: Inner
        parts: list[Inner] = []
        default_values = {"inner.a": "outer", "inner.b": absent}

    assert Outer() == {"inner": {"a": "outer"}, "parts": []}
    # What the inner class allows stays allowed.
    assert wrong(Outer({"inner": {}, "parts": []})) == {}
    assert wrong(Outer({"inner": {}, "parts": [{"b": None}]})) == {}
    assert wrong(Outer({"inner": {}, "parts": [{}]})) == {"parts.0.b": {StructureError}}


def test_inheritance():
    class Parent(SchemaDocument):
        a: str | None = absent
        b: str | None = absent
        c: str | None = None

    class Child(Parent):
        b: str | None = "b"
        c: str | None = absent
        required_fields = ["a"]

    assert Parent() == {"c": None}
    assert Child() == {"b": "b"}
    assert wrong(Child()) == {"a": {StructureError}}
    assert wrong(Child({"a": "x", "b": None})) == {}
    assert wrong(Child({"a": "x"})) == {"b": {StructureError}}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_there_is_one_marker(copied):
    assert copied(absent) is absent
    assert repr(absent) == "absent"


def test_what_reads_as_none_has_to_be_annotated_so():
    with pytest.raises(StructureError, match=r"Never: isbn: a field that may be absent .* \| None"):

        class Never(SchemaDocument):
            isbn: str = absent

    with pytest.raises(StructureError, match="Full: tags"):

        class Full(SchemaDocument):
            tags: Required[list[str] | None] = absent

    with pytest.raises(StructureError, match="Elsewhere: isbn"):

        class Elsewhere(SchemaDocument):
            isbn: str
            default_values = {"isbn": absent}


@pytest.mark.parametrize("path", ["counts.$str", "pair.0", "nowhere", "tags"])
def test_what_has_no_name_cannot_be_absent(path):
    body = {
        "structure": {"counts": {str: int}, "pair": (int, int), "tags": [str]},
        "default_values": {path: absent},
    }
    if path == "tags":
        assert "tags" not in type(SchemaDocument)("Named", (SchemaDocument,), body)()
        return
    with pytest.raises(
        ValueError, match=r"Error in default_values: .*" + path.replace("$", r"\$").replace(".", r"\.")
    ):
        type(SchemaDocument)("Nameless", (SchemaDocument,), body)


def test_an_id_is_absent_anyway():
    class Keyed(SchemaDocument):
        _id: ObjectId | None = absent
        word: str = ""

    assert Keyed() == {"word": ""}
    assert wrong(Keyed()) == {}


def test_what_is_told_of_it():
    shown = {one.path: (one.required, one.default) for one in AbsentTome.describe().fields}
    assert shown["isbn"] == ("optional", "absent")
    assert shown["copies.board"] == ("optional", "absent")
    assert shown["pages"] == ("", None)
    assert shown["title"] == ("required", None)
    assert "isbn" in str(AbsentBook.describe())

    class Loose(SchemaDocument):
        structure = {"a": int}
        accept_missing_fields = True

    assert str(Loose.describe()).endswith("settings: accept_missing_fields = True")


@BOTH
def test_json(book, collection):
    proxy = collection.proxy(book)
    document = proxy({**NEW, "title": "a"})
    assert '"isbn"' not in document.to_json()
    assert proxy.from_json(document.to_json()) == document


values = {
    "title": st.text(max_size=3),
    "isbn": st.none() | st.text(max_size=3),
    "pages": st.none() | st.integers(0, 9),
}
shelves = st.fixed_dictionaries(
    {"row": st.integers(0, 9)}, optional={"board": st.none() | st.text(max_size=3)}
)
documents = st.fixed_dictionaries(
    {
        "title": values["title"],
        "shelf": shelves,
        "copies": st.lists(shelves, max_size=2),
        "pages": values["pages"],
    },
    optional={"isbn": values["isbn"]},
)
LEFT_OUT = st.sampled_from([None, "title", "isbn", "shelf", "copies", "pages", "shelf.row", "shelf.board"])


def without(content, path):
    """Return a copy that lacks a path."""
    *above, name = (path or "none").split(".")
    holder = copied = copy.deepcopy(content)
    for one in above:
        holder = holder.get(one, {})
    holder.pop(name, None)
    return copied


@BOTH
@given(content=documents, path=LEFT_OUT)
def test_schema_and_validation_agree(book, content, path):
    content = without(content, path)
    is_valid = not wrong(book(content))
    assert is_valid is (path in (None, "isbn", "shelf.board"))
    validator = jsonschema.Draft202012Validator(book.json_schema("json"))
    assert validator.is_valid(content) is is_valid


class LooseTome(AbsentTome):
    accept_missing_fields = True


@given(content=documents, path=LEFT_OUT, other=LEFT_OUT)
def test_schema_and_validation_agree_with_the_switch(content, path, other):
    content = without(without(content, path), other)
    is_valid = not wrong(LooseTome(content, gen_skel=False))
    assert is_valid is ({"title", "shelf", "shelf.row"}.isdisjoint({path, other}))
    assert jsonschema.Draft202012Validator(LooseTome.json_schema("json")).is_valid(content) is is_valid


@BOTH
@given(content=documents)
def test_validation_and_a_round_trip_change_nothing(book, content):
    document = book(copy.deepcopy(content))
    document.validate()
    assert document == content
    assert pickle.loads(pickle.dumps(document)) == content
    convert = book._structure.to_bson
    stored = dict(document) if convert is None else convert(document)
    assert stored == content
    assert book(stored) == content


@BOTH
def test_the_server_agrees(book, collection):
    book.set_validator(collection)
    right = {"title": "a", "shelf": {"row": 1}, "copies": [{"row": 1}], "pages": None}
    collection.insert_one(dict(right))
    collection.insert_one({**right, "isbn": "1", "copies": [{"row": 1, "board": "b"}]})
    for name in ("pages", "copies", "title"):
        with pytest.raises(WriteError):
            collection.insert_one({key: value for key, value in right.items() if key != name})
    with pytest.raises(WriteError):
        collection.insert_one({**right, "isbn": 1})


@pytest.mark.parametrize("default", [[absent], {"x": absent}, [{"x": [absent]}], (absent,)], ids=repr)
def test_inside_of_another_default_it_means_nothing(default):
    with pytest.raises(
        ValueError, match="the default of a holds absent, which is the default of a whole field"
    ):
        type("Held", (Document,), {"structure": {"a": None}, "default_values": {"a": default}})
