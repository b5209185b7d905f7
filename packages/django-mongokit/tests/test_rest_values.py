"""Values between JSON and documents: what goes in, how it is stored, what comes out, and what is refused."""

import datetime
import decimal
import json
import uuid

import pytest
from api.models import Essay, Few, Homeless, Level, Odd, Room, Speech
from api.urls import EssaySerializer, SpeechSerializer
from bson import Binary, Decimal128, Int64, ObjectId
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import pre_save
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import OperationFailure
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.renderers import JSONRenderer

from django_mongokit import get_database
from django_mongokit.rest import (
    Conflict,
    DocumentSerializer,
    EmbeddedDocumentSerializer,
    JsonValueField,
)
from django_mongokit.rest.errors import refusal_of
from mongokit import (
    DocumentValidationError,
    DuplicateKeyError,
    MaxDocumentSizeError,
    RequireFieldError,
    SchemaDocument,
    SchemaDocumentError,
    StaleDocumentError,
)
from mongokit.errors import Failure

NUMBER = uuid.UUID("12345678-1234-5678-1234-567812345678")
KEY = ObjectId("4b96a1f8e1382318ba000000")


@pytest.fixture(autouse=True)
def in_utc():
    with timezone.override("UTC"):
        yield


def shown(serializer):
    """What a client gets."""
    return json.loads(JSONRenderer().render(serializer.data))


def send(mongodb, **fields):
    serializer = SpeechSerializer(data={"topic": "A", **fields})
    serializer.is_valid()
    return serializer


@pytest.mark.parametrize(
    ("name", "sent", "stored", "out"),
    [
        ("topic", " Hello ", "Hello", "Hello"),
        ("kind", "workshop", "workshop", "workshop"),
        ("kind", 1, 1, 1),
        ("kind", "1", 1, 1),
        ("level", "e", "e", "e"),
        ("level", 3, 3, 3),
        ("level", None, None, None),
        ("when", "2020-01-01T10:00:00.123999+02:00", datetime.datetime(2020, 1, 1, 8, 0, 0, 123000, datetime.UTC), "2020-01-01T08:00:00.123000Z"),
        ("when", "2020-01-01T10:00", datetime.datetime(2020, 1, 1, 10, tzinfo=datetime.UTC), "2020-01-01T10:00:00Z"),
        ("duration", 1, 1.0, 1.0),
        ("duration", "Infinity", float("inf"), "Infinity"),
        ("duration", "-Infinity", float("-inf"), "-Infinity"),
        ("price", "10.50", Decimal128("10.50"), "10.50"),
        ("weight", 0.25, Decimal128("0.25"), "0.25"),
        ("big", 2**40, Int64(2**40), 2**40),
        ("number", str(NUMBER), NUMBER, str(NUMBER)),
        ("other", str(KEY), KEY, str(KEY)),
        ("is_open", True, True, True),
        ("tags", ["b", "a"], ["b", "a"], ["b", "a"]),
        ("words", ["b", "a", "b"], ["a", "b"], ["a", "b"]),
        ("point", [1, 2.5], [1.0, 2.5], [1.0, 2.5]),
        ("room", {"city": "Bern"}, {"city": "Bern", "seats": 10, "door": None}, {"city": "Bern", "seats": 10, "door": None}),
        ("room", None, None, None),
        ("parts", [{"title": "One"}], [{"title": "One", "minutes": 5}], [{"title": "One", "minutes": 5}]),
        ("counts", {"a": 1}, {"a": 1}, {"a": 1}),
        ("notes", {"a": {"$oid": str(KEY)}, "b": [1.5, None]}, {"a": KEY, "b": [1.5, None]}, {"a": {"$oid": str(KEY)}, "b": [1.5, None]}),
        ("notes", {"t": {"$date": "2020-01-01T00:00:00Z"}}, {"t": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)}, {"t": {"$date": "2020-01-01T00:00:00Z"}}),
    ],
)  # fmt: skip
def test_goes_in_and_comes_out(mongodb, name, sent, stored, out):
    serializer = send(mongodb, **{name: sent})
    assert not serializer.errors
    made = serializer.save()
    raw = mongodb.api_talks.find_one({"_id": made["_id"]})
    assert raw[name] == stored
    assert type(raw[name]) is type(stored)
    assert shown(serializer)[name] == out
    again = Speech.structure and mongodb.api_talks.Speech.one({"_id": made["_id"]})
    assert shown(SpeechSerializer(again))[name] == out


@pytest.mark.parametrize(
    ("name", "sent", "errors"),
    [
        ("topic", None, ["This field may not be null."]),
        ("duration", "nan", ["A valid number is required."]),
        ("topic", {"$gt": ""}, ["Not a valid string."]),
        ("topic", "x" * 41, ["Ensure this field has no more than 40 characters."]),
        ("topic", "a\0b", ["Null characters are not allowed."]),
        ("topic", "field", ["Not this."]),
        ("kind", "opera", ['"opera" is not a valid choice.']),
        ("kind", True, ['"True" is not a valid choice.']),
        ("kind", {"$ne": 1}, ["\"{'$ne': 1}\" is not a valid choice."]),
        ("when", "yesterday", ["Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."]),
        ("when", "0001-01-01T00:00:00+10:00", ["Datetime value out of range."]),
        ("duration", {"$gt": 0}, ["A valid number is required."]),
        ("price", "1" * 40, ["A valid number is required."]),
        ("price", "NaN", ["A valid number is required."]),
        ("big", 2**63, [f"Ensure this value is less than or equal to {2**63 - 1}."]),
        ("number", "x", ["Must be a valid UUID."]),
        ("other", "x", ["Enter an ObjectId: 24 hexadecimal digits."]),
        ("other", {"$oid": str(KEY)}, ["Enter an ObjectId: 24 hexadecimal digits."]),
        ("tags", "a", ['Expected a list of items but got type "str".']),
        ("tags", ["a", {"$gt": ""}], {1: ["Not a valid string."]}),
        ("words", [["a"]], {0: ["Not a valid string."]}),
        ("point", [1], ["Expected 2 items but got 1."]),
        ("point", "12", ['Expected a list of items but got type "str".']),
        ("point", [1, "x"], {1: ["A valid number is required."]}),
        ("room", {}, {"city": ["This field is required."]}),
        ("room", {"city": "Bern", "seats": 0}, {"seats": ["Ensure this value is greater than or equal to 1."]}),
        ("room", {"city": "x" * 21}, {"city": ["Ensure this field has no more than 20 characters."]}),
        ("room", "Bern", {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
        ("parts", [{"title": "One"}, {"title": "x"}], {1: {"title": ["Ensure this field has at least 2 characters."]}}),
        ("counts", {"a": "x"}, {"a": ["A valid integer is required."]}),
        ("counts", {"a.b": 1}, ["The key 'a.b' must not contain '.' or start with '$'"]),
        ("counts", {"$inc": 1}, ["The key '$inc' must not contain '.' or start with '$'"]),
        ("notes", {"a": {"$gt": 1}}, ["The key “$gt” must not contain “.” or start with “$”."]),
        ("notes", {"$where": "1"}, ["The key “$where” must not contain “.” or start with “$”."]),
        ("notes", {"a": {"$code": "f()"}}, ["A value of the type Code is not accepted here."]),
        ("notes", {"a": {"$oid": "x"}}, None),
        ("notes", [1], ["Expected dict but got list."]),
        ("author", {"$ne": None}, ["Incorrect type. Expected pk value, received dict."]),
        ("author", True, ["Incorrect type. Expected pk value, received bool."]),
        ("author", "nobody", ['Invalid pk "nobody" - object does not exist.']),
        ("author", 2**70, [f'Invalid pk "{2**70}" - object does not exist.']),
        ("guests", ["nobody", {"$gt": ""}], {0: ['Invalid pk "nobody" - object does not exist.'], 1: ["Incorrect type. Expected pk value, received dict."]}),
    ],
)  # fmt: skip
def test_is_refused_at_its_field(mongodb, name, sent, errors):
    serializer = send(mongodb, **{name: sent})
    assert list(serializer.errors) == [name]
    if errors is not None:
        assert serializer.errors[name] == errors
    assert mongodb.api_talks.count_documents({}) == 0


def test_document_says_what_is_wrong_with_the_whole(mongodb):
    assert send(mongodb, topic="all").errors == {"non_field_errors": ["Not that."]}
    assert send(mongodb, topic="whole").errors == {"non_field_errors": ["Not as a whole."]}
    found = send(mongodb, topic="part").errors
    assert found == {"room": {"city": ["Not there."]}, "topic": ["Not that."]}


def test_validators_and_required_fields_of_2010(mongodb):
    def errors(**fields):
        serializer = EssaySerializer(data={"_id": "k", "title": "T", "place": {"city": "Bern"}, **fields})
        serializer.is_valid()
        return serializer.errors

    assert errors() == {}
    assert errors(year=1800) == {"year": ["Enter a valid value."]}
    assert errors(place={}) == {"place": {"city": ["This field is required."]}}
    assert errors(title=None) == {"title": ["This field may not be null."]}
    assert errors(size="x")["size"]
    assert errors(size=True)["size"]
    assert errors(anything={"a": 1}) == {}
    assert errors(anything={"$a": 1})["anything"]
    assert errors(lines=[{"text": 1.5}, {"text": ["x"]}]) == {"lines": {1: {"text": ["Not a valid string."]}}}


def test_a_part_that_is_not_sent_has_the_defaults(mongodb):
    serializer = EssaySerializer(
        data={"_id": "k", "title": "T", "place": {"city": "Bern"}, "lines": [{"text": "a"}], "size": 3}
    )
    assert serializer.is_valid()
    serializer.save()
    assert mongodb.api_papers.find_one() == {
        "_id": "k", "title": "T", "year": 2010, "size": 3, "labels": [], "anything": None,
        "place": {"city": "Bern", "zip": {"code": None}}, "lines": [{"text": "a", "number": None}],
    }  # fmt: skip
    assert "number" not in shown(serializer)["lines"][0]


def test_what_is_stored_otherwise_is_shown_as_it_is(mongodb):
    """Other programs write to the database too: a list of documents must not fail for one of them."""
    mongodb.api_talks.insert_one({
        "_id": 7, "topic": 5, "level": "?", "when": "soon", "duration": float("nan"), "price": "much", "votes": "many",
        "point": [1.0], "room": "B", "parts": [None, "x", {"title": KEY}], "counts": [1], "notes": Binary(b"x", 128),
        "words": "abc", "author": None, "guests": "nobody", "number": 5,
    })  # fmt: skip
    raw = mongodb.api_talks.Speech.find_one({"_id": 7})
    found = shown(SpeechSerializer(raw))
    assert found["_id"] == 7
    assert found["topic"] == 5
    assert (found["level"], found["when"], found["duration"]) == ("?", "soon", "NaN")
    assert (found["votes"], found["point"], found["room"]) == ("many", [1.0], "B")
    assert found["parts"] == [None, "x", {"title": {"$oid": str(KEY)}, "minutes": None}]
    assert found["notes"] == {"$binary": {"base64": "eA==", "subType": "80"}}
    assert (found["words"], found["guests"]) == ("abc", "nobody")
    assert "tags" in found
    assert found["tags"] is None


def test_options_that_mean_nothing_are_said(mongodb):
    def fields_of(**meta):
        made = type("S", (DocumentSerializer,), {"Meta": type("Meta", (), meta)})
        return list(made().fields)

    with pytest.raises(ImproperlyConfigured, match=r"S has no Meta\.document"):
        fields_of()
    with pytest.raises(ImproperlyConfigured, match="neither fields nor exclude"):
        fields_of(document=Essay)
    with pytest.raises(ImproperlyConfigured, match=r"Unknown field\(s\) \(tite\)"):
        fields_of(document=Essay, fields=["tite"])
    with pytest.raises(ImproperlyConfigured, match="names tite, wrong in exclude"):
        fields_of(document=Essay, exclude=["tite"], read_only_fields=["wrong.x"])
    with pytest.raises(TypeError, match="title is no reference"):
        fields_of(document=Essay, fields=["title"], extra_kwargs={"title": {"view_name": "x"}})
    assert fields_of(document=Essay, fields=["title", "_id"]) == ["title", "_id"]
    assert fields_of(document=Essay, exclude=["place"])[:2] == ["_id", "title"]
    assert "_revision" in fields_of(document=Speech, fields="__all__")
    assert "_revision" not in fields_of(document=Essay, fields="__all__")


def test_declared_field_that_fields_forgets():
    class Forgetful(DocumentSerializer):
        extra = serializers.CharField()

        class Meta:
            document = Essay
            fields = ["title"]

    with pytest.raises(ImproperlyConfigured, match=r"declares extra, which its Meta\.fields does not name"):
        Forgetful().get_fields()


def test_nested_names_choose_nested_fields(mongodb):
    class Short(DocumentSerializer):
        class Meta:
            document = Essay
            fields = ["place.zip.code", "lines.text"]
            extra_kwargs = {"place.zip.code": {"max_length": 4}}
            read_only_fields = ["lines.text"]

    fields = Short().fields
    assert list(fields) == ["place", "lines"]
    assert list(fields["place"].fields) == ["zip"]
    assert fields["place"].fields["zip"].fields["code"].max_length == 4
    assert fields["lines"].child.fields["text"].read_only
    # A serializer that does not have it cannot take it from a document that has.
    essay = mongodb.api_papers.Essay()
    essay.update({"_id": "k", "title": "T", "place": {"city": "Bern", "zip": {"code": "3000"}}})
    essay.save()
    serializer = Short(essay, data={"place": {"zip": {"code": "3001"}}})
    assert serializer.is_valid(), serializer.errors
    serializer.save()
    assert mongodb.api_papers.find_one()["place"] == {"city": "Bern", "zip": {"code": "3001"}}


def test_serializer_of_a_nested_structure_of_ones_own(mongodb):
    class RoomSerializer(EmbeddedDocumentSerializer):
        def validate_city(self, value):
            return value.upper()

        class Meta:
            document = Room
            fields = ["city"]

    class Mine(DocumentSerializer):
        room = RoomSerializer()
        title = serializers.CharField(source="topic")
        city = serializers.CharField(source="room.city", read_only=True)

        class Meta:
            document = Speech
            fields = ["title", "room", "city", "shout", "letters"]

    serializer = Mine(data={"title": "T", "room": {"city": "Bern", "seats": 0}})
    assert serializer.is_valid(), serializer.errors
    serializer.save()
    assert shown(serializer) == {
        "title": "T",
        "room": {"city": "BERN"},
        "city": "BERN",
        "shout": "T",
        "letters": 1,
    }
    assert mongodb.api_talks.find_one()["room"]["seats"] == 10
    serializer = Mine(data={"title": "part", "room": {"city": "Bern"}})
    assert not serializer.is_valid()
    assert serializer.errors == {"room": {"city": ["Not there."]}, "title": ["Not that."]}


def test_field_that_is_no_document_s(mongodb):
    class Wrong(DocumentSerializer):
        captcha = serializers.CharField(write_only=True)

        class Meta:
            document = Essay
            fields = ["_id", "title", "place", "captcha"]

    class Right(Wrong):
        def validate(self, attrs):
            attrs.pop("captcha")
            return attrs

    sent = {"_id": "k", "title": "T", "place": {"city": "Bern"}, "captcha": "7"}
    with pytest.raises(TypeError, match="'captcha' is no field of the structure"):
        Wrong(data=sent).is_valid()
    serializer = Right(data=sent)
    assert serializer.is_valid()
    serializer.save(year=2020)
    assert mongodb.api_papers.find_one()["year"] == 2020


def test_a_class_without_a_home(mongodb):
    class Of(DocumentSerializer):
        class Meta:
            document = Homeless
            fields = "__all__"

    with pytest.raises(ImproperlyConfigured, match="Of does not say where to find its documents"):
        Of(data={"text": "x"}).is_valid()
    Of.Meta.collection = "api_homeless"
    serializer = Of(data={"text": "x"})
    assert serializer.is_valid()
    assert serializer.save().collection.name == "api_homeless"


def test_several_at_once(mongodb):
    serializer = SpeechSerializer(data=[{"topic": "A", "tags": ["x"]}, {"topic": "B"}], many=True)
    assert serializer.is_valid(), serializer.errors
    serializer.save()
    assert [one["topic"] for one in mongodb.api_talks.find().sort("_id")] == ["A", "B"]
    assert [one["tags"] for one in mongodb.api_talks.find().sort("_id")] == [["x"], []]
    serializer = SpeechSerializer(data=[{"topic": "A"}, {"topic": "whole"}], many=True)
    assert not serializer.is_valid()


def test_too_large_for_mongodb(mongodb):
    serializer = send(mongodb, slug="x" * (17 * 1024 * 1024))
    assert list(serializer.errors) == ["non_field_errors"]
    assert "too large" in str(serializer.errors["non_field_errors"][0])


def test_depth_ends_before_the_server_does(mongodb):
    deep = {}
    for _ in range(150):
        deep = {"a": deep}
    assert list(send(mongodb, notes=deep).errors) == ["notes"]
    for _ in range(20_000):
        deep = {"a": deep}
    assert list(send(mongodb, notes=deep).errors) == ["notes"]


def test_enum_is_itself_in_the_document(mongodb):
    serializer = send(mongodb, level="e", price="1.5")
    assert serializer.validated_data["level"] is Level.EASY
    assert serializer.validated_data["price"] == decimal.Decimal("1.5")


def test_nested_class_that_is_nobody_s_document():
    class Loose(SchemaDocument):
        structure = {"a": int}

    class Of(EmbeddedDocumentSerializer):
        class Meta:
            document = Loose
            fields = "__all__"

    assert list(Of().fields) == ["a"]


def in_memory():
    """Where no document is."""
    return get_database().api_nowhere.proxy(Speech)


def of(document, **meta):
    return type(
        "S",
        (DocumentSerializer,),
        {"Meta": type("Meta", (), {"document": document, "fields": "__all__", **meta})},
    )


@pytest.mark.parametrize(
    ("name", "sent", "stored", "out"),
    [
        ("word", "Hello", "HELLO", "hello"),
        ("pair", [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]),
        ("either", {"a": 1}, {"a": 1}, {"a": 1}),
        ("either", "x", "x", "x"),
        ("maybe", "x", "x", "x"),
        ("free", {}, {}, {}),
        ("by_name", {"x": {"count": 2}}, {"x": {"count": 2}}, {"x": {"count": 2}}),
        ("raw", {"$binary": {"base64": "eA==", "subType": "00"}}, b"x", {"$binary": {"base64": "eA==", "subType": "00"}}),
        ("grid", [[1, 2], [3]], [[1, 2], [3]], [[1, 2], [3]]),
        ("shelves", [[{"name": "a"}], []], [[{"name": "a"}], []], [[{"name": "a"}], []]),
        ("duo", [1, "x"], [1, "x"], [1, "x"]),
        ("sets", [2, "a", 1], [1, 2, "a"], [1, 2, "a"]),
    ],
)  # fmt: skip
def test_odd_kinds(mongodb, name, sent, stored, out):
    serializer = of(Odd)(data={name: sent, "_type": "Forged", "_version": 9})
    assert serializer.is_valid(), serializer.errors
    serializer.save()
    raw = mongodb.api_odd.find_one()
    assert raw[name] == stored
    assert (raw["_type"], raw["_version"]) == ("Odd", None)
    assert shown(of(Odd)(mongodb.api_odd.Odd.one()))[name] == out


@pytest.mark.parametrize(
    ("name", "sent", "errors"),
    [
        ("pair", [1.0], ["two numbers, please"]),
        ("pair", "x", None),
        ("either", 5, None),
        ("free", "x", ["Expected dict but got str."]),
        ("free", {"$set": 1}, None),
        ("free", {"a": 1}, None),
        ("by_name", {"x": {"count": "y"}}, {"x": {"count": ["A valid integer is required."]}}),
        ("by_name", {"$x": {"count": 1}}, None),
        ("raw", "x", None),
        ("grid", [[1], ["x"]], {1: {0: ["A valid integer is required."]}}),
        ("shelves", [[{"name": 1.5}], [{"name": []}]], {1: {0: {"name": ["Not a valid string."]}}}),
        ("friends", {"x": "nobody"}, {"x": ['Invalid pk "nobody" - object does not exist.']}),
        ("sets", [[1]], ["unhashable type: 'list'"]),
    ],
)  # fmt: skip
def test_odd_kinds_are_refused_at_their_fields(mongodb, name, sent, errors):
    serializer = of(Odd)(data={name: sent})
    assert not serializer.is_valid()
    assert list(serializer.errors) == [name]
    if errors is not None:
        assert serializer.errors[name] == errors
    assert mongodb.api_odd.count_documents({}) == 0


def test_lengths_of_lists(mongodb):
    def errors(**fields):
        serializer = of(Few)(data=fields)
        serializer.is_valid()
        return serializer.errors

    assert errors(names=["a"]) == {}
    assert errors() == {"names": ["Must have at least 1 elements not []"]}
    assert list(errors(names=[])) == ["names"]
    assert list(errors(names=["a", "b", "c"])) == ["names"]
    assert list(errors(names=["a"], rooms=[{"city": "A"}, {"city": "B"}])) == ["rooms"]


def test_given_parameters_go_before_what_fits(mongodb):
    fields = of(
        Speech,
        extra_kwargs={
            "topic": {"required": False},
            "slug": {"default": "x"},
            "kind": {"initial": "workshop"},
        },
        fields=["topic", "slug", "kind", "votes"],
        read_only_fields=["votes"],
    )().fields
    assert not fields["topic"].required
    assert fields["slug"].default == "x"
    assert fields["kind"].initial == "workshop"
    assert fields["votes"].read_only
    assert of(Speech)().fields["kind"].initial == "talk"


def test_what_a_document_s_own_code_raises_is_no_bad_value(mongodb):
    class Broken(DocumentSerializer):
        topic = serializers.SerializerMethodField()

        class Meta:
            document = Speech
            fields = ["topic"]

        def get_topic(self, lecture):
            raise ValueError("a fault in the code")

    made = mongodb.api_talks.Speech({"topic": "A"})
    with pytest.raises(ValueError, match="a fault in the code"):
        shown(Broken(made))


def test_serializer_without_a_view_takes_the_document_s_collection(mongodb):
    made = mongodb.elsewhere.Speech()
    made["topic"] = "A"
    made.save()
    author = mongodb.api_authors.Author({"name": "N"}).save()
    serializer = SpeechSerializer(made, data={"author": author.pk}, partial=True)
    assert serializer.is_valid(), serializer.errors
    serializer.save()
    assert mongodb.elsewhere.find_one()["author"] == author["_id"]


def refused(error, *, is_there=True):
    return refusal_of(error, SpeechSerializer(), Speech(), is_there=is_there)


def test_refusals_of_the_server():
    reasons = [("room.city", "must be a string"), ("tags.1", "must be short"), ("counts.x", "must be 1"), ("gone.a", "is odd"),
               ("room", "is odd"), ("notes.a.b", "is odd"), ("topic", "is odd"), ("topic.x", "is odd")]  # fmt: skip
    error = DocumentValidationError.of("Speech", OperationFailure("no", 121), reasons)
    found = refused(error)
    assert isinstance(found, ValidationError)
    assert found.detail == {
        "room": {"city": ["must be a string"], "non_field_errors": ["is odd"]},
        "tags": {1: ["must be short"]},
        "counts": {"x": ["must be 1"]},
        "non_field_errors": ["gone.a: is odd"],
        "notes": ["a.b: is odd"],
        "topic": ["is odd", "x: is odd"],
    }
    twice = refused(
        DocumentValidationError.of(
            "L", OperationFailure("no", 121), [("room", "is odd"), ("room.city", "too")]
        )
    )
    assert twice.detail == {"room": {"non_field_errors": ["is odd"], "city": ["too"]}}
    assert refused(SchemaDocumentError("as a whole")).detail == {"non_field_errors": ["as a whole"]}
    assert refused(MaxDocumentSizeError("large")).detail == {"non_field_errors": ["large"]}
    failure = Failure("votes", RequireFieldError, "votes is required")
    assert refused(SchemaDocumentError.of([failure])).detail == {"votes": ["This field is required."]}
    assert isinstance(refused(StaleDocumentError("x")), Conflict)
    assert isinstance(refused(StaleDocumentError("x"), is_there=False), NotFound)
    other = OperationFailure("not authorized", 13)
    assert refused(other) is other
    taken = DuplicateKeyError("x", 11000)
    taken.fields = ("room.city", "gone")
    assert refused(taken).detail == {
        "room": {"city": ["Speech with this City and gone already exists."]},
        "non_field_errors": ["gone: Speech with this City and gone already exists."],
    }
    taken.fields = ()
    assert refused(taken).detail == {"non_field_errors": ["There is another Speech with these values."]}


def test_another_failure_of_the_server_is_no_error_of_the_client(mongodb):
    """A document in a database that this user may not write to, say, is a fault of the site."""
    made = mongodb.api_talks.Speech()
    made["topic"] = "A"
    made.save()
    serializer = SpeechSerializer(made, data={"topic": "B"}, partial=True)
    assert serializer.is_valid()

    def refuse(**_):
        raise OperationFailure("not authorized", 13)

    pre_save.connect(refuse, sender=Speech)
    try:
        with pytest.raises(OperationFailure, match="not authorized"):
            serializer.save()
    finally:
        pre_save.disconnect(refuse, sender=Speech)
    assert made["topic"] == "A"


def test_only_this_package_needs_the_framework(run, tmp_path):
    (tmp_path / "rest_framework.py").write_text("raise ImportError('not here')")
    code = """
import sys
import django_mongokit, django_mongokit.document, django_mongokit.forms, django_mongokit.views
assert "rest_framework" not in sys.modules
try:
    import django_mongokit.rest
except ImportError as error:
    print(error)
"""
    assert "pip install 'slimstack-django-mongokit[rest]'" in run("-c", code, path=[tmp_path])


def test_what_mongokit_keeps_for_itself_is_only_shown(mongodb):
    serializer = of(Odd, fields=["_version", "_type", "word"])(
        data={"_version": 5, "_type": "X", "word": "w"}
    )
    assert serializer.is_valid()
    assert serializer.save()["_version"] is None
    assert shown(serializer) == {"_version": None, "_type": "Odd", "word": "w"}


def test_nothing_at_all_may_be_sent_where_null_is_allowed(mongodb):
    serializer = of(Odd)(data=None, allow_null=True)
    assert serializer.is_valid()
    assert serializer.validated_data is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8))  # fmt: skip
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_stored_or_refused(mongodb, value):
    """No JSON value makes a serializer fail, in any field; what is valid is what comes out again."""
    for name in Speech._structure.fields:
        serializer = SpeechSerializer(data={"topic": "A", name: value}, context={"documents": in_memory()})
        if serializer.is_valid():
            document = Speech(serializer.validated_data, gen_skel=False)
            JSONRenderer().render(SpeechSerializer(document).data)
        else:
            assert set(serializer.errors) <= {name, "non_field_errors"}


def test_times_without_zone_are_utc_wherever_the_site_is(mongodb):
    with timezone.override("Asia/Tokyo"):
        serializer = send(mongodb, when="2020-01-01T10:00")
        assert serializer.is_valid()
        serializer.save()
        assert mongodb.api_talks.find_one()["when"] == datetime.datetime(2020, 1, 1, 1, tzinfo=datetime.UTC)
        again = SpeechSerializer(mongodb.api_talks.Speech.one())
        assert shown(again)["when"] == "2020-01-01T10:00:00+09:00"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize(
    ("stored", "out"),
    [
        (datetime.datetime(1, 1, 1), "0001-01-01T00:00:00Z"),
        (datetime.datetime(1, 1, 1, 0, 0, 0, 1000), "0001-01-01T00:00:00.001000Z"),
        (datetime.datetime(9999, 12, 31, 23, 59, 59, 999000), "9999-12-31T23:59:59.999000Z"),
    ],
)
def test_times_that_the_local_clock_cannot_show_are_utc_and_taken_again(mongodb, zone, stored, out):
    made = send(mongodb)
    assert made.is_valid()
    _id = made.save()["_id"]
    mongodb.api_talks.update_one({"_id": _id}, {"$set": {"when": stored}})
    speech = mongodb.api_talks.Speech.one({"_id": _id})
    with timezone.override(zone):
        sent = SpeechSerializer(speech).data
        is_local = zone == ("Asia/Tokyo" if stored.year == 1 else "America/New_York")
        assert (sent["when"] == out) is not is_local
        serializer = SpeechSerializer(speech, data={"when": sent["when"]}, partial=True)
        assert serializer.is_valid(), serializer.errors
        serializer.save()
    assert mongodb.api_talks.find_one({"_id": _id})["when"].replace(tzinfo=None) == stored


@pytest.mark.parametrize(
    ("zone", "sent"),
    [("Europe/Berlin", "0001-01-01T00:00:00"), ("America/New_York", "9999-12-31T23:59:59")],
)
def test_times_without_an_offset_that_utc_cannot_show_are_refused(mongodb, zone, sent):
    with timezone.override(zone):
        serializer = send(mongodb, when=sent)
        assert serializer.errors == {"when": ["Datetime value out of range."]}


def test_times_that_utc_cannot_show_are_refused(mongodb):
    for zone in ("America/New_York", "Asia/Tokyo"):
        with timezone.override(zone):
            for sent in ("0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"):
                serializer = send(mongodb, when=sent)
                assert serializer.errors == {"when": ["Datetime value out of range."]}


LONGS = {"long": Int64(5), "int": 5, "big": Int64(2**40), "list": [{"n": Int64(-7)}, 7]}


def kinds(value):
    """The types of the numbers."""
    if isinstance(value, dict):
        return {key: kinds(one) for key, one in value.items()}
    return [*map(kinds, value)] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("name", ["notes", "counts"])
def test_long_numbers_go_there_and_back(mongodb, name):
    """A client sees numbers; what it sends back, with a change beside it, is what was stored."""
    content = LONGS if name == "notes" else {"a": Int64(5), "b": 5}
    key = send(mongodb).save()["_id"]
    mongodb.api_talks.update_one({"_id": key}, {"$set": {name: content}})
    speech = mongodb.api_talks.Speech.one({"_id": key})
    sent = shown(SpeechSerializer(speech))
    assert sent[name] == json.loads(json.dumps(content))
    same = SpeechSerializer(speech, data=sent)
    assert same.is_valid(), same.errors
    same.save()
    assert kinds(mongodb.api_talks.find_one()[name]) == kinds(content)
    more = SpeechSerializer(speech, data={name: {"new": 1, **sent[name]}}, partial=True)
    assert more.is_valid(), more.errors
    more.save()
    found = mongodb.api_talks.find_one()[name]
    assert found == {"new": 1, **content}
    assert kinds(found) == {"new": int, **kinds(content)}


def test_a_long_number_by_its_word():
    field = JsonValueField(kind=dict)
    found = field.to_internal_value({"long": {"$numberLong": "5"}, "int": 5})
    assert kinds(found) == {"long": Int64, "int": int}
    assert field.to_representation(found) == {"long": 5, "int": 5}
