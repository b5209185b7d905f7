"""What a type of a class's own cannot read: no page fails, it is shown as it is stored, and is an error of its field."""

import datetime
import json

import pytest
from archive.models import Stamp
from django.template import Context, Template
from django.test import RequestFactory
from rest_framework.test import APIRequestFactory

from django_mongokit.forms import documentform_factory
from django_mongokit.rest import DocumentSerializer, DocumentViewSet
from django_mongokit.views import DetailView, ListView, UpdateView
from mongokit import Unreadable

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 1, 2)
GOOD = {
    "title": "Good",
    "day": "2026-01-02",
    "code": "<a>",
    "days": ["2026-01-02"],
    "inner": {"day": "2026-01-02"},
}
BAD = {
    "a date": {"day": "never"},
    "a text": {"code": "bare"},
    "in a list": {"days": ["2026-01-02", "never"]},
    "inside": {"inner": {"day": "never"}},
}
LIST = "/admin/archive/Stamp/"


class StampSerializer(DocumentSerializer):
    class Meta:
        document = Stamp
        fields = "__all__"


class Stamps(DocumentViewSet):
    serializer_class = StampSerializer


@pytest.fixture(params=BAD.values(), ids=BAD)
def bad(request, mongodb):
    """What is stored, and a good one beside it."""
    stored = {"_id": 1, **GOOD, "title": "Bad", **request.param}
    mongodb.stamps.insert_many([stored, {"_id": 2, **GOOD}])
    return stored


def word(bad):
    return "bare" if bad["code"] == "bare" else "never"


def field_of(bad):
    """The field that has it."""
    [name] = [name for name, value in GOOD.items() if name != "title" and bad[name] != value]
    return name


def said(bad):
    """What is said at its field: dates have an input of their own, which people are told to fill in."""
    is_date = field_of(bad) in ("day", "inner")
    return "Enter a valid date." if is_date else f"hat is stored, '{word(bad)}', cannot be read: ValueError: "


def test_the_admin(person, bad, mongodb):
    somebody = person()
    page = somebody.get(LIST)
    assert page.status == 200
    assert "2 Stamps" in page.text
    assert word(bad) in page.text
    page = somebody.get(f"{LIST}1/change/")
    assert page.status == 200
    assert word(bad) in page.html
    page = somebody.submit(f"{LIST}1/change/", "stamp_form", title="Changed")
    assert "Please correct the error below." in page.text
    assert said(bad) in page.text
    assert mongodb.stamps.find_one({"_id": 1}) == bad
    page = somebody.submit(f"{LIST}2/change/", "stamp_form", title="Changed")
    assert "was changed successfully" in page.text
    assert mongodb.stamps.find_one({"_id": 2}) == {**GOOD, "_id": 2, "title": "Changed"}


def test_generic_views(bad):
    for kind, kwargs in ((ListView, {}), (DetailView, {"pk": "1"}), (UpdateView, {"pk": "1"})):
        view = kind.as_view(document=Stamp, **({"success_url": "/"} if kind is UpdateView else {}))
        response = view(RequestFactory().get("/"), **kwargs)
        found = response.context_data.get("object") or next(
            one for one in response.context_data["object_list"] if one["_id"] == 1
        )
        text = Template("{{ one.day }} {{ one.code }} {{ one.days }} {{ one.inner.day }}").render(
            Context({"one": found})
        )
        assert word(bad) in text
        if kind is UpdateView:
            assert word(bad) in response.context_data["form"].as_p()


def test_a_form(mongodb, bad):
    """The stored value is shown; nothing is saved with it; and another one in its place is."""
    stored = mongodb.stamps.Stamp.get_from_id(1)
    kind = documentform_factory(Stamp)
    page = kind(instance=stored)
    data = {}
    for bound in page:
        if bound.name == "inner":
            data |= {
                f"inner-{one.name}": str(one.field.widget.format_value(one.value())) for one in bound.inner
            }
        else:
            data[bound.name] = str(bound.field.widget.format_value(bound.value()))
    assert word(bad) in str(data)
    form = kind({**data, "title": "Changed"}, instance=stored)
    assert not form.is_valid()
    assert list(form.errors) == [field_of(bad)]
    assert said(bad) in form.errors.get_json_data()[field_of(bad)][0]["message"]
    assert mongodb.stamps.find_one({"_id": 1}) == bad
    mended = {"day": "2026-01-02", "code": "a", "days": '["2026-01-02"]', "inner-day": "2026-01-02"}
    form = kind({**data, **mended}, instance=mongodb.stamps.Stamp.get_from_id(1))
    assert form.is_valid(), form.errors
    form.save()
    assert mongodb.stamps.find_one({"_id": 1}) == {**GOOD, "_id": 1, "title": "Bad"}


def rest(method, data=None, **kwargs):
    view = Stamps.as_view(
        {"get": "retrieve" if kwargs else "list", "patch": "partial_update", "put": "update"}
    )
    request = getattr(APIRequestFactory(), method)("/", data, format="json" if data is not None else None)
    response = view(request, **kwargs)
    response.render()
    return response.status_code, json.loads(response.content)


def test_rest(mongodb, bad):
    status, shown = rest("get")
    assert status == 200
    one = next(one for one in shown if one["_id"] == 1)
    name = field_of(bad)
    assert one[name] == bad[name]
    assert rest("get", pk="1") == (200, one)
    status, told = rest("patch", {"title": "Changed"}, pk="1")
    assert status == 400
    assert "cannot be read: ValueError" in str(told[name])
    assert mongodb.stamps.find_one({"_id": 1}) == bad
    # As the serializer has the values.
    good = {"day": "2026-01-02", "code": "a", "days": ["2026-01-02"], "inner": {"day": "2026-01-02"}}
    status, told = rest("patch", {name: good[name]}, pk="1")
    assert (status, told[name]) == (200, good[name])
    assert mongodb.stamps.find_one({"_id": 1}) == {**GOOD, "_id": 1, "title": "Bad"}


def test_a_class_may_want_the_error(mongodb):
    class Raising(Stamp):
        keep_unreadable = False

    mongodb.stamps.insert_one({**GOOD, "day": "never"})
    assert isinstance(mongodb.stamps.Stamp.find_one()["day"], Unreadable)
    with pytest.raises(ValueError, match="never"):
        mongodb.stamps.proxy(Raising).find_one()
