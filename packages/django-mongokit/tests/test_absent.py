"""Fields that a document may do without: what is left empty in a form is not stored, nor what a client says is null."""

import datetime
from typing import Literal

import pytest
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from django_mongokit.rest import DocumentSerializer
from mongokit import AsyncConnection, SchemaDocument, Set, absent

UNIQUE = [{"fields": ["isbn"], "unique": True, "sparse": True}]


class Place(SchemaDocument):
    row: int = 1
    board: str | None = absent


class AbsentPrint(DjangoDocument):
    title: str = ""
    isbn: str | None = absent
    pages: int | None = absent
    sold: bool | None = absent
    at: datetime.datetime | None = absent
    words: list[str] | None = absent
    kinds: list[Literal["a", "b"]] | None = absent
    place: Place
    extra: Place | None = absent
    copies: list[Place] = []
    indexes = UNIQUE


PLACE = {"row": int, "board": str}


class AbsentPaper(DjangoDocument):
    structure = {
        "title": str,
        "isbn": str,
        "pages": int,
        "sold": bool,
        "at": datetime.datetime,
        "words": [str],
        "kinds": Set(str),
        "place": dict(PLACE),
        "extra": dict(PLACE),
        "copies": [dict(PLACE)],
    }
    default_values = {
        "title": "",
        "place.row": 1,
        **dict.fromkeys(("isbn", "pages", "sold", "at", "words", "kinds", "extra"), absent),
        **dict.fromkeys(("place.board", "extra.board", "copies.board"), absent),
    }
    indexes = UNIQUE


BOTH = pytest.mark.parametrize("kind", [AbsentPrint, AbsentPaper])
EMPTY = {
    "title": "T",
    **dict.fromkeys(("isbn", "pages", "sold", "at", "words", "place-board"), ""),
    "place-row": "1",
    "extra-row": "",
    "extra-board": "",
    "copies-TOTAL_FORMS": "1",
    "copies-INITIAL_FORMS": "0",
    "copies-0-row": "2",
    "copies-0-board": "",
}
"""What a browser sends of a form in which only what has to be is filled in."""
BARE = {"title": "T", "place": {"row": 1}, "copies": [{"row": 2}]}
"""What is stored of it."""
FULL = {
    **EMPTY,
    "isbn": "1",
    "pages": "0",
    "sold": "false",
    "at": "2026-11-22 12:00",
    "words": '["w"]',
    "place-board": "b",
    "extra-row": "3",
    "extra-board": "c",
    "copies-0-board": "d",
}
AGAIN = {"copies-INITIAL_FORMS": "1"}


@pytest.fixture(autouse=True)
def in_utc():
    with timezone.override("UTC"):
        yield


@pytest.fixture
def prints(mongodb):
    AbsentPrint.ensure_indexes(mongodb.prints)
    return mongodb.prints


def form(kind, data, **given):
    """Return the form of a class, whose choices nobody makes."""
    return documentform_factory(kind, exclude=["kinds"] if kind is AbsentPaper else None)(data, **given)


def stored(prints):
    found = prints.find_one()
    del found["_id"]
    return found


@BOTH
def test_what_is_left_empty_is_not_stored(prints, kind):
    made = form(kind, EMPTY, collection=prints).try_save()
    assert made is not None
    assert stored(prints) == BARE
    assert form(kind, EMPTY, collection=prints).try_save() is not None


@BOTH
def test_what_is_entered_is_stored_and_what_is_emptied_is_taken_out(prints, kind):
    document = form(kind, FULL, collection=prints).try_save()
    full = stored(prints)
    assert full["isbn"] == "1"
    assert (full["pages"], full["sold"], full["words"]) == (0, False, ["w"])
    assert full["at"] == datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
    assert full["place"] == {"row": 1, "board": "b"}
    assert full["extra"] == {"row": 3, "board": "c"}
    assert full["copies"] == [{"row": 2, "board": "d"}]
    twin = form(kind, {**EMPTY, "isbn": "1"}, collection=prints)
    assert twin.try_save() is None
    assert list(twin.errors) == ["isbn"]
    again = prints.database.prints.proxy(kind).get_from_id(document["_id"])
    emptied = form(kind, {**EMPTY, **AGAIN}, instance=again)
    assert emptied.try_save() is again
    assert stored(prints) == BARE
    assert "isbn" not in again


@BOTH
def test_what_was_null_stays_so_until_somebody_changes_it(prints, kind):
    prints.insert_one({**BARE, "pages": None, "isbn": "1"})
    document = prints.database.prints.proxy(kind).find_one()
    form(kind, {**EMPTY, **AGAIN, "title": "U", "isbn": "1"}, instance=document).save()
    found = stored(prints)
    assert (found["title"], found["pages"]) == ("U", None)


async def test_awaited(prints, uri, mongodb):
    async with AsyncConnection(uri) as connection:
        documents = connection[mongodb.name].prints
        first = await form(AbsentPrint, {**EMPTY, "isbn": "1"}, collection=documents).asave()
        assert stored(prints)["isbn"] == "1"
        emptied = form(AbsentPrint, {**EMPTY, **AGAIN}, instance=first)
        assert await emptied.atry_save() is first
        assert stored(prints) == BARE


@BOTH
def test_a_choice_of_several_and_a_form_that_does_not_ask(prints, kind):
    names = ["title", "kinds"] if kind is AbsentPrint else ["title"]
    chosen = documentform_factory(kind, fields=names)
    document = chosen({"title": "T"}, collection=prints).save()
    assert "kinds" not in document
    assert "isbn" not in document
    assert document["place"] == {"row": 1}
    if kind is AbsentPrint:
        document = chosen({"title": "T", "kinds": ["a", "b"]}, instance=document).save()
        assert document["kinds"] == ["a", "b"]
        assert "kinds" not in chosen({"title": "T"}, instance=document).save()


def test_a_required_field_is_asked_for_whatever_a_parent_says(prints):
    class AbsentNumbered(AbsentPrint):
        required_fields = ["isbn"]

    unfilled = form(AbsentNumbered, EMPTY, collection=prints)
    assert list(unfilled.errors) == ["isbn"]


@pytest.mark.parametrize("switch", ["accept_missing_fields", "use_schemaless"])
def test_what_may_be_missing_is_left_out_under_a_unique_sparse_index(prints, switch):
    body = {
        "__module__": __name__,
        "structure": {"isbn": str, "issn": str, "part": {"n": int, "m": int}},
        "indexes": [*UNIQUE, {"fields": ["part.n", "part.m"], "unique": True, "sparse": True}],
        switch: True,
    }
    note = type(DjangoDocument)(f"AbsentNote{switch}", (DjangoDocument,), body)
    note.ensure_indexes(prints)
    data = {"isbn": "", "issn": "", "part-n": "", "part-m": ""}
    for _ in range(2):
        made = documentform_factory(note)(data, collection=prints)
        assert made.try_save() is not None, made.errors
    assert stored(prints) == {"issn": "", "part": {}}
    # One of two is enough to be in the index, with the other as null.
    documentform_factory(note)({**data, "part-n": "1"}, collection=prints).save()
    assert prints.find_one({"part.n": 1})["part"] == {"n": 1, "m": None}


class AbsentPrintSerializer(DocumentSerializer):
    class Meta:
        document = AbsentPrint
        fields = "__all__"
        collection = "prints"


class AbsentPaperSerializer(DocumentSerializer):
    class Meta:
        document = AbsentPaper
        fields = "__all__"
        collection = "prints"


@pytest.mark.parametrize("serializer", [AbsentPrintSerializer, AbsentPaperSerializer])
def test_null_is_how_a_client_says_it(prints, serializer):
    def send(data, **given):
        one = serializer(data=data, **given)
        one.is_valid(raise_exception=True)
        return one.save()

    sent = {"title": "T", "place": {"row": 1}, "copies": [{"row": 2}], "isbn": None, "extra": None}
    document = send({**sent, "copies": [{"row": 2, "board": None}], "place": {"row": 1, "board": None}})
    assert stored(prints) == BARE
    send(sent)
    prints.delete_many({"_id": {"$ne": document["_id"]}})
    shown = serializer(document).data
    assert (shown["isbn"], shown["place"]["board"]) == (None, None)
    # What was shown may be sent back.
    assert send(shown, instance=document) is document
    assert stored(prints) == BARE
    send(
        {"isbn": "1", "place": {"board": "b"}, "extra": {"row": 3, "board": None}},
        instance=document,
        partial=True,
    )
    assert stored(prints) == {**BARE, "isbn": "1", "place": {"row": 1, "board": "b"}, "extra": {"row": 3}}
    with pytest.raises(ValidationError):
        send({"isbn": "1", "place": {"row": 1}}, partial=False)
    send({"isbn": None, "place": {"board": None}, "extra": None}, instance=document, partial=True)
    assert stored(prints) == BARE
    assert "isbn" not in document
    assert document["place"] == {"row": 1}
