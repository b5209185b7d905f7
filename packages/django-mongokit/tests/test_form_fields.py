"""From what a structure says to fields: types, limits, choices, JSON; each both ways."""

import contextlib
import datetime
import decimal
import enum
import json
import uuid
from typing import Annotated, Any, Literal

import annotated_types as at
import pytest
from bson import Binary, Code, Decimal128, Int64, ObjectId, Regex
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.test import override_settings
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import (
    CommaSeparatedField,
    DocumentForm,
    FormSetField,
    JsonField,
    JsonListField,
    JsonValueField,
    NestedField,
    ObjectIdField,
    ValueChoiceField,
    ValueMultipleChoiceField,
    documentform_factory,
    formfield_for_document_field,
)
from django_mongokit.forms.widgets import DateTimeInput, TimeInput
from mongokit import IS, NOT, OR, CustomType, Required, SchemaDocument, Set


class State(enum.Enum):
    DRAFT = "draft"
    SENT_OFF = "sent"


class Size(TextChoices):
    SMALL = "s", "quite small"
    LARGE = "l", "large"


class Point(CustomType):
    """Two numbers in Python, a text in the database."""

    mongo_type = str
    python_type = tuple

    def to_bson(self, value):
        return f"{value[0]}/{value[1]}"

    def to_python(self, value):
        left, right = value.split("/")
        return int(left), int(right)


class Shout(CustomType):
    mongo_type = str
    python_type = str

    def to_bson(self, value):
        return value.upper()

    def to_python(self, value):
        return value.lower()


class Part(SchemaDocument):
    name: str


ID = ObjectId("4b9244989d40b334b4000000")
UUID = uuid.UUID(int=7)
NOW = datetime.datetime(2010, 3, 8, 12, 3, 8)


def field_for(spec, default=None, name="x"):
    """Return the field for a specification: an annotation's, or with `structure` that of 2010."""
    body = {"__annotations__": {name: spec}} if not isinstance(spec, dict) else {"structure": spec}
    if default is not None:
        body[name] = default
    document = type("Thing", (DjangoDocument,), {**body, "__module__": __name__})
    return formfield_for_document_field(document, name)


FIELDS = {
    "str": (str, forms.CharField),
    "int": (int, forms.IntegerField),
    "float": (float, forms.FloatField),
    "bool": (bool, forms.BooleanField),
    "bool or None": (bool | None, forms.NullBooleanField),
    "datetime": (datetime.datetime, forms.DateTimeField),
    "Decimal": (decimal.Decimal, forms.DecimalField),
    "Decimal128": (Decimal128, forms.DecimalField),
    "Int64": (Int64, forms.IntegerField),
    "UUID": (uuid.UUID, forms.UUIDField),
    "ObjectId": (ObjectId, ObjectIdField),
    "Enum": (State, ValueChoiceField),
    "Literal": (Literal["a", "b"], ValueChoiceField),
    "IS": ({"x": IS("a", "b")}, ValueChoiceField),
    "list of Enum": (list[State], ValueMultipleChoiceField),
    "list of IS": ({"x": [IS(1, 2)]}, ValueMultipleChoiceField),
    "list": (list, JsonListField),
    "list of str": (list[str], JsonListField),
    "tuple": (tuple[str, int], JsonListField),
    "tuple of any length": (tuple[str, ...], JsonListField),
    "set": (set[str], JsonListField),
    "dict": (dict, JsonField),
    "dict of int": (dict[str, int], JsonField),
    "nothing known": ({"x": {}}, JsonField),
    "Any": (Any, JsonValueField),
    "int or float": (int | float, forms.FloatField),
    "str or int": (str | int, JsonValueField),
    "OR with None": ({"x": OR(str, type(None))}, forms.CharField),
    "NOT": ({"x": NOT(str)}, JsonValueField),
    "bytes": (bytes, JsonValueField),
    "Regex": (Regex, JsonValueField),
    "CustomType": (Annotated[tuple, Point()], JsonValueField),
    "CustomType of a text": (Annotated[str, Shout()], forms.CharField),
    "embedded": (Part, NestedField),
    "nested": ({"x": {"y": int}}, NestedField),
    "list of embedded": (list[Part], FormSetField),
    "list of nested": ({"x": [{"y": int}]}, FormSetField),
}


@pytest.mark.parametrize(("spec", "kind"), FIELDS.values(), ids=FIELDS)
def test_the_field_that_fits(spec, kind):
    assert isinstance(field_for(spec), kind)


REQUIRED = {
    "str": (str, None, True),
    "str, empty by default": (str, "", False),
    "str with a default": (str, "x", True),
    "str or None": (str | None, None, False),
    "int": (int, None, True),
    "int, 0 by default": (int, 0, True),
    "bool": (bool, None, False),
    "list": (list[str], None, False),
    "Required list": (Required[list[str]], None, True),
    "dict": (dict, None, False),
    "set": (set[str], None, False),
    "Enum": (State, None, True),
    "Enum with a default": (State, State.DRAFT, True),
    "Any": (Any, None, False),
    "tuple": (tuple[str, int], None, True),
    "list of embedded": (list[Part], None, False),
    "of a structure": ({"x": str}, None, False),
}


@pytest.mark.parametrize(("spec", "default", "required"), REQUIRED.values(), ids=REQUIRED)
def test_required(spec, default, required):
    assert field_for(spec, default).required is required


LIMITS = {
    "Ge": (Annotated[int, at.Ge(3)], "2", "Ensure this value is greater than or equal to 3.", "3"),
    "Le": (Annotated[float, at.Le(3)], "3.5", "Ensure this value is less than or equal to 3.", "3"),
    "Gt": (Annotated[int, at.Gt(3)], "3", "Ensure this value is greater than or equal to 4.", "4"),
    "Lt": (Annotated[int, at.Lt(3)], "3", "Ensure this value is less than or equal to 2.", "2"),
    "Interval": (Annotated[int, at.Interval(ge=1, le=9)], "10", "less than or equal to 9.", "9"),
    "MultipleOf": (Annotated[int, at.MultipleOf(5)], "7", "is a multiple of step size 5.", "10"),
    "Decimal": (Annotated[decimal.Decimal, at.Ge(0)], "-1", "greater than or equal to 0.", "0"),
    "MaxLen": (Annotated[str, at.MaxLen(2)], "abc", "at most 2 characters", "ab"),
    "MinLen": (Annotated[str, at.MinLen(2)], "a", "at least 2 characters", "ab"),
    "8 bytes": (int, str(2**63), "less than or equal to 9223372036854775807.", str(2**63 - 1)),
    "8 bytes, Int64": (Int64, str(-(2**63) - 1), "greater than or equal to -9223372036854775808.", "1"),
}


@pytest.mark.parametrize(("spec", "text", "says", "good"), LIMITS.values(), ids=LIMITS)
def test_limits(spec, text, says, good):
    field = field_for(spec)
    with pytest.raises(ValidationError) as refused:
        field.clean(text)
    assert says in refused.value.messages[0]
    field.clean(good)


def test_limits_are_in_the_html():
    class Seat(DjangoDocument):
        number: Annotated[int, at.Interval(ge=1, le=9)] = 1
        name: Annotated[str, at.Len(2, 5)] = "ab"

    form = documentform_factory(Seat)
    assert form.base_fields["number"].widget.attrs == {"min": 1, "max": 9}
    assert form.base_fields["name"].widget.attrs == {"minlength": "2", "maxlength": "5"}


CLEANED = {
    "str": (str, " a ", "a"),
    "empty str or None": (str | None, "", None),
    "empty str": ({"x": str}, "", ""),
    "int": (int, "7", 7),
    "Int64": (Int64, "7", Int64(7)),
    "Decimal": (decimal.Decimal, "2.50", decimal.Decimal("2.50")),
    "Decimal128": (Decimal128, "2.50", Decimal128("2.50")),
    "UUID": (uuid.UUID, str(UUID), UUID),
    "ObjectId": (ObjectId, f" {ID} ", ID),
    "no ObjectId": (ObjectId | None, "", None),
    "Enum": (State, "sent", State.SENT_OFF),
    "no Enum": (State | None, "", None),
    "Literal": (Literal[1, "1", True], "int:1", 1),
    "Literal of a text": (Literal[1, "1"], "1", "1"),
    "bool": (bool, True, True),
    "bool or None": (bool | None, "unknown", None),
    "list": (list, '["a", {"b": [1.5, null]}]', ["a", {"b": [1.5, None]}]),
    "list with a time": (list, '[{"$date": "2010-03-08T12:03:08Z"}]', [NOW]),
    "dict with an id": (dict, f'{{"i": {{"$oid": "{ID}"}}}}', {"i": ID}),
    "no list or None": (list[str] | None, "", None),
    "no dict or None": (dict | None, "", None),
    "set": (set[str], '["a", "b", "a"]', {"a", "b"}),
    "no set": (set[str], "", set()),
    "tuple": (tuple[str, int], '["a", 1]', ("a", 1)),
    "no tuple": (tuple[str, int] | None, "", None),
    "no tuple of a structure": ({"x": (str, int)}, "", [None, None]),
    "list of Enum": (list[State], ["sent", "draft"], [State.SENT_OFF, State.DRAFT]),
    "list of Decimal": (list[decimal.Decimal], '[{"$numberDecimal": "1.0"}]', [decimal.Decimal("1.0")]),
    "map of Enum": (dict[str, State], '{"a": "sent"}', {"a": State.SENT_OFF}),
    "Any": (Any, '"text"', "text"),
    "Any number": (Any, "1", 1),
    "Any, nothing": (Any, "", None),
    "str or int": (str | int, '"1"', "1"),
    "bytes": (bytes, '{"$binary": {"base64": "AAE=", "subType": "00"}}', b"\0\1"),
    "CustomType": (Annotated[tuple, Point()], '"1/2"', (1, 2)),
    "Regex": (Regex, '{"$regularExpression": {"pattern": "a", "options": ""}}', Regex("a", 0)),
}


@pytest.mark.parametrize(("spec", "text", "value"), CLEANED.values(), ids=CLEANED)
def test_what_is_made_of_an_input_and_how_it_is_shown(spec, text, value):
    field = field_for(spec)
    cleaned = field.clean(text)
    assert cleaned == value
    assert type(cleaned) is type(value)
    assert not field.has_changed(value, text)
    shown = field.prepare_value(value)
    assert field.clean(shown) == value
    assert not field.has_changed(value, shown)


REFUSED = {
    "no id": (ObjectId, "xyz", "Enter an ObjectId: 24 hexadecimal digits."),
    "an operator for an id": (ObjectId, '{"$gt": ""}', "Enter an ObjectId"),
    "no choice": (State, "zebra", "Select a valid choice. zebra is not one of the available choices."),
    "a member's name": (State, "DRAFT", "Select a valid choice"),
    "no choice of several": (list[State], ["zebra"], "Select a valid choice"),
    "an operator": (dict, '{"a": {"$gt": ""}}', "The key “$gt” must not contain “.” or start with “$”."),
    "an operator on top": (dict, '{"$where": "1"}', "The key “$where”"),
    "an operator in a list": (list, '[{"$ne": 1}]', "The key “$ne”"),
    "a dot": (dict, '{"a.b": 1}', "The key “a.b” must not contain “.”"),
    "an operator as a value": (Any, '{"$in": []}', "The key “$in”"),
    "a pattern": (
        dict,
        '{"a": {"$regex": "^", "$options": ""}}',
        "A value of the type Regex is not accepted",
    ),
    "code": (Any, '{"$code": "while(1);"}', "A value of the type Code is not accepted here."),
    "a reference": (dict, '{"a": {"$ref": "x", "$id": 1}}', "type DBRef is not accepted"),
    "a list for a dict": (dict, "[]", "Enter a JSON object: {“key”: …}."),
    "a dict for a list": (list, "{}", "Enter a JSON list: [“first”, …]."),
    "NaN": (Any, "NaN", "NaN is no JSON"),
    "a null character": (dict, '{"a\\u0000": 1}', "NULL byte"),
    "half a character": (Any, '"\\ud800"', "surrogates not allowed"),
    "a number too long": (Any, str(2**64), "8-byte ints"),
    "a number far too long": (Any, "1" * 5000, "4300"),
    "forged Extended JSON": (Any, '{"$oid": "zz"}', "not a valid ObjectId"),
    "a forged time": (Any, '{"$date": "never"}', "does not match"),
    "a forged number": (Any, '{"$numberDecimal": "x"}', "ConversionSyntax"),
    "too deep": (Any, "[" * 200 + "]" * 200, "This is nested too deeply."),
    "far too deep": (Any, "[" * 100_000, "This is nested too deeply."),
    "what a type refuses": (Annotated[tuple, Point()], '"1"', "not enough values to unpack"),
    "nothing where something is needed": (Any, "", None),
    "infinite": (float, "inf", "Enter a number."),
}


@pytest.mark.parametrize(("spec", "text", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(spec, text, says):
    field = field_for(spec)
    if says is None:
        field.required, says = True, "This field is required."
    with pytest.raises(ValidationError) as refused:
        field.clean(text)
    assert says in refused.value.messages[0]
    assert field.has_changed(None, text) or not text


def test_a_set_of_what_no_set_can_hold(mongodb):
    """The field takes the list that it is, the document refuses it, and the form says so at the field."""

    class Thing(DjangoDocument):
        many: set

    form = documentform_factory(Thing)({"many": "[{}]"}, collection=mongodb.things)
    assert not form.is_valid()
    assert list(form.errors) == ["many"]


def test_what_is_sent_is_shown_again_as_it_was():
    class Thing(DjangoDocument):
        structure = {"any": None, "many": list, "one": dict, "id": ObjectId}

    form = documentform_factory(Thing)
    sent = {"any": "tr ue", "many": "[1,", "one": "{", "id": "4b"}

    class Nowhere:
        codec_options = type("Options", (), {"tz_aware": False})
        collection = database = None

    bound = form(sent, instance=Thing(collection=Nowhere()))
    assert {name: bound[name].value() for name in sent} == sent


@pytest.mark.parametrize("kind", [JsonValueField, JsonField, JsonListField])
def test_a_disabled_field_has_not_changed(kind):
    assert not kind(disabled=True).has_changed({}, "[1, 2]")


def test_json_in_a_form_is_readable():
    assert JsonField().prepare_value({"ä": [1]}) == '{\n  "ä": [\n    1\n  ]\n}'
    assert JsonListField().prepare_value(["ä", NOW]) == '["ä", {"$date": "2010-03-08T12:03:08Z"}]'


def test_validators_of_a_json_field_get_the_value():
    def few(value):
        if len(value) > 2:
            raise ValidationError("Too many")

    field = JsonListField(validators=[few])
    assert field.clean("[1, 2]") == [1, 2]
    with pytest.raises(ValidationError, match="Too many"):
        field.clean("[1, 2, 3]")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    )
    | st.uuids()
    | st.binary(min_size=12, max_size=12).map(ObjectId)
    | st.decimals(allow_nan=False, places=3, min_value=-(10**9), max_value=10**9).map(Decimal128),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="$.\0"), min_size=1), inner
        )
    ),
    max_leaves=10,
)


@trying(deadline=None)
@given(VALUES)
def test_whatever_bson_holds_survives_the_form(value):
    field = JsonValueField(required=False)
    shown = field.prepare_value(value)
    assert field.clean(shown) == value
    assert not field.has_changed(value, shown)


@trying(deadline=None)
@given(st.text() | st.from_regex(r"[\[\]{}\"$:,.0-9a-z ]*", fullmatch=True))
def test_whatever_is_sent_is_a_value_or_an_error(text):
    for field in (JsonValueField(), JsonField(), JsonListField(), ObjectIdField(), CommaSeparatedField()):
        # Anything but a ValidationError would be a page that fails.
        with contextlib.suppress(ValidationError):
            field.clean(text)
        assert field.has_changed(None, text) in (True, False)


EXTENDED = [
    "$oid",
    "$ref",
    "$date",
    "$regex",
    "$minKey",
    "$maxKey",
    "$binary",
    "$code",
    "$uuid",
    "$undefined",
    "$numberLong",
    "$timestamp",
    "$numberDecimal",
    "$dbPointer",
    "$regularExpression",
    "$symbol",
    "$numberInt",
    "$numberDouble",
    "$type",
    "$options",
    "$id",
    "$db",
    "$scope",
]
FORGED = [
    *(None, 1, -1.5, True, "", "x", [], [1], {}, {"a": 1}, "1" * 5000, "9999-99-99T00:00:00Z"),
    *({"base64": 1}, {"base64": "!", "subType": "zz"}, {"base64": "AA==", "subType": "04"}),
    *({"t": 1}, {"t": "x", "i": 1}, {"pattern": 1, "options": "q"}, {"$numberLong": "9" * 30}),
]


@pytest.mark.parametrize("key", EXTENDED)
def test_forged_extended_json_is_a_value_or_an_error(key):
    field = JsonValueField()
    for value in FORGED:
        for other in (None, *EXTENDED):
            text = json.dumps({key: value, **({} if other is None else {other: 1})})
            with contextlib.suppress(ValidationError):
                assert not isinstance(field.clean(text), (Regex, Code))


@pytest.mark.parametrize(
    ("sent", "tags"),
    {" foo , bar, ,": ["foo", "bar"], "": [], ",": [], "a b": ["a b"], "a,a": ["a", "a"]}.items(),
)
def test_words_with_commas(sent, tags):
    field = CommaSeparatedField(required=False)
    assert field.clean(sent) == tags
    assert field.clean(field.prepare_value(tags)) == tags
    assert not field.has_changed(tags, sent)


def test_words_are_checked_one_by_one():
    field = CommaSeparatedField(max_length=3)
    assert field.clean("abc, def, ghi") == ["abc", "def", "ghi"]
    with pytest.raises(ValidationError, match="at most 3 characters"):
        field.clean("abc, defg")
    with pytest.raises(ValidationError, match="required"):
        field.clean(" , ")
    assert CommaSeparatedField().prepare_value("typed, ") == "typed, "


CHOICES = {
    "Enum": (State, [("draft", "Draft"), ("sent", "Sent off")]),
    "Django's own": (Size, [("s", "quite small"), ("l", "large")]),
    "IS": ({"x": IS(2, 1)}, [("2", "2"), ("1", "1")]),
    "alike as text": ({"x": IS(1, "1", 1.5)}, [("int:1", "1"), ("1", "1"), ("1.5", "1.5")]),
    "with None": ({"x": IS(None, "a")}, [("a", "a")]),
}


@pytest.mark.parametrize(("spec", "choices"), CHOICES.values(), ids=CHOICES)
def test_choices(spec, choices):
    assert list(field_for(spec).choices) == [("", "---------"), *choices]


def test_a_choice_is_selected_in_html():
    html = field_for(State).widget.render("x", field_for(State).prepare_value(State.SENT_OFF))
    assert '<option value="sent" selected>Sent off</option>' in html
    several = field_for(list[State])
    html = several.widget.render("x", several.prepare_value([State.SENT_OFF]))
    assert '<option value="sent" selected>Sent off</option>' in html
    assert html.count("selected") == 1


def test_a_stored_value_that_is_no_choice_any_more_is_not_passed_on():
    field = field_for(State)
    assert field.has_changed("gone", "draft")
    with pytest.raises(ValidationError, match="Select a valid choice"):
        field.clean("gone")


def test_several_choices_in_another_order_are_no_change():
    field = field_for(list[State])
    assert not field.has_changed([State.SENT_OFF, State.DRAFT], ["draft", "sent"])
    assert field.has_changed([State.SENT_OFF], ["draft", "sent"])
    assert not field.has_changed(None, [])


class Timed(DjangoDocument):
    structure = {"at": datetime.datetime, "day": datetime.date, "hour": datetime.time}
    authorized_types = [datetime.date, datetime.time]


def shown(name, value, **settings):
    field = formfield_for_document_field(Timed, name)
    with override_settings(**settings):
        return field.widget.format_value(field.prepare_value(value))


TIMES = {
    "naive is UTC": ("at", NOW, "Europe/Berlin", True, "2010-03-08T13:03:08"),
    "aware": ("at", NOW.replace(tzinfo=datetime.UTC), "Asia/Tokyo", True, "2010-03-08T21:03:08"),
    "without seconds": ("at", NOW.replace(second=0), "UTC", True, "2010-03-08T12:03"),
    "without time zones": ("at", NOW, "Europe/Berlin", False, "2010-03-08T12:03:08"),
    "a date": ("day", NOW.date(), "UTC", True, "2010-03-08"),
    "a time of day": ("hour", datetime.time(7, 5), "UTC", True, "07:05"),
    "with seconds": ("hour", datetime.time(7, 5, 9), "UTC", True, "07:05:09"),
    "nothing": ("at", None, "UTC", True, None),
    "what was sent": ("at", "no time", "UTC", True, "no time"),
}


@pytest.mark.parametrize(("name", "value", "zone", "use", "expected"), TIMES.values(), ids=TIMES)
def test_times_as_html_has_them(name, value, zone, use, expected):
    with timezone.override(zone), translation.override("de"):
        assert shown(name, value, USE_TZ=use, TIME_ZONE=zone) == expected


@pytest.mark.parametrize(("name", "kind"), {"at": "datetime-local", "day": "date", "hour": "time"}.items())
def test_browsers_have_a_picker(name, kind):
    field = formfield_for_document_field(Timed, name)
    assert f'<input type="{kind}" name="x"' in field.widget.render("x", None)


def test_widgets_take_a_format():
    assert TimeInput(format="%H").format_value(datetime.time(7, 5)) == "07"
    assert TimeInput({"class": "c"}).format_value(NOW) == "12:03:08"
    assert DateTimeInput(format="%Y").format_value(NOW) == "2010"


@pytest.mark.parametrize("sent", ["2010-03-08T13:03:08", "2010-03-08 13:03:08"])
def test_a_time_as_it_was_shown_has_not_changed(sent):
    field = formfield_for_document_field(Timed, "at")
    with timezone.override("Europe/Berlin"):
        assert not field.has_changed(NOW, sent)
        assert field.has_changed(NOW, "2010-03-08T13:03:09")
        assert field.clean(sent) == NOW.replace(tzinfo=datetime.UTC)


class Named(DjangoDocument):
    structure = {
        "topic": str,
        "price": float,
        "where": {"city": str, "country": str},
        "lines": [{"sku": str}],
    }


def test_meta_says_how_fields_are(mongodb):
    class Form(DocumentForm):
        class Meta:
            document = Named
            fields = ["where.city", "topic", "price", "lines"]
            widgets = {"topic": forms.Textarea, "where.city": forms.HiddenInput, "lines.sku": forms.Textarea}
            labels = {"topic": "About", "where": "Place", "where.city": "Town"}
            help_texts = {"where.city": "or village"}
            error_messages = {"topic": {"required": "Say it"}}
            field_classes = {"topic": forms.SlugField}
            localized_fields = ["price"]

    form = Form(collection=mongodb.named)
    assert list(form.fields) == ["where", "topic", "price", "lines"]
    topic, where, inner = form.fields["topic"], form["where"], form["where"].inner
    assert type(topic) is forms.SlugField
    assert isinstance(topic.widget, forms.Textarea)
    assert (form["topic"].label, where.label) == ("About", "Place")
    assert topic.error_messages["required"] == "Say it"
    assert list(inner.fields) == ["city"]
    assert (inner["city"].label, inner["city"].help_text) == ("Town", "or village")
    assert isinstance(inner.fields["city"].widget, forms.HiddenInput)
    assert isinstance(form["lines"].inner[0].fields["sku"].widget, forms.Textarea)
    assert form.fields["price"].localize
    assert not topic.localize


def test_all_fields_may_be_localized_nested_ones_too(mongodb):
    form = documentform_factory(Named, localized_fields="__all__")(collection=mongodb.named)
    assert form.fields["price"].localize
    assert form["where"].inner.fields["city"].localize
    nested = documentform_factory(Named, localized_fields=["where.city"])(collection=mongodb.named)
    assert [field.localize for field in nested["where"].inner.fields.values()] == [True, False]


def test_nested_fields_are_left_out_by_dotted_names(mongodb):
    form = documentform_factory(Named, exclude=["where.city", "price"])(collection=mongodb.named)
    assert list(form.fields) == ["topic", "where", "lines"]
    assert list(form["where"].inner.fields) == ["country"]


def test_an_unknown_nested_name_is_an_error():
    with pytest.raises(Exception, match=r"Unknown field\(s\) \(town\).*city, country"):
        documentform_factory(Named, fields=["where.town"])


@pytest.mark.parametrize("value", [Code("x"), Regex("a"), Binary(b"x", 3)])
def test_what_is_stored_already_is_shown(value):
    assert json.loads(JsonValueField().prepare_value(value))


def test_sets_of_a_structure():
    field = field_for({"x": Set(int)})
    assert field.clean("[2, 1]") == {1, 2}
    assert field.prepare_value({2, 1}) == "[1, 2]"
    assert field.prepare_value(None) == "[]"
