"""Times that are declared with a time zone, or without one: what was read can be saved again, or a check has said why not."""

import datetime
from typing import Annotated

import pytest
from annotated_types import Timezone
from django.conf import settings

from django_mongokit import document
from django_mongokit.document import DjangoDocument
from django_mongokit.mongodb import pool
from django_mongokit.time_checks import check_times
from mongokit import SchemaDocument, SchemaDocumentError

datetime_ = datetime.datetime
AWARE = datetime_(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
NAIVE = AWARE.replace(tzinfo=None)
Naive = Annotated[datetime_, Timezone(None)]


class Slot(SchemaDocument):
    start: Naive


PLACES = {
    "a field": (Naive, "when", lambda time: time),
    "one that may be null": (Naive | None, "when", lambda time: time),
    "a list": (list[Naive], "when", lambda time: [time]),
    "a dict": (dict[str, Naive], "when", lambda time: {"k": time}),
    "a tuple": (tuple[int, Naive], "when.1", lambda time: [1, time]),
    "a nested structure": (Slot, "when.start", lambda time: {"start": time}),
    "a list of those": (list[Slot], "when.start", lambda time: [{"start": time}]),
}
# What is declared (a constraint, or the switch), how times are read, what is stored, and whether it can be saved again.
UTC, NONE = {"tz_aware": True}, {"tz_aware": False}
KINDS = {
    "none, read with UTC": (Timezone(None), UTC, NAIVE, False),
    "none, read with none": (Timezone(None), NONE, NAIVE, True),
    "any, read with UTC": (Timezone(...), UTC, AWARE, True),
    "any, read with none": (Timezone(...), NONE, AWARE, False),
    "UTC by name, read with UTC": (Timezone("UTC"), UTC, AWARE, True),
    "UTC by name, read with none": (Timezone("UTC"), NONE, AWARE, False),
    "UTC, read with UTC": (Timezone(datetime.UTC), UTC, AWARE, True),
    "no naive ones, read with UTC": (False, UTC, AWARE, True),
    "no naive ones, read with none": (False, NONE, AWARE, False),
    "nothing said, read with UTC": (True, UTC, NAIVE, True),
    "nothing said, read with none": (True, NONE, AWARE, True),
}


@pytest.fixture
def declared(monkeypatch):
    """Make the only document class there is, with a field `when`."""
    found = []
    monkeypatch.setattr(document, "document_classes", found)

    def make(hint, **attributes):
        meta = type("Meta", (), {"app_label": "talks"})
        namespace = {"__annotations__": {"when": hint}, "__module__": __name__, "Meta": meta, **attributes}
        made = type(DjangoDocument)("Thing", (DjangoDocument,), namespace)
        found[:] = [made]
        return made

    return make


@pytest.fixture
def options(databases, name, uri):
    """Have times be read in a way."""

    def given(alias="mongodb", **said):
        entry = {**settings.DATABASES["mongodb"], "NAME": name, "HOST": uri, "OPTIONS": said}
        databases(**{**settings.DATABASES, alias: entry})

    return given


@pytest.fixture
def things(name):
    """The documents of a class, as the settings have them read just now."""
    opened = []

    def documents(cls):
        opened.append(pool.open_connection("mongodb", settings.DATABASES["mongodb"]))
        return opened[-1][name].things.proxy(cls)

    yield documents
    for connection in opened:
        connection.close()


@pytest.mark.parametrize(("kind", "read", "time", "fits"), KINDS.values(), ids=KINDS)
def test_what_was_read_is_saved_again_or_the_check_warns(declared, options, things, kind, read, time, fits):
    if isinstance(kind, bool):
        cls = declared(datetime_, accept_naive_datetimes=kind)
    else:
        cls = declared(Annotated[datetime_, kind])
    options(**read)
    documents = things(cls)
    made = documents({"when": time})
    made.save()
    found = documents.one({"_id": made["_id"]})
    messages = check_times()
    if fits:
        found.save()
        assert messages == []
        return
    with pytest.raises(SchemaDocumentError):
        found.save()
    (message,) = messages
    assert message.id == "django_mongokit.W010"
    assert message.msg.startswith("talks.Thing: the time when must ")
    assert "DATABASES['mongodb'] gives times " in message.msg
    # What it says to do helps.
    hint = f'"tz_aware": {not read["tz_aware"]}'
    assert hint in message.hint
    options(tz_aware=not read["tz_aware"])
    assert check_times() == []
    things(cls).one({"_id": made["_id"]}).save()


@pytest.mark.parametrize(("hint", "path", "made"), PLACES.values(), ids=PLACES)
def test_wherever_it_is_declared(declared, options, things, hint, path, made):
    cls = declared(hint)
    options(tz_aware=True)
    documents = things(cls)
    stored = documents({"when": made(NAIVE)})
    stored.save()
    with pytest.raises(SchemaDocumentError):
        documents.one({"_id": stored["_id"]}).save()
    (message,) = check_times()
    assert f"the time {path} must have no time zone (Timezone(tz=None))" in message.msg


def test_the_setting_of_django_counts(declared, options, settings):
    declared(Naive)
    options()
    for settings.USE_TZ, found in ((True, 1), (False, 0)):
        assert len(check_times()) == found


URIS = {
    "a server": ("mongodb://a/", 1),
    "a server's own word": ("mongodb://a/?tz_aware=false", 0),
    "a name of servers": ("mongodb+srv://a.example/", 1),
    "its own word": ("mongodb+srv://a.example/?tz_aware=false", 0),
    "nonsense": ("mongodb://", 0),
}


@pytest.mark.parametrize(("host", "found"), URIS.values(), ids=URIS)
def test_no_server_is_asked(declared, databases, host, found):
    declared(Naive)
    databases(mongodb={"ENGINE": "django_mongokit.mongodb", "NAME": "a", "HOST": host})
    assert len(check_times()) == found


def test_a_class_of_another_alias_is_read_from_that(declared, options, monkeypatch):
    cls = declared(Naive)
    options(tz_aware=True)
    options("archive", tz_aware=False)
    monkeypatch.setitem(pool._registered, "archive", [cls])
    assert check_times() == []
    options("archive", tz_aware=True)
    (message,) = check_times()
    assert "DATABASES['archive']" in message.msg


def test_a_class_of_no_app_is_passed_over(declared, options):
    options(tz_aware=True)
    declared(Naive, Meta=type("Meta", (), {"app_label": "nobodys"}))
    assert check_times() == []
