"""Stored documents that are not as their class declares: what a form, and the admin, leave as it is."""

import pytest
from shows.models import Show

from django_mongokit.document import DjangoDocument
from django_mongokit.forms import documentform_factory
from mongokit import AsyncConnection, SchemaDocument


class Part(SchemaDocument):
    name: str


class Kept(DjangoDocument):
    title: str
    number: int | None = None
    place: Part | None = None
    parts: list[Part] = []


class Compared(Kept):
    use_revision = True


BEYOND = {
    "old": {"a": [1]},
    "place": {"name": "P", "zip": 1},
    "parts": [{"name": "A"}, {"name": "B", "more": 2}],
}
SENT = {
    "title": "new",
    "number": "5",
    "place-name": "Q",
    "parts-TOTAL_FORMS": "2",
    "parts-INITIAL_FORMS": "2",
    "parts-0-name": "A",
    "parts-1-name": "B",
    "_revision": "1",
}


@pytest.fixture(params=[Kept, Compared])
def kept(request, mongodb):
    """A document with fields that nobody declares, on every level."""
    proxy = mongodb.kept.proxy(request.param)
    made = proxy()
    made.update(title="old")
    made.save()
    mongodb.kept.update_one({}, {"$set": BEYOND})
    return proxy.one


def test_what_is_not_declared_stays(mongodb, kept):
    form = documentform_factory(type(kept()))(SENT, instance=kept())
    assert form.try_save(), form.errors
    stored = mongodb.kept.find_one()
    assert (stored["title"], stored["number"], stored["old"]) == ("new", 5, {"a": [1]})
    assert stored["place"] == {"name": "Q", "zip": 1}
    assert stored["parts"] == BEYOND["parts"]
    assert stored.get("_revision") in {None, 2}


def test_what_is_declared_has_to_be_right_all_the_same(mongodb, kept):
    form = documentform_factory(type(kept()))({**SENT, "title": ""}, instance=kept())
    assert not form.try_save()
    assert list(form.errors) == ["title"]


def test_what_code_adds_is_refused_still(mongodb, kept):
    form = documentform_factory(type(kept()))(SENT, instance=kept())
    assert form.is_valid()
    form.instance["typo"] = 1
    assert form.try_save() is None
    assert "typo" in str(form.errors["__all__"])
    assert "typo" not in mongodb.kept.find_one()


def test_a_stale_one_is_stale_still(mongodb):
    proxy = mongodb.kept.proxy(Compared)
    made = proxy()
    made.update(title="old")
    made.save()
    mongodb.kept.update_one({}, {"$set": {"old": 1}})
    form = documentform_factory(Compared, fields=["title"])(SENT, instance=proxy.one())
    assert form.is_valid(), form.errors
    mongodb.kept.update_one({}, {"$set": {"title": "theirs"}, "$inc": {"_revision": 1}})
    assert form.try_save() is None
    assert form.has_error("__all__", "stale")
    assert mongodb.kept.find_one()["title"] == "theirs"


def test_one_that_is_gone_does_not_come_back(mongodb, kept):
    form = documentform_factory(type(kept()))(SENT, instance=kept())
    assert form.is_valid()
    mongodb.kept.delete_many({})
    assert form.try_save() is None
    assert mongodb.kept.count_documents({}) == 0


async def test_awaited(mongodb, uri):
    mongodb.kept.insert_one({"title": "old", "number": None, "place": None, "parts": [], "old": 1})
    async with AsyncConnection(uri) as there:
        document = await there[mongodb.name].kept.proxy(Kept).one()
        form = documentform_factory(Kept, fields=["title"])({"title": "new"}, instance=document)
        assert await form.atry_save(), form.errors
    stored = mongodb.kept.find_one()
    assert (stored["title"], stored["old"]) == ("new", 1)


WRONG = {"number": ("seats", "many"), "choice": ("kind", "circus"), "time": ("start", "soon")}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG)
def test_what_is_of_a_wrong_type_is_shown_and_not_replaced(shows, show, name, value):
    show("Hamlet")
    shows.update_one({}, {"$set": {name: value}})
    form_class = documentform_factory(Show, fields=["title", name])
    shown = str(form_class(instance=shows.Show.one())[name])
    assert f'value="{value}"' in shown
    assert 'type="text"' in shown
    form = form_class({"title": "Ham", name: value, "_revision": "1"}, instance=shows.Show.one())
    assert not form.try_save()
    assert list(form.errors) == [name]
    assert shows.find_one()[name] == value


def test_the_admin_says_what_it_leaves(shows, show, person):
    stored = show("Hamlet")
    shows.update_one({}, {"$set": {"old": "thing", "place": {"city": "A", "street": None, "zip": 1}}})
    client = person().client
    url = f"/admin/shows/Show/{stored.pk}/change/"
    page = client.get(url)
    assert "Stored too, and not declared: old and place.zip." in page.content.decode()
    sent = {
        "title": "Ham",
        "kind": "play",
        "place-city": "A",
        "notes": "{}",
        "tags": "[]",
        "acts-TOTAL_FORMS": "0",
        "acts-INITIAL_FORMS": "0",
        "_revision": str(stored["_revision"]),
    }
    answer = client.post(url, sent)
    assert answer.status_code == 302, answer.content.decode()
    after = shows.find_one()
    assert (after["title"], after["old"], after["place"]["zip"]) == ("Ham", "thing", 1)
    shows.update_one({}, {"$unset": {"old": 1, "place.zip": 1}})
    assert "not declared" not in client.get(url).content.decode()
