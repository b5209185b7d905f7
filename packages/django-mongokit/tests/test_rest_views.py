"""The API as a client sees it: what it may ask, how it changes documents, and what it is told when it may not."""

import json
import threading
from urllib.parse import quote

import pytest
from api.models import Author, Speech
from api.urls import EssayViewSet, SpeechSerializer
from bson import ObjectId
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db.models.signals import pre_save
from django.test import override_settings
from django.urls import reverse
from django.urls.resolvers import RegexPattern, URLResolver
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.renderers import StaticHTMLRenderer
from rest_framework.request import Request
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework.test import APIClient

from django_mongokit.rest import Conflict, GenericDocumentView
from mongokit import DuplicateKeyError

pytestmark = [pytest.mark.urls("api.urls"), pytest.mark.django_db]


@pytest.fixture
def api():
    client = APIClient()
    client.default_format = "json"
    return client


@pytest.fixture
def talks(mongodb):
    return mongodb.api_talks


@pytest.fixture
def talk(talks):
    def store(topic, **fields):
        made = talks.Speech()
        made.update({"topic": topic, **fields})
        made.save()
        return made

    return store


@pytest.fixture
def author(mongodb):
    def store(name):
        made = mongodb.api_authors.Author()
        made["name"] = name
        made.save()
        return made

    return store


def topics(response):
    assert response.status_code == 200, response.data
    return [one["topic"] for one in response.json().get("results", [])]


# Create, read, update, delete.


def test_create_read_change_delete(api, talks):
    response = api.post("/talks/", {"topic": "Apples", "room": {"city": "Bern"}})
    assert response.status_code == 201
    made = response.json()
    assert made["kind"] == "talk"
    url = f"/talks/{made['_id']}/"
    assert api.get(url).json() == made
    response = api.put(url, {"topic": "Pears"})
    assert (response.status_code, response.json()["topic"]) == (200, "Pears")
    assert response.json()["room"]["city"] == "Bern"
    response = api.patch(url, {"room": {"seats": 3}})
    assert response.json()["room"] == {"city": "Bern", "seats": 3, "door": None}
    assert api.delete(url).status_code == 204
    assert api.get(url).status_code == 404
    assert api.put(url, {"topic": "Plums"}).status_code == 404
    assert talks.count_documents({}) == 0


def test_patch_writes_what_differs_and_leaves_the_rest_to_others(api, talks, talk):
    pk = talk("A", room={"city": "Bern", "seats": 5, "door": None}, tags=["x"]).pk
    sent = []
    pre_save.connect(
        lambda update_fields, **_: sent.append(update_fields), sender=Speech, weak=False, dispatch_uid="t"
    )
    try:
        api.patch(f"/talks/{pk}/", {"topic": "A", "tags": ["x", "y"], "room": {"city": "Bern", "seats": 6}})
        assert sent == [{"tags", "room.seats"}]
        response = api.patch(f"/talks/{pk}/", {"topic": "A"})
        assert sent[1:] == [frozenset()]
    finally:
        pre_save.disconnect(sender=Speech, dispatch_uid="t")
    assert response.json()["_revision"] == 2


def test_change_of_a_field_that_the_api_does_not_show_survives(api, talks, talk):
    pk = talk("A", secret="s3cret").pk
    assert "secret" not in api.get(f"/talks/{pk}/").json()
    api.put(f"/talks/{pk}/", {"topic": "B"})
    assert talks.find_one()["secret"] == "s3cret"
    assert "secret" not in api.put(f"/talks/{pk}/", {"topic": "B", "secret": "new"}).json()
    assert talks.find_one()["secret"] == "new"


def test_true_is_no_one_and_one_no_float(api, talks, talk):
    pk = talk("A", notes={"n": 1}).pk
    api.patch(f"/talks/{pk}/", {"notes": {"n": True}})
    assert talks.find_one()["notes"]["n"] is True
    api.patch(f"/talks/{pk}/", {"notes": {"n": 1.0}})
    assert type(talks.find_one()["notes"]["n"]) is float


def test_read_only_fields_and_the_key_stay(api, talks, talk):
    made = talk("A", votes=3, room={"city": "Bern", "seats": 5, "door": "red"})
    response = api.patch(f"/talks/{made.pk}/", {"votes": 9, "_id": str(ObjectId()), "room": {"door": "blue"}})
    assert response.status_code == 200
    stored = talks.find_one()
    assert (stored["_id"], stored["votes"], stored["room"]["door"]) == (made["_id"], 3, "red")
    assert api.post("/talks/", {"topic": "B", "_id": made.pk}).json()["_id"] != made.pk


# What may have happened meanwhile.


def test_stale_revision_is_a_conflict(api, talks, talk):
    url = f"/talks/{talk('A').pk}/"
    seen = api.get(url).json()
    assert api.patch(url, {"topic": "Theirs", "_revision": seen["_revision"]}).status_code == 200
    response = api.put(url, {**seen, "topic": "Mine"})
    assert response.status_code == 409
    assert "Somebody else" in response.json()["detail"]
    assert talks.find_one()["topic"] == "Theirs"
    assert api.put(url, {**seen, "topic": "Mine", "_revision": 2}).status_code == 200
    assert api.patch(url, {"topic": "C", "_revision": "x"}).status_code == 400


def test_somebody_saves_between_reading_and_writing(talks, talk):
    made = talk("A", tags=["x"])
    serializer = SpeechSerializer(made, data={"tags": ["y"]}, partial=True)
    assert serializer.is_valid()
    other = talks.Speech.one({"_id": made["_id"]})
    other["topic"] = "Theirs"
    other.save()
    with pytest.raises(Conflict):
        serializer.save()
    assert made["tags"] == ["x"]
    assert talks.find_one()["tags"] == ["x"]


def test_somebody_deletes_between_reading_and_writing(mongodb, talks, talk, author):
    made = talk("A")
    serializer = SpeechSerializer(made, data={"topic": "B"}, partial=True)
    assert serializer.is_valid()
    talks.delete_many({})
    with pytest.raises(NotFound):
        serializer.save()
    assert made["topic"] == "A"


def test_nested_structure_goes_away_meanwhile(mongodb):
    from api.urls import EssaySerializer

    essay = mongodb.api_papers.Essay()
    essay.update({"_id": "k", "title": "T", "place": {"city": "Bern", "zip": {"code": "1"}}})
    essay.save()
    serializer = EssaySerializer(essay, data={"place": {"zip": {"code": "2"}}}, partial=True)
    assert serializer.is_valid()
    mongodb.api_papers.update_one({}, {"$set": {"place.zip": "none"}})
    with pytest.raises(Conflict):
        serializer.save()


def test_taken_value_is_told_at_its_field(api, talks, talk, author):
    Speech.ensure_indexes(talks)
    Author.ensure_indexes(author("Anita").collection)
    talk("A", slug="a")
    response = api.post("/talks/", {"topic": "B", "slug": "a"})
    assert (response.status_code, response.json()) == (
        400,
        {"slug": ["Speech with this Slug already exists."]},
    )
    pk = talk("B", slug="b").pk
    response = api.patch(f"/talks/{pk}/", {"slug": "a", "topic": "C"})
    assert (response.status_code, list(response.json())) == (400, ["slug"])
    assert talks.find_one({"_id": ObjectId(pk)})["topic"] == "B"
    assert api.post("/authors/", {"name": "Anita"}).json() == {
        "name": ["Author with this Name already exists."]
    }


def test_keys_have_a_name_without_its_underscore(api, person):
    api.force_authenticate(person().user)
    for url, label in (("/papers/", "Id"), ("/talks/", "Id")):
        assert api.options(url).json()["actions"]["POST"]["_id"]["label"] == label


def test_key_that_its_author_chooses(api, mongodb, person):
    api.force_authenticate(person().user)
    sent = {"_id": "first", "title": "T", "place": {"city": "Bern"}}
    assert api.post("/papers/", {**sent, "_id": None}).json() == {"_id": ["This field may not be null."]}
    assert api.post("/papers/", {**sent, "_id": {"$gt": ""}}).json() == {"_id": ["Not a valid string."]}
    assert api.post("/papers/", sent).status_code == 201
    assert list(api.post("/papers/", sent).json()) == ["_id"]
    assert api.patch("/papers/first/", {"_id": "second", "title": "U"}).json()["_id"] == "first"
    assert mongodb.api_papers.count_documents({}) == 1


# References.


def test_references_are_keys_of_documents_that_are_there(api, talks, author):
    anita, bob = author("Anita"), author("Bob")
    response = api.post("/talks/", {"topic": "A", "author": anita.pk, "guests": [bob.pk, anita.pk, bob.pk]})
    assert response.status_code == 201, response.data
    assert talks.find_one()["author"] == anita["_id"]
    assert talks.find_one()["guests"] == [bob["_id"], anita["_id"], bob["_id"]]
    pk = response.json()["_id"]
    assert api.get(f"/talks/{pk}/").json()["guests"] == [bob.pk, anita.pk, bob.pk]
    assert api.patch(f"/talks/{pk}/", {"author": None}).json()["author"] is None
    assert api.patch(f"/talks/{pk}/", {"author": str(ObjectId())}).status_code == 400
    bob.delete()
    assert api.patch(f"/talks/{pk}/", {"guests": [bob.pk]}).status_code == 400
    assert api.patch(f"/talks/{pk}/", {"topic": "B"}).status_code == 200


def test_many_references_are_looked_for_at_once(api, mongodb, author):
    from pymongo import monitoring

    keys = [author(f"A{number}").pk for number in range(20)]
    seen = []

    class Listener(monitoring.CommandListener):
        def started(self, event):
            if event.command_name == "find" and event.command["find"] == "api_authors":
                seen.append(event.command["filter"])

        def succeeded(self, event):
            pass

        failed = succeeded

    from django.conf import settings

    from mongokit import Connection

    with Connection(settings.DATABASES["mongodb"]["HOST"], event_listeners=[Listener()]) as connection:
        documents = connection[mongodb.name].api_talks.proxy(Speech)
        serializer = SpeechSerializer(data={"topic": "A", "guests": keys}, context={"documents": documents})
        assert serializer.is_valid(), serializer.errors
    assert len(seen) == 1


def test_references_that_are_documents(api, mongodb, author):
    anita = author("Anita")
    response = api.post("/letters/", {"text": "Hi", "writer": anita.pk})
    assert response.status_code == 201, response.data
    assert response.json()["writer"] == anita.pk
    assert mongodb.api_letters.find_one()["writer"].id == anita["_id"]
    assert api.get("/letters/").json()[0]["writer"] == anita.pk
    assert api.post("/letters/", {"text": "Hi", "writer": "x"}).status_code == 400


def test_references_as_urls(api, talks, talk, author):
    anita, bob = author("Anita"), author("Bob")
    url = f"http://testserver/authors/{anita.pk}/"
    sent = {"topic": "Apples", "author": url, "guests": [f"/authors/{bob.pk}/", url]}
    response = api.post("/linked/", sent)
    assert response.status_code == 201, response.data
    made = response.json()
    assert made["author"] == url
    assert made["guests"] == [f"http://testserver/authors/{bob.pk}/", url]
    assert (made["shout"], made["letters"]) == ("APPLES", 6)
    assert made["url"] == f"http://testserver/talks/{made['pk']}/"
    for wrong, said in {
        "/nowhere/": "No URL match",
        made["pk"]: "No URL match",
        f"/talks/{made['pk']}/": "Incorrect URL match",
        f"/authors/{ObjectId()}/": "does not exist",
    }.items():
        response = api.post("/linked/", {"topic": "B", "author": wrong})
        assert response.status_code == 400
        assert said in response.json()["author"][0]
    assert "Incorrect type" in api.post("/linked/", {"topic": "B", "author": {"$gt": ""}}).json()["author"][0]
    assert (
        "No URL match" in api.post("/linked/", {"topic": "B", "guests": [url, "x"]}).json()["guests"]["1"][0]
    )


def test_own_url(api, author):
    anita = author("Anita")
    assert api.get(f"/authors/{anita.pk}/").json() == {
        "url": f"http://testserver/authors/{anita.pk}/",
        "name": "Anita",
    }


# Lists.


def test_pages_by_key_forwards_and_back(api, talk):
    for letter in "ABCDEFGH":
        talk(letter)
    first = api.get("/talks/")
    assert topics(first) == ["A", "B", "C"]
    assert first.json()["previous"] is None
    second = api.get(first.json()["next"])
    assert topics(second) == ["D", "E", "F"]
    third = api.get(second.json()["next"])
    assert topics(third) == ["G", "H"]
    assert third.json()["next"] is None
    back = api.get(third.json()["previous"])
    assert topics(back) == ["D", "E", "F"]
    assert topics(api.get(back.json()["previous"])) == ["A", "B", "C"]
    assert api.get(back.json()["previous"]).json()["previous"] is None
    assert topics(api.get(back.json()["next"])) == ["G", "H"]


def test_pages_neither_repeat_nor_skip_what_changes_meanwhile(api, talks, talk):
    for letter in "ABCDEF":
        talk(letter)
    first = api.get("/talks/")
    talks.delete_many({"topic": {"$in": ["A", "C"]}})
    assert topics(api.get(first.json()["next"])) == ["D", "E", "F"]
    newest = api.get("/newest/")
    assert topics(newest) == ["F", "E", "D"]
    talk("G")
    assert topics(api.get(newest.json()["next"])) == ["B"]


def test_page_size_within_its_limit(api, talk):
    for letter in "ABCDEFG":
        talk(letter)
    assert len(topics(api.get("/talks/?size=2"))) == 2
    assert len(topics(api.get("/talks/?size=1000000000000000000000000"))) == 5
    assert len(topics(api.get("/talks/?size=-1"))) == 3


def cursor_of(text):
    import base64

    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "A" * 5000, cursor_of('+[{"$gt":""}]'), cursor_of("+[[1]]"), cursor_of("+[1,2]"), cursor_of("*[1]"), cursor_of("+{}"),
     cursor_of("+"), cursor_of(""), cursor_of('+[{"$regex":"a","$options":""}]'), cursor_of('+[{"$oid":"x"}]')],
)  # fmt: skip
def test_forged_cursor_is_not_found(api, talk, cursor):
    talk("A")
    assert api.get("/talks/", {"cursor": cursor}).status_code == 404


def test_cursor_before_the_first_and_after_the_last(api, talk):
    talk("A")
    response = api.get("/talks/", {"cursor": cursor_of('+[{"$oid":"ffffffffffffffffffffffff"}]')})
    assert response.json() == {"next": None, "previous": None, "results": []}


def test_limit_and_offset_are_the_framework_s_own(api, talk):
    for letter in "ABCDE":
        talk(letter)
    response = api.get("/ordered/?limit=2&offset=1")
    assert topics(response) == ["D", "C"]
    assert response.json()["count"] == 5
    assert topics(api.get(f"/ordered/?limit={10**30}")) == list("EDCBA")
    assert topics(api.get(f"/ordered/?offset={10**30}")) == []


def test_only_declared_fields_order(api, talk):
    talk("A", secret="2", room={"city": "Chur", "seats": 1, "door": None})
    talk("B", secret="1", room={"city": "Bern", "seats": 1, "door": None})
    assert topics(api.get("/ordered/?ordering=topic")) == ["A", "B"]
    assert topics(api.get("/ordered/?ordering=room.city")) == ["B", "A"]
    assert topics(api.get("/ordered/?ordering=-room.city,topic")) == ["A", "B"]
    for refused in ("secret", "-secret", "$natural", "room.city.$gt", "_id"):
        assert topics(api.get("/ordered/", {"ordering": refused})) == ["B", "A"]


def test_without_declared_fields_nobody_orders(api, talk):
    from api.urls import OrderedTalks
    from rest_framework.test import APIRequestFactory

    class Fixed(OrderedTalks):
        ordering_fields = None

    talk("A", secret="1")
    talk("B", secret="2")
    for asked in ("topic", "secret"):
        response = Fixed.as_view({"get": "list"})(APIRequestFactory().get("/", {"ordering": asked}))
        assert [one["topic"] for one in response.data["results"]] == ["B", "A"]


def test_everything_can_be_no_order(api, talk):
    from api.urls import OrderedTalks
    from rest_framework.test import APIRequestFactory

    class All(OrderedTalks):
        ordering_fields = "__all__"

    with pytest.raises(ImproperlyConfigured, match="name the fields"):
        All.as_view({"get": "list"})(APIRequestFactory().get("/?ordering=topic"))


@pytest.mark.parametrize(
    ("search", "found"),
    [("app", ["Apples", "Grapple"]), ("^app", []), ("apples", ["Apples"]), (".*", []), ("$gt", []), ("7", ["Pears"]),
     ("pears 7", ["Pears"]), ('"grapple"', ["Grapple"]), ("", ["Apples", "Grapple", "Pears"]), ("p" * 2000, []),
     ("a-slug", ["Apples"]), ("slug", []), ("a\0pp", ["Apples", "Grapple"]), ("hush", [])],
)  # fmt: skip
def test_search_in_declared_fields(api, talk, search, found):
    talk("Apples", slug="a-slug")
    talk("Grapple", secret="hush")
    talk("Pears", votes=7)
    assert topics(api.get("/talks/", {"search": search})) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "workshop"}, "B"), ({"kind": "1"}, "C"), ({"level": "e"}, "A"), ({"level": "3"}, "B"), ({"votes": "7"}, "A"),
        ({"is_open": "true"}, "C"), ({"when": "2020-01-01T00:00:00Z"}, "B"), ({"room.city": "Bern"}, "A"), ({"tags": "x"}, "BC"),
        ({"kind": ""}, "ABC"), ({"tags": "x", "kind": "1"}, "C"), ({"secret": "s"}, "ABC"), ({"room.city[$ne]": "Bern"}, "ABC"),
        ({"room.city": '{"$gt": ""}'}, ""), ({"number": "12345678-1234-5678-1234-567812345678"}, ""),
    ],
)  # fmt: skip
def test_declared_values_only(api, talk, query, found):
    import datetime

    from api.models import Level

    talk("A", level=Level.EASY, votes=7, room={"city": "Bern", "seats": 1, "door": None}, secret="s")
    talk("B", kind="workshop", level=Level.HARD, when=datetime.datetime(2020, 1, 1), tags=["x", "y"])
    talk("C", kind=1, is_open=True, tags=["x"])
    assert topics(api.get("/talks/", query)) == list(found)


def test_value_that_a_field_cannot_have(api, talk, author):
    talk("A", author=author("Anita"))
    assert api.get("/talks/?votes=many").json() == {"votes": ["A valid integer is required."]}
    assert api.get("/talks/?kind=opera").status_code == 400
    assert api.get("/talks/?author=nobody").status_code == 400
    anita = author("Bob")
    assert topics(api.get(f"/talks/?author={anita.pk}")) == []
    talk("B", author=anita)
    assert topics(api.get(f"/talks/?author={anita.pk}")) == ["B"]


def test_misspelt_filter_field_is_said(api):
    from api.urls import SpeechViewSet
    from rest_framework.test import APIRequestFactory

    class Wrong(SpeechViewSet):
        filter_fields = ["topik"]

    with pytest.raises(ImproperlyConfigured, match="'topik' is no field of Speech"):
        Wrong.as_view({"get": "list"})(APIRequestFactory().get("/?topik=1"))


def test_view_knows_only_its_documents(api, talk):
    hidden, open_ = talk("A"), talk("B", is_open=True)
    assert [one["topic"] for one in api.get("/open/").json()] == ["B"]
    assert api.get(f"/open/{open_.pk}/").status_code == 200
    for method in ("get", "put", "patch", "delete"):
        assert getattr(api, method)(f"/open/{hidden.pk}/").status_code == 404


@pytest.mark.parametrize("key", ["x", "0" * 24, '{"$gt":""}', "%00", "a" * 3000, "7" * 400, "-1"])
def test_forged_key_is_not_found(api, talk, key):
    talk("A")
    assert api.get(f"/talks/{key}/").status_code == 404
    assert api.delete(f"/talks/{key}/").status_code == 404


def test_other_fields_in_the_url(api, talk):
    talk("A", slug="a", votes=5)
    assert api.get("/slug/a/").json()["topic"] == "A"
    assert api.get("/slug/b/").status_code == 404
    assert api.get("/votes/5/").json()["topic"] == "A"
    assert api.get("/votes/five/").status_code == 404


def test_generic_views_put_together_by_hand(api, mongodb, talk):
    assert api.get(f"/one/{talk('A').pk}/").json()["topic"] == "A"
    assert api.post("/drafts/", {"topic": "B"}).status_code == 201
    assert mongodb.api_drafts.find_one()["topic"] == "B"
    assert [one["topic"] for one in api.get("/drafts/").json()] == ["B"]


def test_view_that_says_nothing():
    with pytest.raises(ImproperlyConfigured, match="does not say what it is about"):
        GenericDocumentView().get_document_class()


# Bodies.


def send(api, body):
    return api.generic("POST", "/talks/", body, content_type="application/json")


def test_hostile_bodies(api, talks):
    assert send(api, b"[" * 200_000).status_code == 400
    assert send(api, b'{"a":' * 100_000).status_code == 400
    assert send(api, b"\xff").status_code == 400
    assert send(api, b'{"topic": "A", "votes": NaN}').status_code == 400
    assert send(api, b'"$where"').status_code == 400
    assert send(api, b"null").status_code == 400
    assert send(api, b'{"$where": "1", "topic": {"$gt": ""}}').json() == {"topic": ["Not a valid string."]}
    assert send(api, json.dumps({"topic": "A", "slug": "\ud800"}).encode()).status_code == 400
    assert talks.count_documents({}) == 0


def test_bodies_as_large_as_django_lets_them_be(api, talks):
    body = json.dumps({"topic": "A", "slug": "x" * 5000}).encode()
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        assert send(api, body).status_code == 413
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=len(body)):
        assert send(api, body).status_code == 201
    body = json.dumps({"topic": "A", "slug": "x" * 17 * 2**20}).encode()
    assert send(api, body).status_code == 413
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None):
        response = send(api, body)
    assert response.status_code == 400
    assert "too large" in response.json()["non_field_errors"][0]
    assert talks.count_documents({}) == 1


def test_html_forms_can_send_what_forms_have(api, talks):
    response = api.post(
        "/talks/",
        {"topic": "A", "kind": "1", "is_open": "true", "room.city": "Bern", "room.seats": "3"},
        format="multipart",
    )
    assert response.status_code == 201, response.data
    stored = talks.find_one()
    assert (stored["kind"], stored["is_open"], stored["room"]["seats"]) == (1, True, 3)


# Permissions, pages for people, descriptions for machines.


def test_permissions_are_those_of_documents(api, mongodb):
    call_command("migrate", verbosity=0)
    sent = {"_id": "k", "title": "T", "place": {"city": "Bern"}}
    assert api.get("/papers/").status_code == 403
    user = User.objects.create(username="u")
    api.force_authenticate(user)
    assert api.get("/papers/").status_code == 200
    assert api.post("/papers/", sent).status_code == 403
    for codename in ("add_essay", "change_essay"):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    api.force_authenticate(User.objects.get(pk=user.pk))
    assert api.post("/papers/", sent).status_code == 201
    assert api.patch("/papers/k/", {"title": "U"}).status_code == 200
    assert api.delete("/papers/k/").status_code == 403
    assert api.generic("TRACE", "/papers/").status_code == 405


def test_pages_for_people(api, talk, author):
    pk = talk("Apples <b>", author=author("Anita"), parts=[{"title": "One", "minutes": 5}], notes={"a": 1}).pk
    for url in ("/", "/talks/", f"/talks/{pk}/", "/ordered/", "/linked/", "/letters/", "/schema/"):
        response = api.get(url, headers={"Accept": "text/html"})
        assert response.status_code == 200, url
    page = api.get(f"/talks/{pk}/", headers={"Accept": "text/html"}).content.decode()
    assert "Apples &lt;b&gt;" in page
    assert 'name="topic"' in page
    assert 'name="room.city"' in page
    assert api.options("/talks/").json()["actions"]["POST"]["topic"]["max_length"] == 40


def test_openapi(api, mongodb):
    response = api.get("/schema/?format=openapi-json")
    assert response.status_code == 200
    schema = response.json()
    assert set(schema["paths"]) == {"/talks/", "/talks/{_id}/", "/authors/", "/authors/{_id}/"}
    names = {one["name"] for one in schema["paths"]["/talks/"]["get"]["parameters"]}
    assert {"cursor", "size", "search", "kind", "room.city"} <= names
    described = schema["components"]["schemas"]["Speech"]
    assert described["properties"]["topic"] == {"type": "string", "maxLength": 40}
    assert described["properties"]["kind"]["enum"] == ["talk", "workshop", 1]
    assert described["properties"]["room"]["properties"]["seats"]["minimum"] == 1
    assert described["required"] == ["topic"]


def test_two_clients_at_the_same_moment(mongodb, talks):
    """Of several who create the same, one does, and the others are told."""
    Speech.ensure_indexes(talks)
    outcomes, together = [], threading.Barrier(4)

    def create():
        serializer = SpeechSerializer(data={"topic": "A", "slug": "same"})
        serializer.is_valid(raise_exception=True)
        together.wait(30)
        try:
            serializer.save()
        except ValidationError as error:
            outcomes.append(error.detail)
        else:
            outcomes.append("made")

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(str(one) for one in outcomes if one == "made") == ["made"]
    assert sum("slug" in one for one in outcomes if one != "made") == 3
    assert talks.count_documents({}) == 1


def test_the_cause_is_kept(talks):
    Speech.ensure_indexes(talks)
    for _ in range(2):
        serializer = SpeechSerializer(data={"topic": "A", "slug": "same"})
        assert serializer.is_valid()
        if talks.count_documents({}):
            with pytest.raises(ValidationError) as caught:
                serializer.save()
            assert isinstance(caught.value.__cause__, DuplicateKeyError)
        else:
            serializer.save()


def test_the_pages_of_the_framework_count_a_cursor_without_a_word(rf, talks, talk):
    for topic in "ABC":
        talk(topic)
    pages = LimitOffsetPagination()
    found = pages.paginate_queryset(
        talks.Speech.find().sort("topic"), Request(rf.get("/", {"limit": "2", "offset": "1"}))
    )
    assert ([one["topic"] for one in found], pages.count) == (["B", "C"], 3)


@pytest.mark.parametrize("key", ["5.0", "a.b@example.com", "..", ".json.", "a.jsonx", "x.api.y"])
def test_keys_with_dots(api, mongodb, key):
    """In every URL of a router, beside those with the suffix of a format."""
    api.force_authenticate(User.objects.create(username="a", is_superuser=True))
    sent = {"_id": key, "title": "T", "place": {"city": "Bern"}, "labels": ["a"]}
    assert api.post("/papers/", sent).status_code == 201
    url = reverse("essay-detail", kwargs={"pk": key})
    assert url == f"/papers/{quote(key, safe='@')}/"
    assert api.get(url).json()["_id"] == key
    assert api.patch(url, {"title": "U"}).json()["title"] == "U"
    with_suffix = reverse("essay-detail", kwargs={"pk": key, "format": "json"})
    assert with_suffix == f"/papers/{quote(key, safe='@')}.json"
    assert api.get(with_suffix).json()["_id"] == key
    assert api.get(f"{with_suffix}/").json()["_id"] == key
    assert api.delete(url).status_code == 204
    assert mongodb.api_papers.count_documents({}) == 0


@pytest.mark.parametrize("kind", [SimpleRouter, DefaultRouter])
@pytest.mark.parametrize("use_regex_path", [True, False])
def test_keys_with_dots_by_other_routers(kind, use_regex_path):
    router = kind(trailing_slash=False, use_regex_path=use_regex_path)
    router.register("papers", EssayViewSet)
    resolver = URLResolver(RegexPattern(r"^"), router.urls)
    assert resolver.resolve("papers/5.0").kwargs == {"pk": "5.0"}
    if kind is DefaultRouter and use_regex_path:
        assert resolver.resolve("papers/5.0.json").kwargs == {"pk": "5.0", "format": "json"}


def test_a_view_set_says_what_its_keys_are():
    class Own(EssayViewSet):
        lookup_value_regex = "[^/]+"

    class Plain(EssayViewSet):
        renderer_classes = [StaticHTMLRenderer]

    assert Own.lookup_value_regex == "[^/]+"
    assert EssayViewSet.lookup_value_regex == r"[^/]+(?<!\.api)(?<!\.json)"
    assert Plain.lookup_value_regex == r"[^/]+(?<!\.html)"
