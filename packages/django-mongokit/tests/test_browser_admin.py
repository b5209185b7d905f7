"""The admin of documents in a real Chromium: with the keyboard, its scripts, and on a telephone."""

import math
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import bson
import pytest
from bson import Decimal128
from chromium import CHROMIUM, FLAGS, MARKS, playwright
from free_ports import free_port
from pymongo import MongoClient

SITE = Path(__file__).parent / "site"
# Where to put pictures of the pages, for people to look at.
SHOTS = os.environ.get("ADMIN_SHOTS")
PHONE = {"width": 390, "height": 844}

VIEWER = """
from django.contrib.auth.models import Permission, User
user = User.objects.create_user("viewer", password="secret", is_staff=True)
user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
"""

pytestmark = MARKS


@pytest.fixture(scope="module")
def site(uri, tmp_path_factory):
    """The little site, served, with somebody who may do everything; and its database."""
    folder = tmp_path_factory.mktemp("admin")
    name = f"djm_browser_{os.getpid()}"
    env = {
        **os.environ,
        "SITE_NAME": name,
        "SITE_SQLITE": str(folder / "db.sqlite3"),
        "SITE_DEBUG": "1",
        "SITE_APPS": '["django.contrib.staticfiles"]',
        # With DEBUG on a server that takes half a second to answer would be one that is away.
        "SITE_MONGODB": '{"OPTIONS": {"serverSelectionTimeoutMS": 60000}}',
        "DJANGO_SUPERUSER_PASSWORD": "secret",
        "PYTHONPATH": os.pathsep.join([str(SITE), os.environ.get("PYTHONPATH", "")]),
    }

    def manage(*arguments):
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=SITE, env=env, check=True, timeout=100)

    manage("migrate", "-v", "0")
    manage("createsuperuser", "--noinput", "--username", "boss", "--email", "boss@example.com", "-v", "0")
    manage("shell", "-v", "0", "-c", VIEWER)
    port = free_port()
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=SITE, env=env, stdout=log, stderr=log)
    try:
        wait_for(port, server)
        with MongoClient(uri) as client:
            yield f"http://127.0.0.1:{port}", client[name]
            client.drop_database(name)
    finally:
        server.terminate()
        server.wait(60)


def wait_for(port, server):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, "the server has ended"
        with socket.socket() as tried:
            tried.settimeout(1)
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the server does not answer")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def state(site, browser):
    """The cookies of somebody who has logged in, by name."""
    found = {}
    for name in ("boss", "viewer"):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{site[0]}/admin/login/?next=/admin/")
        # The browser gives a field the focus some time after the page is there, and keys pressed before are lost.
        page.locator("#id_username:focus").wait_for()
        page.keyboard.type(name)
        page.keyboard.press("Tab")
        page.keyboard.type("secret")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site[0]}/admin/")
        found[name] = context.storage_state()
        context.close()
    return found


@pytest.fixture
def shows(site):
    """The collection of shows, with three of them."""
    found = site[1].shows
    found.delete_many({})
    for number, title in enumerate(("Fidelio", "Hamlet", "Othello")):
        found.insert_one(
            {
                "title": title,
                "slug": title.lower(),
                "kind": "opera" if number == 0 else "play",
                "mood": None,
                "start": None,
                "is_free": False,
                "seats": number,
                "tags": ["a", "b"],
                "place": {"city": "Bonn", "street": "Am Hof 1"},
                "acts": [{"name": "One", "minutes": 20}, {"name": "Two", "minutes": 5}],
                "theatre": None,
                "notes": {"cast": ["x", "y"]},
                "_revision": 1,
            }
        )
    return found


@pytest.fixture
def open_page(site, browser, state):
    """Open a page of the admin; what its scripts complain of fails the test."""
    contexts, errors = [], []

    def open_one(path, viewport=None, name="boss"):
        context = browser.new_context(
            storage_state=state[name],
            viewport=viewport or {"width": 1280, "height": 900},
            timezone_id="America/Chicago",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", lambda answer: answer.status >= 500 and errors.append(answer.url))
        page.goto(f"{site[0]}{path}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


def shoot(page, name):
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def change(document):
    return f"/admin/shows/Show/{document['_id']}/change/"


def tab_to(page, selector):
    """Press Tab until something has the focus."""
    for _press in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"no way to {selector} with the keyboard")


def is_too_wide(page):
    """Whether the page itself has to be pushed sideways."""
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")


def test_with_the_keyboard_alone(open_page, shows):
    page = open_page("/admin/shows/Show/")
    tab_to(page, "#searchbar")
    page.keyboard.type("ham")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=ham"))
    playwright.expect(page.locator("#result_list tbody tr")).to_have_count(1)
    tab_to(page, "#result_list th.field-title a")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/change/"))
    tab_to(page, "#id_seats")
    page.keyboard.press("Control+A")
    page.keyboard.type("77")
    tab_to(page, "#id_acts-1-minutes")
    page.keyboard.press("Control+A")
    page.keyboard.type("6")
    tab_to(page, "[name=_save]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/Show/\?q=ham"))
    assert "was changed successfully" in page.locator(".messagelist").inner_text()
    stored = shows.find_one({"title": "Hamlet"})
    assert (stored["seats"], stored["acts"][1]["minutes"]) == (77, 6)


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_rows_are_changed_in_the_list(open_page, shows, viewport):
    page = open_page("/admin/shows/Show/", viewport)
    page.locator("#id_form-1-seats").fill("77")
    page.locator("#id_form-2-is_free").check()
    page.locator("[name=_save]").click()
    page.locator(".messagelist .success").wait_for()
    shoot(page, "list-saved-phone" if viewport else "list-saved")
    assert "2 shows were changed successfully." in page.locator(".messagelist").inner_text()
    assert [(one["seats"], one["is_free"]) for one in shows.find().sort("title", 1)] == [
        (0, False),
        (77, False),
        (2, True),
    ]


def test_a_row_that_is_gone_and_saved_again(open_page, shows):
    page = open_page("/admin/shows/Show/")
    page.locator("#id_form-0-seats").fill("66")
    page.locator("#id_form-1-seats").fill("77")
    shows.delete_one({"title": "Fidelio"})
    page.locator("[name=_save]").click()
    page.locator(".errorlist.nonform").wait_for()
    shoot(page, "list-gone")
    assert "What you had entered there: “66”." in page.locator(".errorlist.nonform").inner_text()
    page.locator("[name=_save]").click()
    page.locator(".messagelist .success").wait_for()
    assert [(one["title"], one["seats"]) for one in shows.find().sort("title", 1)] == [
        ("Hamlet", 77),
        ("Othello", 2),
    ]


def test_rows_come_and_go(open_page, shows):
    page = open_page(change(shows.find_one({"title": "Hamlet"})))
    shoot(page, "change")
    page.locator("#acts-group .add-row a").click()
    page.locator("#acts-group .add-row a").click()
    page.locator("#id_acts-2-name").fill("Three")
    page.locator("#id_acts-4-name").fill("Five")
    page.locator("#acts-3 .inline-deletelink").click()
    page.locator("#id_acts-0-DELETE").check()
    page.locator("#id_acts-1-ORDER").fill("9")
    shoot(page, "rows")
    page.locator("[name=_continue]").first.click()
    page.locator(".messagelist .success").wait_for()
    assert "was changed successfully" in page.locator(".messagelist").inner_text()
    assert [act["name"] for act in shows.find_one({"title": "Hamlet"})["acts"]] == ["Two", "Three", "Five"]


def test_a_title_makes_the_slug(open_page, shows):
    page = open_page("/admin/shows/Show/add/")
    page.locator("#id_title").press_sequentially("The Tempest")
    playwright.expect(page.locator("#id_slug")).to_have_value("the-tempest")
    page.locator("#id_start").fill("2026-11-22T20:00")
    shoot(page, "add")
    page.locator("[name=_save]").click()
    page.wait_for_url(re.compile("/Show/$"))
    stored = shows.find_one({"slug": "the-tempest"})
    assert stored["start"].isoformat() == "2026-11-23T02:00:00"


def test_a_reference_is_searched_for(open_page, shows, site):
    site[1].theatres.delete_many({})
    site[1].theatres.insert_many([{"name": "Globe", "city": "London"}, {"name": "Rose", "city": "London"}])
    page = open_page(change(shows.find_one({"title": "Hamlet"})))
    page.locator(".field-theatre .select2-selection").click()
    page.locator(".select2-search__field").press_sequentially("glo")
    # Globe is in the list before it is searched, too.
    page.wait_for_function("""() => {
        const all = [...document.querySelectorAll(".select2-results__option")];
        return all.length === 1 && all[0].textContent === "Globe";
    }""")
    shoot(page, "reference")
    page.keyboard.press("Enter")
    page.locator("[name=_continue]").click()
    page.locator(".messagelist .success").wait_for()
    globe = site[1].theatres.find_one({"name": "Globe"})
    assert shows.find_one({"title": "Hamlet"})["theatre"] == globe["_id"]
    assert "Globe" in page.locator(".field-theatre .select2-selection").inner_text()


def test_some_are_deleted(open_page, shows):
    page = open_page("/admin/shows/Show/?kind=play")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("delete_selected")
    page.locator("button[name=index]").click()
    page.get_by_text("Are you sure").wait_for()
    shoot(page, "delete")
    page.locator("input[type=submit]").click()
    page.wait_for_url(re.compile(r"/Show/\?kind=play"))
    assert "Successfully deleted 2 shows" in page.locator(".messagelist").inner_text()
    assert [one["title"] for one in shows.find()] == ["Fidelio"]


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_an_action_for_rows_that_are_gone(open_page, shows, viewport):
    page = open_page("/admin/shows/Show/?kind=play", viewport)

    def give_away():
        for box in page.locator("#result_list input.action-select").all():
            box.check()
        page.locator("select[name=action]").select_option("make_free")
        page.locator("button[name=index]").click()
        page.locator(".messagelist").wait_for()
        return [text.split(":")[0] for text in page.locator(".messagelist li").all_inner_texts()]

    shows.delete_one({"title": "Hamlet"})
    assert give_away() == ["1 of the shows you had chosen was not found", "1 given away"]
    shoot(page, f"action-gone-{'phone' if viewport else 'desk'}")
    assert [one["title"] for one in shows.find({"is_free": True})] == ["Othello"]
    page = open_page("/admin/shows/Show/?kind=play", viewport)
    shows.delete_one({"title": "Othello"})
    assert give_away() == ["1 of the shows you had chosen was not found"]
    shoot(page, f"action-all-gone-{'phone' if viewport else 'desk'}")
    assert not is_too_wide(page)
    assert shows.count_documents({}) == 1


@pytest.fixture
def score(site):
    """A score with texts of several lines, and numbers that inputs for numbers do not hold."""
    scores = site[1].scores
    scores.delete_many({})
    line = {"text": "one\n\ntwo\n", "weight": float("nan")}
    made = {
        "title": "old",
        "text": "\nline one\nline two\n",
        "weight": float("inf"),
        "exact": Decimal128("NaN"),
        "words": ["a", "b"],
        "first": line,
        "lines": [line, {"text": "short", "weight": 1.5}],
    }
    scores.insert_one(made)
    return scores


def bytes_of(score):
    return bson.encode({name: value for name, value in score.find_one().items() if name != "title"})


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_what_inputs_do_not_hold_stays(open_page, score, viewport):
    before = bytes_of(score)
    page = open_page(f"/admin/shows/Score/{score.find_one()['_id']}/change/", viewport)
    shoot(page, "held-phone" if viewport else "held")
    assert not is_too_wide(page)
    assert "vLargeTextField" in page.locator("textarea#id_text").get_attribute("class")
    page.locator("#id_title").fill("new")
    page.locator("[name=_continue]").click()
    page.locator(".messagelist .success").wait_for()
    assert score.find_one()["title"] == "new"
    assert bytes_of(score) == before
    page.locator("#lines-group .add-row a").click()
    page.locator("#id_lines-2-text").fill("three")
    page.locator("#id_lines-0-text").fill("one\nand two")
    page.locator("[name=_continue]").click()
    page.locator(".messagelist .success").wait_for()
    found = score.find_one()["lines"]
    assert [one["text"] for one in found] == ["one\nand two", "short", "three"]
    assert math.isnan(found[0]["weight"])


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_what_inputs_do_not_hold_stays_in_rows_of_the_list(open_page, score, viewport):
    before = score.find_one()
    score.insert_one({**before, "_id": "other", "text": "plain", "weight": 1.0})
    page = open_page("/admin/shows/Score/?o=1", viewport)
    shoot(page, "held-rows-phone" if viewport else "held-rows")
    at = page.locator("[name$='-text']").evaluate_all("all => all.map(one => one.value)").index("plain")
    page.locator(f"#id_form-{at}-text").fill("changed")
    mine = 1 - at
    page.locator("[name=_save]").click()
    page.locator(".messagelist .success").wait_for()
    assert score.find_one({"_id": "other"})["text"] == "changed"
    assert bson.encode(score.find_one({"_id": before["_id"]})) == bson.encode(before)
    page.locator(f"#id_form-{mine}-weight").fill("2")
    page.locator("[name=_save]").click()
    page.locator(".messagelist .success").wait_for()
    found = score.find_one({"_id": before["_id"]})
    assert found["weight"] == 2
    assert bson.encode({**found, "weight": 0}) == bson.encode({**before, "weight": 0})


def test_two_people(open_page, shows):
    hamlet = shows.find_one({"title": "Hamlet"})
    hers, his = open_page(change(hamlet)), open_page(change(hamlet))
    hers.locator("#id_title").fill("Hers")
    hers.locator("[name=_save]").click()
    hers.wait_for_url(re.compile("/Show/$"))
    his.locator("#id_title").fill("His")
    his.locator("[name=_save]").click()
    his.locator(".errorlist.nonfield").wait_for()
    shoot(his, "stale")
    assert "Somebody else has changed this show" in his.locator(".errorlist.nonfield").inner_text()
    assert his.locator("#id_title").input_value() == "His"
    assert shows.find_one({"_id": hamlet["_id"]})["title"] == "Hers"


def test_on_a_telephone(open_page, shows):
    page = open_page("/admin/shows/Show/", PHONE)
    shoot(page, "phone-list")
    assert not is_too_wide(page)
    page.locator("#result_list th.field-title a").first.click()
    page.wait_for_url(re.compile("/change/"))
    shoot(page, "phone-change")
    assert not is_too_wide(page)
    for name in ("title", "kind", "start", "seats", "place-city", "notes"):
        box = page.locator(f"#id_{name}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"], name
    page.locator("#id_seats").fill("5")
    page.locator("[name=_save]").click()
    page.wait_for_url(re.compile("/Show/$"))
    assert shows.count_documents({"seats": 5}) == 1


def test_the_rows_of_an_inline_on_a_telephone(open_page, shows):
    hamlet = shows.find_one({"title": "Hamlet"})
    page = open_page(change(hamlet), PHONE)
    page.locator("#acts-group").scroll_into_view_if_needed()
    shoot(page, "phone-inline")
    for name in ("name", "minutes", "ORDER", "DELETE"):
        box = page.locator(f"#id_acts-1-{name}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"], name
    page.locator("#acts-group .add-row a").click()
    page.locator("#id_acts-3-name").fill("Four")
    page.locator("[name=_continue]").click()
    page.locator(".messagelist .success").wait_for()
    assert [act["name"] for act in shows.find_one({"_id": hamlet["_id"]})["acts"]] == ["One", "Two", "Four"]


def test_texts_of_an_inline_can_be_read_on_a_telephone(open_page, shows, site):
    """Of more columns than fit: they are scrolled, not cut after four characters."""
    _url, database = site
    database.troupes.delete_many({})
    database.troupes.insert_one(
        {"name": "Troupe", "stages": [{"name": "The great hall", "theatre": None, "others": []}]}
    )
    troupe = database.troupes.find_one({})
    page = open_page(f"/admin/shows/Troupe/{troupe['_id']}/change/", {"width": 375, "height": 812})
    name = page.locator("#id_stages-0-name")
    name.scroll_into_view_if_needed()
    shoot(page, "phone-inline-of-many-columns")
    fits = name.evaluate("one => one.scrollWidth <= one.clientWidth")
    assert fits, f"{name.bounding_box()['width']} pixels"
    assert page.locator("#id_stages-0-theatre").bounding_box()["width"] >= 110
    assert not is_too_wide(page)
    box = page.locator("#id_stages-0-DELETE")
    box.scroll_into_view_if_needed()
    assert box.bounding_box()["x"] + box.bounding_box()["width"] <= 375
    box.check()
    page.locator("[name=_save]").click()
    page.wait_for_url(re.compile("/Troupe/$"))
    assert database.troupes.find_one({})["stages"] == []


def test_many_columns_of_an_inline_are_scrolled_inside_of_it(open_page, shows):
    page = open_page(change(shows.find_one({"title": "Hamlet"})))
    page.add_style_tag(content="#acts-group td input:not([type=checkbox]) { width: 30em; }")
    shoot(page, "wide-inline")
    # Since Django 6.1 there is a box of Django's own around the table.
    wide = page.locator("#acts-group :is(fieldset.embedded-list, div.wrapper)")
    scrolling = wide.evaluate_all("all => all.map(one => one.scrollWidth > one.clientWidth)")
    assert any(scrolling)
    wide = wide.nth(scrolling.index(True))
    box, within = wide.bounding_box(), page.locator("#content-main").bounding_box()
    assert box["x"] + box["width"] <= within["x"] + within["width"] + 1
    assert not is_too_wide(page)
    page.locator("#id_acts-1-DELETE").scroll_into_view_if_needed()
    reached = page.locator("#id_acts-1-DELETE").bounding_box()
    assert reached["x"] + reached["width"] <= within["x"] + within["width"] + 1


def test_a_structure_inside_of_a_structure_to_look_at(open_page, shows):
    page = open_page(change(shows.find_one({"title": "Hamlet"})), None, "viewer")
    # As a class with structures in structures has it: those of the site have none.
    page.evaluate(
        """() => {
            const dd = document.querySelector(".field-acts dd");
            dd.innerHTML = '<dl class="embedded-shown"><div><dt>North</dt><dd>50</dd></div></dl>';
        }"""
    )
    shoot(page, "structure-in-structure")
    name, inside = (page.locator(f".field-acts {one}").first for one in ("dt", "dd > dl.embedded-shown"))
    above, below = name.bounding_box(), inside.bounding_box()
    assert below["y"] >= above["y"] + above["height"] - 1, "on lines of its own"
    assert below["x"] > above["x"], "and further in"


@pytest.mark.parametrize("viewport", [PHONE, None], ids=["phone", "desk"])
def test_structures_to_look_at(open_page, shows, viewport):
    long = {"name": "A long name of an act that is wider than any telephone" * 2, "minutes": 5}
    shows.update_one({"title": "Hamlet"}, {"$push": {"acts": long}})
    page = open_page(change(shows.find_one({"title": "Hamlet"})), viewport, "viewer")
    shoot(page, f"view-only-{'desk' if viewport is None else 'phone'}")
    assert not is_too_wide(page)
    acts = page.locator(".field-acts ol.embedded-shown > li")
    assert [one.split() for one in acts.all_inner_texts()][:2] == [
        ["Name", "One", "Minutes", "20"],
        ["Name", "Two", "Minutes", "5"],
    ]
    box = acts.nth(2).bounding_box()
    assert box["x"] + box["width"] <= page.viewport_size["width"]


def test_every_input_has_a_name_for_those_who_do_not_see(open_page, shows):
    page = open_page(change(shows.find_one({"title": "Hamlet"})))
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("#show_form :is(input, select, textarea)")]
            .filter(one => one.type !== "hidden" && one.type !== "submit" && one.checkVisibility())
            .filter(one => !one.closest(".tabular") && !one.labels.length && !one.getAttribute("aria-label"))
            .filter(one => !one.matches(".select2-search__field"))
            .map(one => one.name)"""
    )
    assert nameless == []
    place = page.locator("fieldset", has=page.locator("#id_place-city"))
    heading = page.locator(f"#{place.get_attribute('aria-labelledby')}")
    assert heading.inner_text().lower() == "place"
    assert page.locator("#id_place-city").evaluate("one => one.labels[0].textContent").startswith("City")


# A reference that is searched for, on a page outside of the admin.


@pytest.fixture
def theatres(site):
    _url, database = site
    database.troupes.delete_many({})
    database.theatres.delete_many({})
    names = [f"Stage {number:03}" for number in range(205)]
    database.theatres.insert_many(
        [{"name": name, "city": "Köln"} for name in [*names, "Globe", "Rose", "Rose"]]
    )
    return database


@pytest.fixture
def open_form(site, browser):
    """Open the page for a new troupe; its policy allows no script but those of files."""
    made = []

    def open_one(which="new", **options):
        context = browser.new_context(**options)
        made.append(context)
        page = context.new_page()
        page.errors = []
        page.on(
            "console", lambda message: page.errors.append(message.text) if is_of_the_page(message) else None
        )
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"{site[0]}/troupes/{which}/")
        page.fill("[name=name]", "Troupe")
        return page

    yield open_one
    for context in made:
        context.close()


def is_of_the_page(message):
    """Whether it is an error, and not that of the icon for which a browser asks once."""
    return message.type == "error" and not message.location["url"].endswith("/favicon.ico")


def home_of_troupe(database):
    troupe = database.troupes.find_one({})
    return troupe and database.theatres.find_one({"_id": troupe["home"]})["name"]


def save(page):
    with page.expect_navigation():
        page.click("button")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "telephone"])
def test_a_reference_is_searched_for_with_the_keyboard(open_form, theatres, viewport):
    page = open_form(**({"viewport": viewport} if viewport else {}))
    page.focus("[name=home]")
    page.keyboard.type("stage 20")
    page.wait_for_selector("[role=option]")
    assert page.locator("[role=option]").all_text_contents() == [
        f"Stage {number}" for number in ("020", "120", *range(200, 205))
    ]
    assert page.get_attribute("[name=home]", "aria-expanded") == "true"
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    active = page.get_attribute("[name=home]", "aria-activedescendant")
    assert page.text_content(f"#{active}") == "Stage 204", "up from the first is the last"
    shoot(page, f"search-{'telephone' if viewport else 'desk'}")
    assert not is_too_wide(page)
    page.keyboard.press("Enter")
    assert page.input_value("[name=home]") == "Stage 204"
    assert page.locator("[role=listbox]").is_hidden()
    save(page)
    assert home_of_troupe(theatres) == "Stage 204"
    assert page.errors == []


def test_one_of_two_of_a_name_is_clicked(open_form, theatres):
    page = open_form()
    page.fill("[name=home]", "rose")
    page.locator("[role=option]").nth(1).click()
    key = page.input_value("[name='home-key']")
    save(page)
    assert str(theatres.troupes.find_one({})["home"]) == key
    page.fill("[name=home]", "odeon")
    page.locator("[role=status]", has_text="Nothing is found.").wait_for()
    assert page.errors == []


def test_escape_closes_and_what_is_typed_is_searched_for(open_form, theatres):
    page = open_form()
    page.fill("[name=home]", "rose")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("Escape")
    assert page.locator("[role=listbox]").is_hidden()
    save(page)
    assert "choose one of them" in page.text_content(".errorlist")
    assert page.locator("select[name='home-key'] option").count() == 3
    # Another is chosen by the script, in the place of what the page offers.
    page.fill("[name=home]", "glo")
    page.wait_for_selector("[role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    save(page)
    assert home_of_troupe(theatres) == "Globe"


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "telephone"])
def test_without_a_script(open_form, theatres, viewport):
    page = open_form(java_script_enabled=False, **({"viewport": viewport} if viewport else {}))
    page.fill("[name=home]", "stage 20")
    save(page)
    shoot(page, f"search-no-script-{'telephone' if viewport else 'desk'}")
    page.select_option("select[name='home-key']", label="Stage 203")
    save(page)
    assert home_of_troupe(theatres) == "Stage 203"


# Several references that are searched for.


def theatres_of_troupe(database):
    found = database.troupes.find_one({})
    return found and [database.theatres.find_one({"_id": key})["name"] for key in found["theatres"]]


def boxes(page, name="theatres-key"):
    found = page.locator(f"label:has(input[name={name}])")
    return {
        text.strip(): found.nth(at).locator("input").is_checked()
        for at, text in enumerate(found.all_text_contents())
    }


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "telephone"])
def test_references_are_searched_for_with_the_keyboard(open_form, theatres, viewport):
    page = open_form("touring", **({"viewport": viewport} if viewport else {}))
    page.focus("[name=theatres]")
    for text in ("globe", "stage 204", "stage 203", "globe"):
        page.keyboard.type(text)
        page.wait_for_selector("[role=option]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.input_value("[name=theatres]") == ""
        assert page.locator("[role=listbox]").is_hidden()
        assert page.text_content("[role=status]").lower() == text
    assert boxes(page) == {"Globe": True, "Stage 204": True, "Stage 203": True}
    shoot(page, f"search-many-{'telephone' if viewport else 'desk'}")
    assert not is_too_wide(page)
    # Back to the second of the boxes, to take it off.
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert boxes(page) == {"Globe": True, "Stage 204": False, "Stage 203": True}
    save(page)
    assert theatres_of_troupe(theatres) == ["Globe", "Stage 203"]
    assert page.errors == []


def test_what_the_page_offers_goes_when_the_script_has_found_another(open_form, theatres):
    page = open_form("touring")
    page.fill("[name=theatres]", "rose")
    page.wait_for_selector("[role=option]")
    save(page)
    assert "choose one of them" in page.text_content(".errorlist")
    assert boxes(page, "theatres-found") == {"Rose": False}
    page.fill("[name=theatres]", "glo")
    page.locator("[role=option]").click()
    assert boxes(page, "theatres-found") == {}
    save(page)
    assert theatres_of_troupe(theatres) == ["Globe"]


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "telephone"])
def test_several_without_a_script(open_form, theatres, viewport):
    page = open_form("touring", java_script_enabled=False, **({"viewport": viewport} if viewport else {}))
    page.fill("[name=theatres]", "stage 20")
    save(page)
    page.check("label:has-text('Stage 203') input")
    page.check("label:has-text('Stage 201') input")
    shoot(page, f"search-many-no-script-{'telephone' if viewport else 'desk'}")
    assert not is_too_wide(page)
    save(page)
    assert theatres_of_troupe(theatres) == ["Stage 201", "Stage 203"]
