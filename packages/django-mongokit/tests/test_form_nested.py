"""Nested structures as fields, and lists of them as formsets: what is sent, shown, changed and refused."""

from typing import Annotated

import annotated_types as at
import pytest
from django import forms
from django.core.exceptions import ValidationError
from shows.testing import Markup

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import (
    DocumentForm,
    EmbeddedDocumentForm,
    FormSetField,
    NestedField,
    documentform_factory,
)
from mongokit import Required, SchemaDocument


class Country(SchemaDocument):
    code: Annotated[str, at.Len(2, 2)]
    name: str = ""


class Address(SchemaDocument):
    street: str
    zip: str = ""
    country: Country | None = None
    checked: bool = False


class Line(SchemaDocument):
    sku: str
    count: Annotated[int, at.Ge(1)] = 1
    secret: str = "s"


class Order(DjangoDocument):
    topic: str
    address: Address
    second: Address | None = None
    lines: list[Line]


OrderForm = documentform_factory(Order, exclude=["lines.secret"])


@pytest.fixture
def orders(mongodb):
    return mongodb.orders


def sent(*lines, initial=0, **more):
    """Return what a browser sends: `lines` are dicts by field, `more` has `__` for `-`."""
    data = {
        "topic": "T",
        "address-street": "S",
        "lines-TOTAL_FORMS": str(len(lines)),
        "lines-INITIAL_FORMS": str(initial),
    }
    for number, line in enumerate(lines):
        data |= {f"lines-{number}-{name}": value for name, value in line.items()}
    return {**data, **{name.replace("__", "-"): value for name, value in more.items()}}


def saved(orders, *lines, **fields):
    order = Order(collection=orders)
    order.topic = "T"
    order["address"] = Address({"street": "S", "zip": "1", "country": None, "checked": True})
    order["lines"] = [Line({"sku": sku, "count": 1, "secret": f"secret of {sku}"}) for sku in lines]
    order.update(fields)
    return order.save()


def test_a_whole_order(orders):
    form = OrderForm(
        sent({"sku": "a", "count": "2"}, {"sku": "b", "count": "1"}, second__street="X"), collection=orders
    )
    assert form.is_valid(), form.errors
    order = form.save()
    assert [type(order["address"]), type(order["second"])] == [Address, Address]
    assert [type(line) for line in order["lines"]] == [Line, Line]
    stored = orders.find_one({}, {"_id": 0})
    assert stored == {
        "topic": "T",
        "address": {"street": "S", "zip": "", "country": None, "checked": False},
        "second": {"street": "X", "zip": "", "country": None, "checked": False},
        "lines": [{"sku": "a", "count": 2, "secret": "s"}, {"sku": "b", "count": 1, "secret": "s"}],
    }


def test_it_is_sent_under_prefixed_names(orders):
    html = str(OrderForm(collection=orders))
    for name in ("address-street", "address-country-code", "second-zip", "lines-0-sku", "lines-TOTAL_FORMS"):
        assert f'name="{name}"' in html


def test_a_form_with_a_prefix(orders):
    data = {f"p-{name}": value for name, value in sent({"sku": "a", "count": "1"}).items()}
    form = OrderForm(data, collection=orders, prefix="p")
    assert form.is_valid(), form.errors
    assert form.save()["lines"][0]["sku"] == "a"


def test_what_is_stored_is_shown(orders):
    order = saved(
        orders,
        "a",
        "b",
        second={"street": "X", "zip": "", "checked": False, "country": {"code": "de", "name": ""}},
    )
    form = OrderForm(instance=order)
    assert form["address"].inner["street"].value() == "S"
    assert form["second"].inner["country"].inner["code"].value() == "de"
    assert [row["sku"].value() for row in form["lines"].inner] == ["a", "b", None]
    assert form["lines"].inner.initial_form_count() == 2


def test_what_the_form_does_not_have_stays(orders):
    order = saved(orders, "a")
    form = documentform_factory(Order, fields=["topic", "address.street", "lines.sku"])(
        sent({"sku": "b"}, initial=1), instance=order
    )
    form.save()
    stored = orders.find_one()
    assert stored["address"] == {"street": "S", "zip": "1", "country": None, "checked": True}
    assert stored["lines"] == [{"sku": "b", "count": 1, "secret": "secret of a"}]


def test_new_elements_begin_with_the_defaults_of_their_class(orders):
    form = documentform_factory(Order, fields=["topic", "address.street", "lines.sku"])(
        sent({"sku": "b"}), collection=orders
    )
    line = form.save()["lines"][0]
    assert line == {"sku": "b", "count": 1, "secret": "s"}


ROWS = {
    "as it was": ([{"sku": "a"}, {"sku": "b"}], ["a", "b"]),
    "changed": ([{"sku": "a"}, {"sku": "x"}], ["a", "x"]),
    "one more": ([{"sku": "a"}, {"sku": "b"}, {"sku": "c"}], ["a", "b", "c"]),
    "an empty one more": ([{"sku": "a"}, {"sku": "b"}, {"sku": ""}], ["a", "b"]),
    "deleted": ([{"sku": "a", "DELETE": "on"}, {"sku": "b"}], ["b"]),
    "all deleted": ([{"sku": "a", "DELETE": "on"}, {"sku": "b", "DELETE": "on"}], []),
    "deleted with an error": ([{"sku": "", "DELETE": "on"}, {"sku": "b"}], ["b"]),
    "reordered": ([{"sku": "a", "ORDER": "2"}, {"sku": "b", "ORDER": "1"}], ["b", "a"]),
    "one put first": (
        [{"sku": "a", "ORDER": "1"}, {"sku": "b", "ORDER": "2"}, {"sku": "c", "ORDER": "0"}],
        ["c", "a", "b"],
    ),
}


@pytest.mark.parametrize(("rows", "expected"), ROWS.values(), ids=ROWS)
def test_add_delete_reorder(orders, rows, expected):
    order = saved(orders, "a", "b")
    rows = [{"count": "1", **row} for row in rows]
    form = OrderForm(sent(*rows, initial=2), instance=order)
    assert form.is_valid(), form.errors
    form.save()
    assert [line["sku"] for line in orders.find_one()["lines"]] == expected


def test_an_element_keeps_what_is_hidden_when_it_moves(orders):
    order = saved(orders, "a", "b")
    rows = [{"sku": "a", "count": "1", "ORDER": "2"}, {"sku": "b", "count": "1", "ORDER": "1"}]
    OrderForm(sent(*rows, initial=2), instance=order).save()
    assert [line["secret"] for line in orders.find_one()["lines"]] == ["secret of b", "secret of a"]


@pytest.mark.parametrize("initial", [0, 1, 3])
def test_a_list_that_somebody_else_has_changed_meanwhile(orders, initial):
    order = saved(orders, "a", "b")
    rows = [{"sku": str(number), "count": "1"} for number in range(initial)]
    form = OrderForm(sent(*rows, initial=initial), instance=order)
    [error] = form.errors["lines"]
    assert error.startswith("Somebody has added or removed elements meanwhile.")
    assert error in str(form)
    assert [line["sku"] for line in order["lines"]] == ["a", "b"]


def shown(form):
    """Return what a browser sends of a form, as it is shown."""
    page = Markup(f"<form>{form}</form>")
    return page.sends("form")


def test_saved_again_after_somebody_else_has_removed_a_row(orders):
    order = saved(orders, "a", "b", "c")
    data = shown(OrderForm(instance=order)) | {"lines-2-sku": "mine", "lines-2-count": "7"}
    orders.update_one({}, {"$pull": {"lines": {"sku": "a"}}})
    stored = orders.proxy(Order).one()
    form = OrderForm(data, instance=stored)
    assert not form.is_valid()
    assert "save again to put it in the place of theirs" in str(form)
    assert 'value="mine"' in str(form)
    again = OrderForm(shown(form), instance=orders.proxy(Order).one())
    assert again.is_valid(), again.errors
    again.save()
    assert [(line["sku"], line["count"], line["secret"]) for line in orders.find_one()["lines"]] == [
        ("a", 1, "s"),
        ("b", 1, "secret of b"),
        ("mine", 7, "s"),
    ]


def test_changed_by_somebody_else_once_more(orders):
    order = saved(orders, "a", "b")
    data = shown(OrderForm(instance=order)) | {"lines-1-sku": "mine"}
    orders.update_one({}, {"$set": {"lines": []}})
    form = OrderForm(data, instance=orders.proxy(Order).one())
    assert not form.is_valid()
    orders.update_one({}, {"$set": {"lines": [{"sku": "theirs", "count": 1, "secret": "s"}]}})
    form = OrderForm(shown(form), instance=orders.proxy(Order).one())
    assert not form.is_valid(), "they are told of this, too"
    again = OrderForm(shown(form), instance=orders.proxy(Order).one())
    assert again.is_valid(), again.errors
    again.save()
    assert [line["sku"] for line in orders.find_one()["lines"]] == ["a", "mine"]


def test_rows_that_are_deleted_and_moved_when_they_replace_others(orders):
    order = saved(orders, "a", "b", "c")
    data = shown(OrderForm(instance=order)) | {"lines-0-DELETE": "on", "lines-1-ORDER": "9"}
    orders.update_one({}, {"$pop": {"lines": 1}})
    form = OrderForm(data, instance=orders.proxy(Order).one())
    assert not form.is_valid()
    again = OrderForm(shown(form), instance=orders.proxy(Order).one())
    assert again.is_valid(), again.errors
    again.save()
    assert [(line["sku"], line["secret"]) for line in orders.find_one()["lines"]] == [
        ("c", "s"),
        ("b", "secret of b"),
    ]


def test_nobody_says_that_rows_replace_what_was_not_asked_about(orders):
    order = saved(orders, "a", "b")
    form = OrderForm(sent({"sku": "x", "count": "1"}, lines__REPLACES="7"), instance=order)
    assert form.errors["lines"][0].startswith("Somebody has added or removed")


def test_the_management_form_is_needed(orders):
    data = {name: value for name, value in sent().items() if "FORMS" not in name}
    form = OrderForm({**data, "lines-0-sku": "a"}, collection=orders)
    assert "ManagementForm data is missing" in form.errors["lines"][0]


def test_far_too_many_elements(orders):
    data = {**sent(), "lines-TOTAL_FORMS": "1000000000"}
    form = OrderForm(data, collection=orders)
    assert "Please submit at most 1000 forms." in form.errors["lines"]


@pytest.mark.parametrize("count", ["-1", "x", "", "1e9"])
def test_a_forged_management_form(orders, count):
    form = OrderForm({**sent(), "lines-TOTAL_FORMS": count}, collection=orders)
    assert not form.is_valid() or form.save()["lines"] == []


ERRORS = {
    "in a nested field": ({"address-street": ""}, "address", "Street: This field is required."),
    "two levels in": (
        {"second-street": "x", "second-country-code": "deu"},
        "second",
        "Country: Code: Ensure this value has at most 2 characters (it has 3).",
    ),
    "in an element": ({"lines-0-sku": "", "lines-0-count": "2"}, "lines", "#1: Sku: This field is required."),
    "by a constraint": (
        {"lines-0-count": "0"},
        "lines",
        "#1: Count: Ensure this value is greater than or equal to 1.",
    ),
}


@pytest.mark.parametrize(("change", "field", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_inside_is_one_of_the_form_and_is_shown_once(orders, change, field, message):
    form = OrderForm({**sent({"sku": "a", "count": "1"}), **change}, collection=orders)
    assert form.errors == {field: [message]}
    assert field not in form.cleaned_data
    text = message.rpartition(": ")[2]
    for html in (form.as_div(), form.as_p(), form.as_table(), form.as_ul()):
        assert html.count(text) == 1
        assert html.count("errorlist") == 1


def test_errors_have_their_codes(orders):
    form = OrderForm(sent(address__street=""), collection=orders)
    assert form.has_error("address", "required")
    assert form["address"].inner.has_error("street", "required")
    assert form.errors.get_json_data()["address"][0]["code"] == "required"


OPTIONAL = {
    "nothing sent": ({}, None),
    "sent empty": ({"second-street": "", "second-zip": " ", "second-country-code": ""}, None),
    "a check box alone": ({"second-checked": "on"}, "required"),
    "without what is required": ({"second-zip": "1"}, "required"),
    "deep inside": ({"second-country-code": "de"}, "required"),
    "filled in": ({"second-street": "x"}, {"street": "x", "zip": "", "country": None, "checked": False}),
}


@pytest.mark.parametrize("before", [None, {"street": "o", "zip": "", "country": None, "checked": False}])
@pytest.mark.parametrize(("data", "expected"), OPTIONAL.values(), ids=OPTIONAL)
def test_a_nested_structure_that_may_be_absent(orders, data, expected, before):
    order = saved(orders, second=before)
    filled = {"second-street": "", "second-zip": "", "second-country-code": "", "second-country-name": ""}
    form = OrderForm({**sent(), **filled, **data}, instance=order)
    if expected == "required":
        assert form.errors == {"second": ["Street: This field is required."]}
    else:
        assert form.save()["second"] == expected
    assert "required" not in str(form["second"]) or expected == "required"


def test_what_is_required_inside_is_said_in_html(orders):
    form = OrderForm(collection=orders)
    assert "required" in str(form["address"].inner["street"])
    assert "required" not in str(form["second"].inner["street"])


class Plain(DjangoDocument):
    structure = {"where": {"city": str, "at": {"x": int}}, "parts": [{"name": str, "n": int}]}
    required_fields = ["where.city"]
    default_values = {"where.at.x": 7}
    validators = {"where.at.x": lambda x: x != 13, "parts.n": lambda n: n < 5}
    use_dot_notation = True


PlainForm = documentform_factory(Plain)


def plain(**more):
    data = {
        "where-city": "B",
        "where-at-x": "1",
        "parts-TOTAL_FORMS": "1",
        "parts-INITIAL_FORMS": "0",
        "parts-0-name": "n",
        "parts-0-n": "1",
    }
    return {**data, **{name.replace("__", "-"): value for name, value in more.items()}}


def test_plain_nested_dicts(mongodb):
    form = PlainForm(collection=mongodb.plains)
    assert form["where"].inner["at"].inner["x"].value() == 7
    assert form["where"].inner.fields["city"].required
    document = PlainForm(plain(), collection=mongodb.plains).save()
    assert document.where.at.x == 1
    assert document.parts[0].name == "n"
    assert mongodb.plains.find_one({}, {"_id": 0}) == {
        "where": {"city": "B", "at": {"x": 1}},
        "parts": [{"name": "n", "n": 1}],
    }


VALIDATORS = {
    "nested": ({"where-at-x": "13"}, {"where": ["At: X: Enter a valid value."]}),
    "in an element": ({"parts-0-n": "5"}, {"parts": ["#1: N: Enter a valid value."]}),
    "in the second of three": (
        {
            "parts-TOTAL_FORMS": "3",
            **{f"parts-{row}-{name}": value for row in (1, 2) for name, value in (("name", "n"), ("n", "5"))},
            "parts-1-DELETE": "on",
        },
        {"parts": ["#3: N: Enter a valid value."]},
    ),
}


@pytest.mark.parametrize(("data", "errors"), VALIDATORS.values(), ids=VALIDATORS)
def test_validators_of_the_document_speak_at_the_nested_field(mongodb, data, errors):
    form = PlainForm(plain(**data), collection=mongodb.plains)
    assert form.errors == errors
    assert str(form).count("Enter a valid value.") == 1


def test_an_error_of_a_reordered_element_is_at_its_row(mongodb):
    rows = {"parts-TOTAL_FORMS": "2", "parts-1-name": "n", "parts-1-n": "5", "parts-1-ORDER": "1"}
    form = PlainForm({**plain(), "parts-0-ORDER": "2", **rows}, collection=mongodb.plains)
    assert form.errors == {"parts": ["#2: N: Enter a valid value."]}
    assert form["parts"].inner[1].errors == {"n": ["Enter a valid value."]}
    assert form["parts"].inner[0].errors == {}


def test_forms_of_ones_own_inside(orders):
    class AddressForm(EmbeddedDocumentForm):
        note = forms.CharField(required=False)

        class Meta:
            document = Address
            fields = ["street", "zip"]

        def clean_zip(self):
            return self.cleaned_data["zip"] or "00000"

        def clean(self):
            if self.cleaned_data.get("street") == self.cleaned_data.get("zip"):
                raise ValidationError("The same twice")

    class LineForm(EmbeddedDocumentForm):
        class Meta:
            document = Line
            exclude = ["secret"]

    class Own(DocumentForm):
        address = NestedField(AddressForm, label="Where to")
        lines = FormSetField(LineForm, factory={"extra": 3, "can_order": False}, required=False)

        class Meta:
            document = Order
            fields = ["topic", "address", "lines"]

    assert len(Own(collection=orders)["lines"].inner.forms) == 3
    html = str(Own(collection=orders))
    assert "<legend>Where to:</legend>" in html
    assert "ORDER" not in html
    rows = [
        {"sku": "a", "count": "1"},
        {"sku": "b", "count": "1", "DELETE": "on"},
        {"sku": "c", "count": "2"},
    ]
    order = Own(sent(*rows, address__note="n"), collection=orders).save()
    assert order["address"] == {"street": "S", "zip": "00000", "country": None, "checked": False}
    assert [line["sku"] for line in order["lines"]] == ["a", "c"]
    form = Own(sent(address__zip="S"), collection=orders)
    assert form.errors == {"address": ["The same twice"]}
    assert str(form).count("The same twice") == 1


def test_required_lists_and_their_lengths(mongodb):
    class Cart(DjangoDocument):
        lines: Annotated[Required[list[Line]], at.MaxLen(2)]
        few: Annotated[list[Line], at.MinLen(1)]

    def errors(lines, few):
        data = {"lines-INITIAL_FORMS": "0", "few-INITIAL_FORMS": "0"}
        data |= {"lines-TOTAL_FORMS": str(lines), "few-TOTAL_FORMS": str(few)}
        data |= {f"lines-{row}-{name}": "1" for row in range(lines) for name in ("sku", "count", "secret")}
        data |= {f"few-{row}-{name}": "1" for row in range(few) for name in ("sku", "count", "secret")}
        return dict(documentform_factory(Cart)(data, collection=mongodb.carts).errors)

    assert errors(1, 1) == {}
    assert errors(0, 1) == {"lines": ["This field is required."]}
    assert errors(3, 1) == {"lines": ["Please submit at most 2 forms."]}
    assert errors(1, 0) == {"few": ["Please submit at least 1 form."]}


def test_lists_that_may_be_absent_and_tuples(mongodb):
    class Cart(DjangoDocument):
        maybe: list[Line] | None = None
        fixed: tuple[Line, ...] = ()

    data = {f"{name}-{what}_FORMS": "0" for name in ("maybe", "fixed") for what in ("TOTAL", "INITIAL")}
    cart = documentform_factory(Cart)(data, collection=mongodb.carts).save()
    assert (cart["maybe"], cart["fixed"]) == (None, ())
    data |= {"fixed-TOTAL_FORMS": "1", "fixed-0-sku": "a", "fixed-0-count": "1", "fixed-0-secret": "s"}
    cart = documentform_factory(Cart)(data, instance=cart).save()
    assert cart["fixed"] == (Line({"sku": "a", "count": 1, "secret": "s"}),)


def test_an_empty_row_with_a_default_made_by_a_function_stays_empty(mongodb):
    counter = iter(range(100))

    class Ticked(SchemaDocument):
        structure = {"note": str, "tick": int}
        default_values = {"tick": lambda: next(counter)}

    class Ticks(DjangoDocument):
        structure = {"ticks": [Ticked]}

    form = documentform_factory(Ticks)
    assert 'name="initial-ticks-0-tick" value="' in str(form(collection=mongodb.ticks))
    data = {"ticks-TOTAL_FORMS": "1", "ticks-INITIAL_FORMS": "0", "ticks-0-note": ""}
    data |= {"ticks-0-tick": "50", "initial-ticks-0-tick": "50"}
    assert form(data, collection=mongodb.ticks).save()["ticks"] == []
    assert len(form({**data, "ticks-0-note": "x"}, collection=mongodb.ticks).save()["ticks"]) == 1


def test_a_disabled_nested_field_stays_as_it_is(orders):
    order = saved(orders, "a")
    form = OrderForm(sent({"sku": "x", "count": "9"}, initial=1, address__street="Forged"), instance=order)
    form.fields["address"].disabled = form.fields["lines"].disabled = True
    assert "disabled" in str(form["address"])
    assert form.is_valid(), form.errors
    form.save()
    stored = orders.find_one()
    assert stored["address"]["street"] == "S"
    assert stored["lines"] == [{"sku": "a", "count": 1, "secret": "secret of a"}]


def test_initial_for_nested_fields(orders):
    form = OrderForm(collection=orders, initial={"address": {"street": "I"}, "lines": [{"sku": "i"}]})
    assert form["address"].inner["street"].value() == "I"
    assert [row["sku"].value() for row in form["lines"].inner] == ["i", None]
    rows = {"sku": "i", "count": "1"}
    bound = OrderForm(
        sent(rows, initial=1, address__street="I"),
        collection=orders,
        initial={"address": {"street": "I"}, "lines": [{"sku": "i"}]},
    )
    order = bound.save()
    assert (order["address"]["street"], order["lines"][0]["sku"]) == ("I", "i")


def test_initial_given_for_a_stored_document_is_saved_when_it_is_left(orders):
    order = saved(orders)
    form = OrderForm(sent(address__street="I"), instance=order, initial={"address": {"street": "I"}})
    assert form.save()["address"]["street"] == "I"


def test_changed_data_names_nested_fields(orders):
    order = saved(orders, "a")
    same = sent({"sku": "a", "count": "1", "ORDER": "1"}, initial=1, address__zip="1", address__checked="on")
    assert OrderForm(same, instance=order).changed_data == []
    assert OrderForm({**same, "address-zip": "2"}, instance=order).changed_data == ["address"]
    assert OrderForm({**same, "lines-0-count": "2"}, instance=order).changed_data == ["lines"]


def test_media_and_multipart_of_what_is_inside(orders):
    class Fancy(forms.FileInput):
        class Media:
            js = ["fancy.js"]

    form = documentform_factory(Order, widgets={"address.zip": Fancy})(collection=orders)
    assert "fancy.js" in str(form.media)
    assert form.is_multipart()
    assert not OrderForm(collection=orders).is_multipart()


def test_an_embedded_form_needs_a_class():
    class Nothing(EmbeddedDocumentForm):
        pass

    with pytest.raises(AttributeError, match=r"Nothing has no Meta\.document"):
        Nothing()
    with pytest.raises(TypeError, match="subclass of SchemaDocument"):
        type("F", (EmbeddedDocumentForm,), {"Meta": type("Meta", (), {"document": dict})})


class Leaf(SchemaDocument):
    n: int


class Branch(SchemaDocument):
    name: str
    leaves: list[Leaf]
    best: Leaf | None = None


class Tree(DjangoDocument):
    branches: list[Branch]


def tree_data(*branches, initial=0):
    """Return what is sent for branches given as (name, leaves): leaves are texts."""
    data = {"branches-TOTAL_FORMS": str(len(branches)), "branches-INITIAL_FORMS": str(initial)}
    for row, (name, *leaves) in enumerate(branches):
        data |= {f"branches-{row}-name": name, f"branches-{row}-leaves-INITIAL_FORMS": "0"}
        data[f"branches-{row}-leaves-TOTAL_FORMS"] = str(len(leaves))
        data |= {f"branches-{row}-leaves-{at}-n": leaf for at, leaf in enumerate(leaves)}
    return data


def test_lists_in_lists(mongodb):
    form_class = documentform_factory(Tree)
    html = str(form_class(collection=mongodb.trees))
    assert 'name="branches-0-leaves-0-n"' in html
    assert 'name="branches-0-best-n"' in html
    form = form_class(tree_data(("a", "1", "2", ""), ("", "")), collection=mongodb.trees)
    assert form.is_valid(), form.errors
    assert form.save()["branches"] == [{"name": "a", "leaves": [{"n": 1}, {"n": 2}], "best": None}]
    form = form_class(tree_data(("a", "1", "x")), collection=mongodb.trees)
    assert form.errors == {"branches": ["#1: Leaves: #2: N: Enter a whole number."]}
    assert str(form).count("Enter a whole number.") == 1


def test_an_empty_form_for_scripts_that_add_rows(mongodb):
    form = documentform_factory(Tree)(collection=mongodb.trees)
    empty = form["branches"].inner.empty_form.as_div()
    assert 'name="branches-__prefix__-name"' in empty
    assert 'name="branches-__prefix__-leaves-0-n"' in empty


class Started(DjangoDocument):
    """A list that new documents have elements in."""

    structure = {"lines": [Line], "where": {"city": str, "code": str}}
    default_values = {"lines": [Line({"sku": "first", "count": 2, "secret": "kept"})], "where.code": "X"}


STARTED = {
    "left": ({"sku": "first", "count": "2"}, [("first", 2, "kept")]),
    "changed": ({"sku": "b", "count": "3"}, [("b", 3, "kept")]),
    "deleted": ({"sku": "first", "count": "2", "DELETE": "on"}, []),
}


@pytest.mark.parametrize(("row", "expected"), STARTED.values(), ids=STARTED)
def test_default_elements_of_a_new_document(mongodb, row, expected):
    form_class = documentform_factory(Started, exclude=["lines.secret", "where.code"])
    shown = form_class(collection=mongodb.started)["lines"].inner
    assert [row["sku"].value() for row in shown] == ["first", None]
    data = {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "1", "where-city": "B"}
    data |= {f"lines-0-{name}": value for name, value in row.items()}
    document = form_class(data, collection=mongodb.started).save()
    assert [tuple(line.values()) for line in document["lines"]] == expected
    assert document["where"] == {"city": "B", "code": "X"}
    assert Started()["lines"] == [{"sku": "first", "count": 2, "secret": "kept"}]


def test_none_in_the_place_of_a_nested_structure_stays_untouched(mongodb):
    document = Plain({"where": {"city": "B", "at": {"x": 1}}, "parts": None}, collection=mongodb.plains)
    data = {"where-city": "B", "where-at-x": "1", "parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "0"}
    data |= {"parts-0-name": "", "parts-0-n": ""}
    assert PlainForm(data, instance=document).save(commit=False)["parts"] is None


def test_clean_of_a_nested_field(orders):
    class Form(OrderForm):
        def clean_address(self):
            address = self.cleaned_data["address"]
            if address["street"] == "X":
                raise ValidationError("No X")
            return Address({**address, "zip": "Z"})

    assert Form(sent(address__street="X"), collection=orders).errors == {"address": ["No X"]}
    assert Form(sent(), collection=orders).save()["address"]["zip"] == "Z"
