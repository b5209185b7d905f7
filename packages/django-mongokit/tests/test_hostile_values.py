"""Whatever is sent for a value: it is taken, and stored as it was meant, or refused at its field. Nothing else."""

import datetime
import decimal
import json
import math
import uuid
from typing import Annotated, Literal

import annotated_types as at
import pytest
from bson import Decimal128, Int64, ObjectId
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import override_settings
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shows.models import Mood

from django_mongokit.converters import ObjectIdConverter
from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory, formfield_for_document_field
from django_mongokit.forms.mapping import default_form_field_types
from django_mongokit.key_texts import meanings
from django_mongokit.rest import DocumentSerializer
from django_mongokit.selection import Documents
from django_mongokit.shortcut import get_document_or_404, get_list_or_404
from mongokit import OR, SchemaDocument, Set


class Inside(SchemaDocument):
    when: datetime.datetime | None
    price: Decimal128 | None


class Everything(DjangoDocument):
    truth: bool | None
    number: int | None
    long: Int64 | None
    few: Annotated[int, at.Ge(-5), at.Le(5)] | None
    real: float | None
    text: str | None
    moment: datetime.datetime | None
    price: decimal.Decimal | None
    exact: Decimal128 | None
    cheap: Annotated[decimal.Decimal, at.Ge(0)] | None
    unique: uuid.UUID | None
    key: ObjectId | None
    mood: Mood | None
    choice: Literal[1, "1"] | None
    numbers: list[int]
    prices: list[Decimal128]
    amounts: dict[str, decimal.Decimal]
    moments: list[datetime.datetime]
    fixed: tuple[int, Decimal128, datetime.datetime] | None
    inside: Inside | None
    insides: list[Inside]


class Loose(DjangoDocument):
    structure = {
        "list": list,
        "dict": dict,
        "either": OR(int, float),
        "other": OR(Decimal128, str),
        "set": Set(int),
        "by_name": {str: int},
        "anything": None,
        "fixed": (int, Decimal128),
    }


BIG = ["9" * 35, "9" * 400, "9" * 5000, "1e400", "1e7000", "1e-7000", "-1e7000", "1e999999999999999999"]
ODD = [
    "nan",
    "sNaN",
    "-NaN",
    "inf",
    "-Infinity",
    "-0",
    "٣",
    "1_000",
    " 1 ",
    "0x1",
    "\0",
    "\ud800",
    str(2**63),
]
TIMES = [
    *(
        "0001-01-01T00:00:00+14:00",
        "0001-01-01 00:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59.999999",
    ),
    *("0000-01-01", "2026-02-30", "24:00", "2026-03-29T02:30", "+292277026-12-04T15:30:08Z"),
]
EXTENDED = [
    *('{"$date": 1e400}', '{"$date": {"$numberLong": "99999999999999999999"}}', '{"$numberInt": "99999999999"}'),
    *('{"$date": {"$numberLong": "-62135596800001"}}', '{"$date": "9999-12-31T23:59:59-14:00"}', '{"$oid": 5}'),
    *('{"$numberDecimal": "1e70000"}', '{"$numberDouble": "x"}', '{"$uuid": "x"}', '{"$binary": 5}', '{"$code": 1}'),
    *('{"$regularExpression": {"pattern": "(", "options": "q"}}', '{"$timestamp": {"t": -1, "i": 9}}'),
    *('{"$ref": 1, "$id": 2}', '{"$minKey": 1}', '{"a\\u0000": 1}', '"\\ud800"', '{"\\ud800": 1}', "NaN", str(10**30)),
]  # fmt: skip
HOSTILE = [*BIG, *ODD, *TIMES, *EXTENDED]
DEEP = ["[" * 5_000, '{"a":' * 5_000, "[" * 300 + "]" * 300]
numbers = st.from_regex(r"\A[+-]?[0-9]{0,40}\.?[0-9]{0,40}(e[+-]?[0-9]{1,5})?\Z")
dates = st.from_regex(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
)
texts = st.one_of(st.sampled_from(HOSTILE), numbers, dates, st.text(max_size=40))
scalars = st.one_of(
    *(
        texts,
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(10**40), 10**40),
        st.floats(allow_nan=True),
    ),
    st.sampled_from([10**400, 2**63, -(2**63) - 1, math.inf, math.nan]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["a", "when", "price", "$gt", "a.b", "", "\0", "$date", "\ud800"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=5,
)
places = [(cls, name) for cls in (Everything, Loose) for name in cls._structure.fields]
KINDS = [*default_form_field_types().values()]
on_the_server = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@pytest.mark.parametrize("text", [*HOSTILE, *DEEP], ids=lambda text: text[:30])
@pytest.mark.parametrize("kind", KINDS)
def test_a_field_takes_a_text_or_refuses_it(kind, text):
    field = kind(required=False)
    try:
        found = field.clean(text)
    except ValidationError:
        assert field.has_changed(None, text) is (kind is not KINDS[0])
    else:
        field.has_changed(found, text)


@given(text=texts, place=st.sampled_from(places))
@settings(max_examples=400)
def test_the_field_of_a_place_takes_a_text_or_refuses_it(text, place):
    cls, name = place
    field = formfield_for_document_field(cls, name, required=False)
    if not hasattr(field, "form_class"):
        try:
            field.clean(text)
        except ValidationError:
            return
        field.has_changed(None, text)


@given(text=texts, place=st.sampled_from(places))
@example(text="1e-7000", place=(Everything, "exact"))
@on_the_server
def test_what_a_form_finds_valid_can_be_stored(mongodb, text, place):
    cls, name = place
    form = documentform_factory(cls, fields=[name])({name: text}, collection=mongodb.hostile)
    assert form.is_valid() or form.errors
    if form.is_valid():
        stored = mongodb.hostile.proxy(cls).one({"_id": form.save()["_id"]})
        assert documentform_factory(cls, fields=[name])(instance=stored).as_div()


@given(value=values, place=st.sampled_from(places))
@on_the_server
def test_what_a_serializer_finds_valid_can_be_stored(mongodb, value, place):
    cls, name = place
    meta = type("Meta", (), {"document": cls, "fields": [name]})
    documents = mongodb.hostile.proxy(cls)
    serializer = type("Hostile", (DocumentSerializer,), {"Meta": meta})(
        data={name: value}, context={"documents": documents}
    )
    assert serializer.is_valid() or serializer.errors
    if serializer.is_valid():
        stored = documents.one({"_id": serializer.save()["_id"]})
        json.dumps(type(serializer)(stored, context=serializer.context).data)


EXACT = {
    "digits": "9" * 35,
    "exponent": "1e7000",
    "near nothing": "1e-7000",
    "rounded": "1." + "0" * 33 + "1",
}


@pytest.mark.parametrize("text", EXACT.values(), ids=EXACT)
@pytest.mark.parametrize("name", ["exact", "price"])
def test_a_decimal_is_never_rounded(mongodb, name, text):
    form = documentform_factory(Everything, fields=[name])({name: text}, collection=mongodb.hostile)
    assert list(form.errors) == [name]
    assert "34 digits" in str(form.errors[name])


@pytest.mark.parametrize("text", ["9" * 34, "1e6111", "1e-6176", "-0.00"])
def test_a_decimal_that_fits_is_stored_as_it_is(mongodb, text):
    form = documentform_factory(Everything, fields=["exact"])({"exact": text}, collection=mongodb.hostile)
    assert form.save()["exact"] == Decimal128(text)


# ------------------------------------------------------------------------------------------------ in a URL


@pytest.mark.parametrize("key", [10**30, 2**63, -(2**63) - 1, "\ud800", {"$gt": ""}, [10**30]], ids=repr)
def test_a_key_that_mongodb_cannot_hold_is_nobodys(mongodb, key):
    documents = mongodb.hostile.proxy(Loose)
    mongodb.hostile.insert_one({"_id": 1})
    for ask in (get_document_or_404, get_list_or_404):
        with pytest.raises(Http404):
            ask(documents, pk=key)
        with pytest.raises(Http404):
            ask(documents, anything=key)
    if not isinstance(key, (dict, list)):
        found = Documents(Loose, mongodb.hostile)
        assert not found.filter(pk=key)
        assert [one["_id"] for one in found.filter(pk__in=[key, 1])] == [1]


@given(text=texts)
def test_what_a_text_in_a_url_may_stand_for(text):
    assert text in meanings(text) or text == "\ud800"
    assert all(str(key) == text for key in meanings(text) if not isinstance(key, ObjectId))
    try:
        assert ObjectIdConverter().to_url(text) == str(ObjectId(text))
    except ValueError:
        assert not ObjectId.is_valid(text)


PARAMETERS = [
    *("q", "o", "p", "e", "all", "kind", "mood", "is_free", "place.city", "tags", "theatre", "length"),
    *("start__gte", "start__isnull", "start__year", "start__month", "seats", "_id"),
]
SENT = [*BIG[1:5], *ODD, TIMES[0], TIMES[4], "9999", "0", "1." * 500]
HIERARCHIES = [
    {"start__year": "1"},
    {"start__year": "1", "start__month": "1", "start__day": "1"},
    {"start__year": "9999", "start__month": "12", "start__day": "31"},
    {"start__year": "2026", "start__month": "11", "start__day": "31"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("text", SENT, ids=lambda text: text[:30])
def test_what_the_list_of_the_admin_is_asked_for(person, show, text):
    show("Hamlet", seats=1, start=datetime.datetime(2026, 11, 23))
    text, client = text.encode(errors="replace").decode(), person().client
    for name in PARAMETERS:
        assert client.get("/admin/shows/Show/", {name: text}).status_code in {200, 302}, name


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_times_at_the_ends_of_the_calendar_in_the_admin(person, show, zone):
    show("Hamlet", start=datetime.datetime(2026, 11, 23))
    client = person().client
    sent = [*HIERARCHIES, *({name: text} for name in ("start__gte", "start__lt") for text in TIMES)]
    with override_settings(TIME_ZONE=zone):
        for query in sent:
            assert client.get("/admin/shows/Show/", query).status_code in {200, 302}, query


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["9" * 30, "-" + "9" * 19, "%00", "1e400"])
def test_a_key_in_a_url_of_the_admin(person, mongodb, key):
    assert person().client.get(f"/admin/shows/Show/{key}/change/").status_code in {302, 404}
