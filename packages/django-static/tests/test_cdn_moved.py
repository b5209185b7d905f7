"""A storage that has moved under its alias: what it had elsewhere is brought to where it is now."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
import static_test_cdn_storages as storages_of_tests
from django.core.files.storage import storages
from django.core.management import call_command

import django_static
from django_static.cdn import proxy
from django_static.cdn.stores import store_of
from django_static.conf import conf

PNG = b"\x89PNG" + bytes(range(256))


class Moving:
    """A storage that lies in one folder or another, and what says so."""

    def __init__(self, site, root: Path, how: str) -> None:
        self.site = site
        self.root = root
        #: ``options``, or the class of a storage that other settings tell.
        self.how = how

    def to(self, name: str, base_url: str | None = None) -> Path:
        """Begins a new process, as a deployment does."""
        settled()
        place = {"location": str(self.root / name), "base_url": base_url or f"https://{name}.example.com/"}
        if self.how == "options":
            given = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": place}
        else:
            storages_of_tests.place.update(place)
            given = {"BACKEND": f"static_test_cdn_storages.{self.how}"}
        self.site.settings.STORAGES = {
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
            "cdn": given,
        }
        self.site.restart()
        storages._storages.clear()
        proxy.reset()
        return self.root / name


@pytest.fixture
def lazy(site, monkeypatch):
    monkeypatch.setattr(proxy, "_said", set())
    site.settings.DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"
    site.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 0
    site.settings.DJANGO_STATIC_CDN_TYPES = ["png", "css"]
    yield site
    settled()
    proxy.reset()


@pytest.fixture(params=["options", "Elsewhere", "FindingElsewhere"])
def moving(request, lazy, tmp_path):
    return Moving(lazy, tmp_path / "places", request.param)


def settled() -> None:
    chosen = proxy._chosen
    assert chosen is None or (chosen.background.wait(60) and chosen._probes.wait(60))


def printed(name: str) -> str:
    django_static.staticfile(name)
    settled()
    return django_static.staticfile(name)


def there(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_pages_bring_everything_to_the_new_place(moving, warned):
    moving.site.write("a.png", PNG, 1500000005)
    moving.to("one")
    assert printed("/a.png") == "https://one.example.com/a.1500000005.png"
    two = moving.to("two")
    assert printed("/a.png") == "https://two.example.com/a.1500000005.png"
    assert there(two) == ["a.1500000005.png"]
    # And back, where all is as it was.
    one = moving.to("one")
    (one / "a.1500000005.png").touch()
    assert printed("/a.png") == "https://one.example.com/a.1500000005.png"
    assert warned() == []


def test_what_a_style_sheet_refers_to_moves_with_it(moving):
    moving.site.write("img/a.png", PNG, 1500000005)
    moving.site.write("a.css", "a { background: url(img/a.png) }", 1500000005)
    moving.to("one")
    django_static.slimfile("/a.css")
    settled()
    two = moving.to("two")
    django_static.slimfile("/a.css")
    settled()
    assert django_static.slimfile("/a.css") == "https://two.example.com/a.1500000005.css"
    assert there(two) == ["a.1500000005.css", "img/a.1500000005.png"]


def test_with_a_probe_the_new_url_is_printed_when_it_answers(moving):
    moving.site.write("a.png", PNG, 1500000005)
    moving.site.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600

    def answers(url: str) -> bool:
        _, _, host, key = url.split("/", 3)
        return (moving.root / host.split(".")[0] / key).is_file()

    urls = {}
    for name in ("one", "two"):
        moving.to(name)
        chosen = proxy.current()
        chosen._probe = answers
        printed("/a.png")
        settled()
        urls[name] = printed("/a.png")
    assert urls == {name: f"https://{name}.example.com/a.1500000005.png" for name in ("one", "two")}


def test_where_it_cannot_be_brought_pages_name_the_site(moving, warned):
    moving.site.write("a.png", PNG, 1500000005)
    moving.to("one")
    printed("/a.png")
    two = moving.to("two")
    two.write_text("no folder")
    assert printed("/a.png") == "/a.1500000005.png"
    assert len(warned()) == 1
    # Nor after a restart.
    moving.to("two")
    assert printed("/a.png") == "/a.1500000005.png"
    two.unlink()
    moving.to("two")
    assert printed("/a.png") == "https://two.example.com/a.1500000005.png"


def test_with_a_domain_too(moving):
    """The storage's own URLs are never asked for then: it is the domain that changes."""
    moving.site.write("a.png", PNG, 1500000005)
    for name in ("one", "two"):
        moving.site.settings.DJANGO_STATIC_CDN_DOMAIN = f"{name}.example.net"
        folder = moving.to(name)
        first = django_static.staticfile("/a.png")
        settled()
        assert first == "/a.1500000005.png"
        assert django_static.staticfile("/a.png") == f"https://{name}.example.net/a.1500000005.png"
        assert there(folder) == ["a.1500000005.png"]


@pytest.mark.parametrize("moving", ["options"], indirect=True)
def test_the_options_tell_of_it_also_where_no_url_does(moving):
    moving.site.write("a.png", PNG, 1500000005)
    moving.site.settings.DJANGO_STATIC_CDN_DOMAIN = "cdn.example.net"
    for name in ("one", "two"):
        folder = moving.to(name)
        assert printed("/a.png") == "https://cdn.example.net/a.1500000005.png"
        assert there(folder) == ["a.1500000005.png"]


@pytest.mark.parametrize("moving", ["options"], indirect=True)
def test_nothing_is_taken_for_moved_that_has_not(moving, tmp_path):
    """Another path to one folder, other options: the records are the same."""
    one = moving.to("one")
    identity = store_of(conf.cdn).identity
    one.mkdir(parents=True)
    (moving.root / "link").symlink_to(one)
    moving.to("link", "https://one.example.com/")
    assert store_of(conf.cdn).identity == identity
    moving.to("two")
    assert store_of(conf.cdn).identity != identity


# Sites with a manifest


@pytest.fixture
def built(moving, tmp_path):
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "page.html").write_text(
        '{% load django_static %}{% slimfile "/a.css" %}{% staticfile "/b.png" %}'
    )
    moving.site.write("img/a.png", PNG, 1500000005)
    moving.site.write("b.png", PNG, 1500000005)
    moving.site.write("a.css", "a { background: url(img/a.png) }", 1500000005)
    backend = "django.template.backends.django.DjangoTemplates"
    moving.site.settings.TEMPLATES = [{"BACKEND": backend, "DIRS": [str(templates)]}]
    moving.site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    moving.site.settings.DJANGO_STATIC_COMPRESS = []
    moving.to("one")
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    return moving


ALL = ["a.1500000005.css", "b.1500000005.png", "img/a.1500000005.png"]


def publish(*arguments: str) -> str:
    output = StringIO()
    call_command("staticpublish", *arguments, skip_checks=True, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_pages_of_a_manifest(built):
    assert there(built.to("one")) == []
    publish()
    two = built.to("two")
    assert printed("/b.png") == "https://two.example.com/b.1500000005.png"
    django_static.slimfile("/a.css")
    settled()
    assert django_static.slimfile("/a.css") == "https://two.example.com/a.1500000005.css"
    assert there(two) == ALL


def test_staticpublish(built):
    one = built.to("one")
    publish()
    two = built.to("two")
    said = publish("--dry-run")
    assert there(two) == []
    assert all(key in said for key in ALL)
    assert publish().startswith("3 files: 3 sent")
    assert there(two) == there(one) == ALL
    assert publish().startswith("3 files: 0 sent (0 bytes), 3 there already")
    built.to("two")
    assert django_static.staticfile("/b.png") == "https://two.example.com/b.1500000005.png"


def test_clean_removes_nothing_of_another_site_in_the_new_place(built):
    """That was sent to the old place, and looks just like what this site has sent."""
    built.site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    built.to("one")
    publish()
    two = built.to("two")
    (two / "b.1500000005.png").parent.mkdir(parents=True, exist_ok=True)
    (two / "b.1500000005.png").write_bytes(PNG)
    publish()
    template = Path(built.site.settings.TEMPLATES[0]["DIRS"][0]) / "page.html"
    template.write_text('{% load django_static %}{% slimfile "/a.css" %}')
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    publish("--clean")
    assert (two / "b.1500000005.png").is_file()


# Where nothing but the storage itself tells


@pytest.fixture
def unlisted(monkeypatch):
    """A storage that cannot say what it has: a listing would tell of what is not there."""

    def refuse(self, path):
        raise NotImplementedError

    monkeypatch.setattr(storages_of_tests.Elsewhere, "listdir", refuse)


BY_SETTINGS = pytest.mark.parametrize("moving", ["Elsewhere"], indirect=True)


@BY_SETTINGS
def test_staticpublish_asks_the_storage_where_it_is(built, unlisted):
    """The URLs are those of the domain, and the alias has no options."""
    built.site.settings.DJANGO_STATIC_CDN_DOMAIN = "cdn.example.net"
    one = built.to("one")
    assert publish().startswith("3 files: 3 sent")
    two = built.to("two")
    said = publish("--dry-run")
    assert there(two) == []
    assert all(f"would be asked for: {key}" in said for key in ALL)
    assert publish().startswith("3 files: 3 sent")
    assert there(two) == there(one) == ALL
    # Again, and in the old place: nothing is sent.
    assert publish().startswith("3 files: 0 sent (0 bytes), 3 there already")
    assert "would be asked for" not in publish("--dry-run")
    built.to("one")
    assert publish().startswith("3 files: 0 sent (0 bytes), 3 there already")


@BY_SETTINGS
def test_pages_find_out_when_one_brings_something_there(moving, unlisted):
    moving.site.settings.DJANGO_STATIC_CDN_DOMAIN = "cdn.example.net"
    moving.site.write("a.png", PNG, 1500000005)
    moving.to("one")
    assert printed("/a.png") == "https://cdn.example.net/a.1500000005.png"
    two = moving.to("two")
    moving.site.write("b.png", PNG, 1500000005)
    assert printed("/b.png") == "https://cdn.example.net/b.1500000005.png"
    assert printed("/a.png") == "https://cdn.example.net/a.1500000005.png"
    assert there(two) == ["a.1500000005.png", "b.1500000005.png"]


@BY_SETTINGS
def test_records_that_do_not_say_where_it_was_are_believed(built, unlisted):
    built.site.settings.DJANGO_STATIC_CDN_DOMAIN = "cdn.example.net"
    built.to("one")
    publish()
    (path,) = conf.manifest_file.parent.glob("cdn-*.json")
    value = json.loads(path.read_text())
    assert str(built.root / "one") in value.pop("place")
    path.write_text(json.dumps(value))
    two = built.to("two")
    assert publish().startswith("3 files: 0 sent")
    assert there(two) == []
    assert publish("--verify").startswith("3 files: 3 sent")
    built.to("three")
    assert publish().startswith("3 files: 3 sent")


@BY_SETTINGS
def test_clean_removes_nothing_of_others_in_a_place_that_only_the_storage_tells(built):
    built.site.settings.DJANGO_STATIC_CDN_DOMAIN = "cdn.example.net"
    built.site.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    built.to("one")
    publish()
    two = built.to("two")
    two.mkdir(parents=True)
    (two / "b.1500000005.png").write_bytes(PNG)
    publish()
    template = Path(built.site.settings.TEMPLATES[0]["DIRS"][0]) / "page.html"
    template.write_text('{% load django_static %}{% slimfile "/a.css" %}')
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    publish("--clean")
    assert (two / "b.1500000005.png").is_file()


@BY_SETTINGS
def test_a_storage_that_cannot_be_made_keeps_nothing_that_is_known_from_pages(built):
    """It is where it was, as far as anybody knows."""
    built.site.settings.DJANGO_STATIC_CDN_DOMAIN = "cdn.example.net"
    built.to("one")
    publish()
    built.how = "Broken"
    built.to("one")
    assert publish().startswith("3 files: 0 sent (0 bytes), 3 there already, 0 failed")
    assert "0 files would be sent" in publish("--dry-run")
    assert django_static.staticfile("/b.png") == "https://cdn.example.net/b.1500000005.png"
