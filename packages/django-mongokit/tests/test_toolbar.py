"""The panel of django-debug-toolbar: what it hears, how it shows it, and that it is deaf when it is off."""

import html
import json
import threading
from contextvars import copy_context

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import OperationFailure

from django_mongokit import get_database
from django_mongokit.toolbar.commands import Log, brief, shape

SETTINGS = {
    "DEBUG": True,
    "ROOT_URLCONF": "looked_at",
    "MIDDLEWARE": ["debug_toolbar.middleware.DebugToolbarMiddleware"],
    "DEBUG_TOOLBAR_PANELS": ["django_mongokit.toolbar.MongoPanel"],
    "DEBUG_TOOLBAR_CONFIG": {"SHOW_TOOLBAR_CALLBACK": "looked_at.always"},
}
PROGRAM = """
import asyncio, json, re, sys
import django
django.setup()
from django.test import AsyncClient, Client
from debug_toolbar.toolbar import DebugToolbar
found = {}
for url in sys.argv[1:]:
    if "awaited" in url:
        response = asyncio.run(AsyncClient().get(url))
    else:
        response = Client().get(url)
    text = response.content.decode()
    key = re.search(r'data-request-id="([^"]+)"', text)[1]
    panel = DebugToolbar.fetch(key).get_panel_by_id("MongoPanel")
    found[url] = {"html": panel.content, "title": str(panel.nav_subtitle), "stats": panel.get_stats(), "page": text,
                  "timing": response.headers.get("Server-Timing")}
print(json.dumps(found))
"""


@pytest.fixture
def look(run):
    def look_at(*urls, **settings):
        output = run(
            "-c", PROGRAM, *urls, SITE_APPS='["django.contrib.staticfiles", "debug_toolbar"]', SITE_SETTINGS=json.dumps({**SETTINGS, **settings}),
            DJANGO_SETTINGS_MODULE="djmsite.settings",
        )  # fmt: skip
        return json.loads(output.splitlines()[-1])

    return look_at


def test_commands_of_a_request(look):
    found = look("/loop/", "/wrong/", "/nothing/")
    loop = found["/loop/"]
    rows = loop["stats"]["commands"]
    assert [row["name"] for row in rows] == ["insert", "find", "find", "find", "aggregate", "aggregate"]
    assert all(row["namespace"].endswith(".looked") for row in rows)
    assert all(row["milliseconds"] > 0 for row in rows)
    assert [row["documents"] for row in rows] == [20, 0, 0, 0, rows[4]["documents"], rows[5]["documents"]]
    assert [row["alike"] for row in rows] == [0, 3, 3, 3, 0, 0]
    assert [row["same"] for row in rows] == [0, 0, 0, 0, 2, 2]
    assert "12 more" in rows[0]["text"]
    assert len(rows[0]["text"]) <= 2000
    # Where in the code, and not where in PyMongo.
    text = html.unescape(rows[1]["trace"])
    assert "looked_at.py" in text
    assert "talks.find_one({" in text
    assert "pymongo" not in text
    assert (loop["stats"]["same"], loop["stats"]["alike"]) == (2, 3)
    assert "6 commands in" in loop["title"]
    assert "MongoPanel_commands;dur=" in loop["timing"]
    assert "&lt;script&gt;alert(1)" in loop["html"]
    assert "<script>alert(1)" not in loop["html"]
    assert "alike 3 times" in loop["html"]
    assert "the same 2 times" in loop["html"]
    assert "MongoPanel" in loop["page"]
    wrong = found["/wrong/"]
    assert "OperationFailure" in wrong["page"]
    (row,) = wrong["stats"]["commands"]
    assert row["error"]
    assert html.escape(row["error"]) in wrong["html"]
    assert "Nothing was sent to MongoDB" in found["/nothing/"]["html"]
    assert found["/nothing/"]["title"] == "0 commands in 0.00ms"


def test_async_views(look):
    found = look("/awaited/")["/awaited/"]
    assert [row["name"] for row in found["stats"]["commands"]] == ["find"] * 3
    assert [row["alike"] for row in found["stats"]["commands"]] == [3, 3, 3]
    assert all(row["milliseconds"] > 0 for row in found["stats"]["commands"])


def test_nothing_listens_while_the_panel_is_off(run):
    program = """
import django
django.setup()
from django.test import Client
from pymongo import monitoring
import debug_toolbar.toolbar
assert Client().get("/loop/").status_code == 200
assert not monitoring._LISTENERS.command_listeners, monitoring._LISTENERS
"""
    off = {
        **SETTINGS,
        "DEBUG_TOOLBAR_CONFIG": {
            **SETTINGS["DEBUG_TOOLBAR_CONFIG"],
            "DISABLE_PANELS": ["django_mongokit.toolbar.panel.MongoPanel"],
        },
    }
    run("-c", program, SITE_APPS='["django.contrib.staticfiles", "debug_toolbar"]', SITE_SETTINGS=json.dumps(off), DJANGO_SETTINGS_MODULE="djmsite.settings")  # fmt: skip


@pytest.fixture
def log(mongodb):
    made = Log(lambda: "here")
    made.start()
    yield made
    made.stop()


def test_log_hears_its_own_context_only(log):
    talks = get_database().toolbar_talks
    talks.insert_one({"_id": 1})
    assert [one.name for one in log.commands] == ["insert"]
    other = Log(lambda: "there")
    context = copy_context()

    def elsewhere():
        other.start()
        talks.find_one({"_id": 1})

    context.run(elsewhere)
    assert [one.name for one in log.commands] == ["insert"]
    assert [(one.name, one.trace) for one in other.commands] == [("find", "there")]
    thread = threading.Thread(target=copy_context().run, args=(talks.find_one, {"_id": 2}))
    thread.start()
    thread.join(30)
    assert [one.name for one in log.commands] == ["insert", "find"]
    log.stop()
    talks.find_one({"_id": 3})
    assert len(log.commands) == 2


def test_what_a_command_says(log):
    talks = get_database().toolbar_talks
    talks.insert_many([{"_id": number} for number in range(150)])
    assert len(list(talks.find({"_id": {"$gte": 0}}).sort("_id", 1))) == 150
    talks.update_many({"_id": {"$lt": 5}}, {"$set": {"name": "x" * 300}})
    with pytest.raises(OperationFailure):
        get_database().command("nosuchcommand")
    insert, find, more, update, wrong = log.commands
    assert insert.documents == 150
    assert json.loads(find.text)["filter"] == {"_id": {"$gte": 0}}
    assert (find.name, find.collection, find.documents) == ("find", "toolbar_talks", 101)
    assert (more.name, more.collection, more.documents) == ("getMore", "toolbar_talks", 49)
    assert (update.documents, update.error) == (5, "")
    assert "220 more" in update.text
    assert "lsid" not in update.text
    assert wrong.error
    assert wrong.collection == ""
    assert not any(one.is_open for one in log.commands)
    assert all(one.database == get_database().name for one in log.commands)


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ({"filter": {"_id": 1}}, {"filter": {"_id": ObjectId()}}, True),
        ({"filter": {"_id": {"$in": [1]}}}, {"filter": {"_id": {"$in": [1, 2, 3]}}}, True),
        ({"filter": {"_id": 1}}, {"filter": {"name": 1}}, False),
        ({"filter": {"a": {"$gt": 1}}}, {"filter": {"a": {"$lt": 1}}}, False),
        ({"filter": {"a": 1}}, {"filter": {"a": 1, "b": 1}}, False),
        ({"pipeline": [{"$match": {"a": 1}}]}, {"pipeline": [{"$match": {"a": 2}}]}, True),
        ({"pipeline": [{"$match": {"a": 1}}]}, {"pipeline": [{"$match": {"a": 1}}, {"$limit": 1}]}, False),
        ({"a": []}, {"a": None}, True),
    ],
)  # fmt: skip
def test_what_is_alike(one, other, is_alike):
    assert (shape(one) == shape(other)) is is_alike


VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_a_brief_value_is_short_and_a_short_one_is_whole(value):
    found = brief({"value": value})
    assert len(repr(brief(found))) <= len(repr(found)) + 400
    if isinstance(value, (int, type(None))):
        assert found == {"value": value}
    shape(value)


def test_brief_leaves_no_megabytes():
    deep = value = {}
    for _ in range(50):
        value["a"] = value = {}
    found = brief({"text": "x" * 10**6, "bytes": b"x" * 10**6, "list": list(range(10**5)), "dict": dict.fromkeys(map(str, range(10**5))), "deep": deep})  # fmt: skip
    assert len(repr(found)) < 2000
    assert found["list"][-1] == "… 99992 more"
    assert found["bytes"] == "1000000 bytes"
    assert len(shape({"list": [{"a": 1}] * 10**6, "dict": dict.fromkeys(map(str, range(10**5)))})) < 1000
