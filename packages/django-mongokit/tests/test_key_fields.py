"""A key that people choose is never stored empty; one that the class or MongoDB makes is made where nobody chooses."""

import uuid

import pytest
from bson import Int64, ObjectId
from django.forms import CharField
from django.http import QueryDict

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import DocumentForm, documentform_factory
from django_mongokit.rest import DocumentSerializer
from mongokit import OR

MADE = uuid.UUID(int=5)


class IntKey(DjangoDocument):
    _id: int
    n: str = ""


class TextKey(DjangoDocument):
    structure = {"_id": str, "n": str}


class AbsentKey(DjangoDocument):
    structure = {"_id": str, "n": str}
    absent_by_default = True


class UuidKey(DjangoDocument):
    structure = {"_id": uuid.UUID, "n": str}


class Int64Key(DjangoDocument):
    structure = {"_id": Int64, "n": str}


class OptionalKey(DjangoDocument):
    _id: str | None
    n: str = ""


class EitherKey(DjangoDocument):
    structure = {"_id": OR(int, str), "n": str}


class ObjectKey(DjangoDocument):
    structure = {"_id": ObjectId, "n": str}


class AnyKey(DjangoDocument):
    structure = {"_id": OR(ObjectId, str), "n": str}


class TextDefault(DjangoDocument):
    structure = {"_id": str, "n": str}
    default_values = {"_id": lambda: "made"}


class UuidDefault(DjangoDocument):
    structure = {"_id": uuid.UUID, "n": str}
    required_fields = ["_id"]
    default_values = {"_id": lambda: MADE}


CHOSEN = [IntKey, TextKey, AbsentKey, UuidKey, Int64Key, OptionalKey, EitherKey]
MAKES = {ObjectKey: ObjectId, AnyKey: ObjectId, TextDefault: str, UuidDefault: uuid.UUID}
BLANK = {"left out": {}, "empty": {"_id": ""}, "blanks only": {"_id": "  "}}


def serializer_for(cls):
    meta = type("Meta", (), {"document": cls, "fields": ["_id", "n"]})
    return type("KeySerializer", (DocumentSerializer,), {"Meta": meta})


@pytest.fixture
def keys(mongodb):
    return mongodb.keys


@pytest.mark.parametrize("sent", BLANK.values(), ids=BLANK)
@pytest.mark.parametrize("cls", CHOSEN)
def test_a_form_asks_for_a_key_that_people_choose(keys, cls, sent):
    form_class = documentform_factory(cls, fields=["_id", "n"])
    form = form_class({"n": "x", **sent}, collection=keys)
    assert list(form.errors) == ["_id"]
    assert "required" in str(form_class(collection=keys)["_id"])
    assert form.try_save() is None
    assert keys.count_documents({}) == 0


@pytest.mark.parametrize("sent", BLANK.values(), ids=BLANK)
@pytest.mark.parametrize("cls", MAKES)
def test_a_form_leaves_a_key_that_is_made_to_be_made(keys, cls, sent):
    form_class = documentform_factory(cls, fields=["_id", "n"])
    assert " required" not in str(form_class(collection=keys)["_id"])
    saved = form_class({"n": "x", **sent}, collection=keys).try_save()
    assert isinstance(saved["_id"], MAKES[cls])
    assert keys.find_one() == {"_id": saved["_id"], "n": "x"}


def test_a_key_that_may_be_made_may_be_chosen(keys):
    for cls, chosen, stored in (
        (ObjectKey, str(ObjectId(b"a" * 12)), ObjectId(b"a" * 12)),
        (TextDefault, "mine", "mine"),
        (IntKey, "0", 0),
    ):
        form = documentform_factory(cls, fields=["_id", "n"])({"_id": chosen, "n": "x"}, collection=keys)
        assert form.try_save()["_id"] == stored


def test_a_forms_own_field_may_leave_the_key_to_the_view(keys):
    class Own(DocumentForm):
        class Meta:
            document = TextKey
            fields = ["_id", "n"]

        _id = CharField(required=False)

    document = Own({"_id": "", "n": "x"}, collection=keys).save(commit=False)
    assert "_id" not in document
    document["_id"] = "of the view"
    document.save()
    assert keys.find_one() == {"_id": "of the view", "n": "x"}


@pytest.mark.parametrize("key", ["", "  ", None])
@pytest.mark.parametrize("cls", CHOSEN)
def test_a_serializer_asks_for_a_key_that_people_choose(keys, cls, key):
    for sent in ({"n": "x", "_id": key}, {"n": "x"}):
        serializer = serializer_for(cls)(data=sent, context={"documents": keys.proxy(cls)})
        assert not serializer.is_valid()
        assert list(serializer.errors) == ["_id"]


@pytest.mark.parametrize("key", ["", "  ", None])
@pytest.mark.parametrize("cls", MAKES)
def test_a_serializer_leaves_a_key_that_is_made_to_be_made(keys, cls, key):
    for sent in ({"n": "x", "_id": key}, {"n": "x"}):
        serializer = serializer_for(cls)(data=sent, context={"documents": keys.proxy(cls)})
        assert serializer.is_valid(), serializer.errors
        saved = serializer.save()
        assert isinstance(saved["_id"], MAKES[cls])
        assert keys.find_one() == {"_id": saved["_id"], "n": "x"}
        keys.delete_many({})


def test_a_blank_key_of_an_html_form_is_made(keys):
    sent = QueryDict("_id=+&n=x")
    serializer = serializer_for(ObjectKey)(data=sent, context={"documents": keys.proxy(ObjectKey)})
    assert serializer.is_valid(), serializer.errors
    assert keys.find_one() is None
    assert keys.find_one({"_id": serializer.save()["_id"]})["n"] == "x"


def test_one_blank_key_among_many_is_made(keys):
    sent = [{"_id": "", "n": "a"}, {"_id": str(ObjectId(b"b" * 12)), "n": "b"}]
    serializer = serializer_for(ObjectKey)(data=sent, many=True, context={"documents": keys.proxy(ObjectKey)})
    assert serializer.is_valid(), serializer.errors
    assert [type(one["_id"]) for one in serializer.save()] == [ObjectId, ObjectId]
    assert sent[0]["_id"] == "", "what was sent stays as it is"


@pytest.mark.parametrize("key", ["", "   "])
def test_the_admin_asks_for_a_key(person, mongodb, key):
    page = person().submit("/admin/shows/Note/add/", "note_form", _id=key, text="x")
    assert "This field is required." in page.text
    assert mongodb.notes.count_documents({}) == 0


def test_the_list_has_documents_without_a_key_of_their_own(person, mongodb):
    """As other programs have stored them: there is no page for one, but the others have theirs."""
    mongodb.notes.insert_many(
        [{"_id": "", "text": "x"}, {"_id": None, "text": "y"}, {"_id": "k", "text": "z"}]
    )
    page = person().get("/admin/shows/Note/")
    assert page.status == 200
    assert "Note object (k)" in page.links
    assert "3 Notes" in page.text
