"""Values of the right type that BSON cannot hold: found with their paths, and nothing is written."""

from __future__ import annotations

import pytest
from bson import InvalidDocument
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mongokit import Document, EncodingError, SchemaDocumentError, SchemaTypeError


class Sheet(Document):
    structure = {"number": int, "text": str, "open": None, "rows": [{"price": int}], "free": dict}


@pytest.fixture
def sheets(database):
    return database.sheets.proxy(Sheet)


def circle(value):
    """A dict with the value in it, and itself beside that."""
    made = {"value": value}
    made["me"] = {"again": [made]}
    return made


def nested(levels):
    made = {}
    for _ in range(levels):
        made = {"n": made}
    return made


UNSTORABLE = {
    "number of nine bytes": ({"number": 2**63}, ["number"]),
    "negative one": ({"number": -(2**63) - 1}, ["number"]),
    "half a surrogate pair": ({"text": "a\ud800"}, ["text"]),
    "in a list": ({"rows": [{"price": 1}, {"price": 2**70}]}, ["rows.1.price"]),
    "an object": ({"open": {"x": object()}}, ["open.x"]),
    "a key that is no text": ({"free": {1: 2}}, ["free"]),
    "a key with NUL": ({"free": {"a\0b": 1}}, ["free"]),
    "a key with half a surrogate pair": ({"free": {"\ud800": 1}}, ["free"]),
    "below such a key's sibling": ({"free": {"deep": {"er": 2**64}}}, ["free.deep.er"]),
    "what holds itself": ({"open": circle(1)}, ["open.me.again.0"]),
    "deeper than MongoDB goes": ({"free": nested(2_000)}, ["free" + ".n" * 100]),
    "several": ({"number": 2**64, "text": "\udfff"}, ["number", "text"]),
}


@pytest.mark.parametrize(("content", "paths"), UNSTORABLE.values(), ids=UNSTORABLE)
@pytest.mark.parametrize("stored_before", [False, True])
def test_all_are_named_and_nothing_is_written(sheets, content, paths, stored_before):
    sheet = sheets()
    if stored_before:
        sheet.save()
    before = sheets.collection.find_one({})
    sheet.update(content)
    with pytest.raises(EncodingError) as caught:
        sheet.save()
    assert [error["path"] for error in caught.value.errors()] == paths
    assert all(error["error"] == "EncodingError" for error in caught.value.errors())
    assert sheets.collection.find_one({}) == before


@pytest.mark.parametrize("base", [SchemaTypeError, SchemaDocumentError, InvalidDocument])
def test_it_is_caught_by_the_names_people_know(sheets, base):
    sheet = sheets({"number": 2**64})
    with pytest.raises(base):
        sheet.save(validate=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_bson_holds_is_stored(sheets, number, text):
    sheet = sheets({"number": number, "text": text, "open": None, "rows": [], "free": {}}).save()
    stored = sheets.collection.find_one({"_id": sheet["_id"]})
    assert (stored["number"], stored["text"]) == (number, text)


def test_what_validation_leaves_out_is_named_too(sheets):
    sheet = sheets()
    sheet["open"] = circle(2**64)
    with pytest.raises(EncodingError) as caught:
        sheet.save(validate=False)
    assert [error["path"] for error in caught.value.errors()] == ["open.value", "open.me.again.0"]


def test_a_key_of_the_document_itself(sheets):
    sheet = sheets()
    sheet[1] = 2
    with pytest.raises(EncodingError, match=r"^the key 1 of the document is no str$") as caught:
        sheet.save(validate=False)
    assert caught.value.errors()[0]["path"] == ""
    assert sheets.collection.count_documents({}) == 0


def test_an_error_that_is_not_about_the_content_stays_what_it_is(sheets):
    with pytest.raises(TypeError, match="no_such_option"):
        sheets().save(no_such_option=True)


def test_one_thing_in_two_places_is_no_circle(sheets):
    shared = {"price": 1}
    sheet = sheets()
    sheet.update(open={"a": shared, "b": [shared, shared]}, number=2**64)
    with pytest.raises(EncodingError) as caught:
        sheet.save()
    assert [error["path"] for error in caught.value.errors()] == ["number"]
