"""Names that bundlers have put a hash in are kept: each stands for one content, whoever publishes it and however it ends."""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import signal
import time
from io import StringIO

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import CommandError, call_command

NAME = "main.3f2a9c1b.js"
STORAGE = "django_static.storage.StaticStorage"
COMMANDS = {
    "staticbuild": lambda: call_command(
        "staticbuild", "--all", stdout=StringIO(), stderr=StringIO(), skip_checks=True
    ),
    "collectstatic": lambda: call_command(
        "collectstatic", interactive=False, stdout=StringIO(), skip_checks=True
    ),
}


@pytest.fixture
def kept(sites):
    """Publishes a script of that name by a command, each time as if it had been written long after what is there."""
    settings, built = sites.built.settings, sites.built
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": STORAGE}}
    settings.DJANGO_STATIC_INTEGRITY = True
    built.page("page", f'{{% staticfile "/static/{NAME}" %}} {{% staticintegrity "/static/{NAME}" %}}')

    def publish(site, text, command="staticbuild"):
        sites.be(site)
        built.app_file(NAME, text)
        if (sites.static / NAME).exists():
            changed = time.time() - 1000
            os.utime(sites.static / NAME, (changed, changed))
        COMMANDS[command]()
        return shown(site)

    def shown(site):
        """The URL that pages have, and the text behind it, which is what the digest in the page is of."""
        sites.be(site)
        staticfiles_storage._setup()
        url, integrity = built.render("page").split(" ", 1)
        content = (sites.static / url.removeprefix("/static/")).read_bytes()
        assert base64.b64encode(hashlib.sha384(content).digest()).decode() in integrity
        assert built.render("page").startswith(url)
        return url, content.decode()

    publish.shown = shown
    publish.sites = sites
    return publish


@pytest.mark.parametrize("second", COMMANDS)
@pytest.mark.parametrize("first", COMMANDS)
def test_two_sites_with_one_name_and_two_contents(kept, first, second):
    one = kept("a", "one()", first)
    assert one == (f"/static/{NAME}", "one()")
    url, text = kept("b", "two()", second)
    assert url != one[0]
    assert text == "two()"
    assert kept.shown("a") == one
    for _ in range(2):
        # Nor does one of them take it back.
        assert kept("a", "one()", first) == one
        assert kept("b", "two()", second) == (url, text)


@pytest.mark.parametrize("command", COMMANDS)
def test_two_sites_with_one_content(kept, command):
    assert kept("a", "one()", command) == kept("b", "one()", command) == (f"/static/{NAME}", "one()")


@pytest.mark.parametrize("command", COMMANDS)
def test_another_content_later(kept, command):
    """Pages that are on their way have the old one, under its name."""
    kept("a", "one()", command)
    url, text = kept("a", "two()", command)
    assert url != f"/static/{NAME}"
    assert text == "two()"
    assert (kept.sites.static / NAME).read_text() == "one()"


def test_an_original_that_is_later_than_the_clock(kept):
    """As a machine whose clock is ahead has written it."""
    one = kept("a", "one()", "collectstatic")
    kept.sites.be("b")
    path = kept.sites.built.app_file(NAME, "two()")
    os.utime(path, (time.time() + 1000,) * 2)
    COMMANDS["collectstatic"]()
    assert kept.shown("b")[1] == "two()"
    assert kept.shown("a") == one


def test_it_is_said(kept):
    kept("a", "one()")
    kept.sites.be("a")
    kept.sites.built.app_file(NAME, "two()")
    said = kept.sites.built.build("--all")
    assert f"/static/{NAME} is published as /static/main.3f2a9c1b." in said
    assert "another one has that name already" in said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_build_that_is_killed_before_its_manifest(kept, monkeypatch):
    from django_static.manifest import Manifest

    one = kept("a", "one()")
    monkeypatch.setattr(Manifest, "write", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    child = os.fork()
    if not child:
        try:
            kept("a", "two()")
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    monkeypatch.undo()
    assert kept.shown("a") == one


def test_the_name_is_free_again(kept):
    """What kept it is gone: then the original has it."""
    kept("a", "one()")
    kept("a", "two()")
    (kept.sites.static / NAME).unlink()
    assert kept("a", "two()")[1] == "two()"
    assert (kept.sites.static / NAME).read_text() == "two()"


@pytest.mark.parametrize("has_links", [True, False])
def test_a_copy_that_was_damaged_is_made_again(kept, has_links, monkeypatch):
    if not has_links:
        monkeypatch.delattr(os, "link")
    kept("a", "one()")
    (kept.sites.static / NAME).write_text("onx()")
    changed = time.time() - 1000
    os.utime(kept.sites.static / NAME, (changed, changed))
    kept.sites.be("a")
    kept.sites.built.build("--all")
    assert kept.shown("a")[1] == "one()"


def collect(kept, site, **options):
    kept.sites.be(site)
    call_command("collectstatic", interactive=False, stdout=StringIO(), skip_checks=True, **options)


@pytest.mark.parametrize("first", COMMANDS)
def test_a_link_takes_no_name_of_another_content(kept, first):
    one = kept("a", "one()", first)
    kept.sites.be("b")
    original = kept.sites.built.app_file(NAME, "two()")
    for _ in range(2):
        with pytest.raises(
            CommandError, match=r"main\.3f2a9c1b\.js is not what .* collectstatic without --link"
        ) as caught:
            collect(kept, "b", link=True)
        assert str(original) in str(caught.value)
        assert not (kept.sites.static / NAME).is_symlink()
    assert kept.shown("a") == one
    # What the message says.
    collect(kept, "b")
    assert kept.shown("b")[1] == "two()"
    assert kept.shown("a") == one
    (kept.sites.static / NAME).unlink()
    collect(kept, "b", link=True)
    assert (kept.sites.static / NAME).is_symlink()


def test_a_link_to_the_same_content_does(kept):
    one = kept("a", "one()", "collectstatic")
    collect(kept, "a", link=True)
    assert (kept.sites.static / NAME).is_symlink()
    assert kept.shown("a") == one
    collect(kept, "a")
    assert not (kept.sites.static / NAME).is_symlink()
    assert kept.shown("a") == one


@pytest.mark.parametrize("link", [True, False])
def test_who_clears_the_folder_gets_it_cleared(kept, link):
    kept("a", "one()", "collectstatic")
    collect(kept, "a")  # in the same process
    kept.sites.built.app_file(NAME, "two()")
    collect(kept, "a", link=link, clear=True)
    assert (kept.sites.static / NAME).read_text() == "two()"
    assert kept.shown("a") == (f"/static/{NAME}", "two()")


def test_other_names_are_linked_as_ever(kept):
    kept.sites.be("a")
    path = kept.sites.built.app_file("plain.js", "one()")
    collect(kept, "a")
    path.write_text("two()")
    collect(kept, "a", link=True)
    assert (kept.sites.static / "plain.js").is_symlink()


@pytest.mark.parametrize("first", COMMANDS)
def test_pages_that_publish_by_themselves_have_what_they_printed(kept, first):
    """Their processes print the name and its digest on, whatever is collected meanwhile."""
    one = kept("a", "one()", first)
    kept.sites.be = functools.partial(kept.sites.be, lazy=True)
    assert kept.shown("a") == one
    path = kept.sites.built.app_file(NAME, "two()")
    os.utime(path, (time.time() + 1000,) * 2)
    for _ in range(2):
        collect(kept, "a")
        assert (kept.sites.static / NAME).read_text() == "one()"
    with pytest.raises(CommandError, match=r"main\.3f2a9c1b\.js is not what"):
        collect(kept, "a", link=True)
    url, text = kept.shown("a")
    assert (url != one[0], text) == (True, "two()")
    assert (kept.sites.static / NAME).read_text() == "one()"


def test_switched_off_collectstatic_is_django_s(kept):
    kept("a", "one()", "collectstatic")
    kept.sites.be("a")
    kept.sites.built.settings.DJANGO_STATIC = False
    kept.sites.built.app_file(NAME, "two()")
    call_command("collectstatic", interactive=False, link=True, stdout=StringIO(), skip_checks=True)
    assert (kept.sites.static / NAME).read_text() == "two()"


@pytest.mark.parametrize("second", ["a", "b"])
@pytest.mark.parametrize("first", COMMANDS)
def test_a_content_that_only_goes_on_longer_is_another(kept, first, second):
    """What a page has the digest of was not cut off, though it is how the other one begins."""
    one = kept("a", "one()", first)
    assert kept(second, "one();two()", "collectstatic")[1] == "one();two()"
    assert (kept.sites.static / NAME).read_text() == "one()"
    if second == "b":
        assert kept.shown("a") == one


@pytest.mark.parametrize("text", ["on", ""])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_copy_that_was_cut_off_before_anybody_published_it(kept, command, text):
    """By a process that was killed while it copied: it never was what the name says."""
    kept.sites.static.mkdir(exist_ok=True)
    (kept.sites.static / NAME).write_text(text)
    assert kept("a", "one()", command) == (f"/static/{NAME}", "one()")
    assert kept("b", "one()", command) == (f"/static/{NAME}", "one()")


@pytest.mark.parametrize("command", COMMANDS)
def test_one_of_which_nobody_knows_whose_it_is_stays(kept, command):
    kept("a", "one()", command)
    (place,) = (kept.sites.static / ".django-static/others").rglob("*.json")
    place.write_text("{")
    assert kept("b", "one();two()", command)[1] == "one();two()"
    assert (kept.sites.static / NAME).read_text() == "one()"
