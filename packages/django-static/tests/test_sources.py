"""Where originals are found, what is refused, and where published files go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import django_static
from django_static.sources import Finders, Missing, Refused, Sources, is_foreign, split_suffix
from django_static.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("media/a.css", "more/a.css", "more/b.css", "static/c.css", "app/d.css", "secret/s.css"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return tmp_path


def sources(tree: Path, **kwargs) -> Sources:
    def find(name: str) -> str | None:
        path = tree / "app" / name
        return str(path) if path.exists() else None

    values = {
        "roots": [tree / "media", tree / "more"],
        "media_url": "/media/",
        "static_url": "/static/",
        "static_root": tree / "static",
        "finders": Finders(find, lambda: [str(tree / "app")]),
        **kwargs,
    }
    return Sources(**values)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("/a.css", "media/a.css"),
        ("a.css", "media/a.css"),
        ("/b.css", "more/b.css"),
        ("/media/a.css", "media/a.css"),
        ("/media/b.css?v=1", "more/b.css"),
        ("/static/c.css", "static/c.css"),
        ("/static/d.css", "app/d.css"),
        ("/d.css", "app/d.css"),
        ("/%61.css", "media/a.css"),
    ],
)
def test_found(tree, name, found):
    assert sources(tree).find(name).path == tree / found


def test_a_host_of_static_url(tree):
    found = sources(tree, static_url="https://cdn.example.com/s/").find("https://cdn.example.com/s/d.css")
    assert (found.host, found.url, found.path) == ("https://cdn.example.com", "/s/d.css", tree / "app/d.css")


def test_published_siblings_of_an_app_go_to_static_root(tree):
    assert sources(tree).find("/static/d.css").folder == tree / "static"
    assert sources(tree, static_root=None).find("/static/d.css").folder == tree / "app"


@pytest.mark.parametrize(
    "name", ["/no.css", "", "/", "/media/", "/static/", "https://x/a.css", "//x/a.css", "/a.css/x"]
)
def test_missing(tree, name):
    with pytest.raises(Missing):
        sources(tree).find(name)


@pytest.mark.parametrize(
    "name",
    [
        "/../secret/s.css",
        "/x/../../secret/s.css",
        "/%2e%2e/secret/s.css",
        "/..%2fsecret/s.css",
        "..\\secret\\s.css",
        "/media/../secret/s.css",
        "/a.css\0",
        "/a%00.css",
    ],
)
def test_refused(tree, name):
    with pytest.raises(Refused, match=r"'\.\.'|NUL"):
        sources(tree).find(name)


def test_a_tree_asks_the_finders_once_for_what_is_not_there(tree):
    asked: list[str] = []

    def find(name: str) -> str | None:
        asked.append(name)
        return None

    given = sources(tree, finders=Finders(find, lambda: [str(tree / "app")]))
    of_tree = Tree(given, [("d.css", str(tree / "app/d.css"))])
    for _ in range(3):
        with pytest.raises(Missing, match=r"'/static/away\.css\?v=1' was not found in") as error:
            of_tree.find("/static/away.css?v=1")
        assert "app/d.css" not in str(error.value)
    assert asked == ["away.css"]
    with pytest.raises(Refused, match=r"has a '\.\.' in it"):
        of_tree.find("/static/../away.css")
    with pytest.raises(Refused, match=r"has a '\.\.' in it"):
        of_tree.find("/static/../away.css")
    assert of_tree.find("/static/d.css").path == tree / "app/d.css"


def test_a_link_out_of_the_roots_is_refused(tree):
    (tree / "media/out.css").symlink_to(tree / "secret/s.css")
    (tree / "media/folder").symlink_to(tree / "secret")
    for name in ("/out.css", "/folder/s.css"):
        with pytest.raises(Refused, match="leads out"):
            sources(tree).find(name)


def test_a_link_within_the_roots_is_followed(tree):
    (tree / "media/in.css").symlink_to(tree / "app/d.css")
    assert sources(tree).find("/in.css").path == tree / "media/in.css"


def test_a_root_that_is_a_link(tree):
    (tree / "alias").symlink_to(tree / "media")
    assert sources(tree, roots=[tree / "alias"]).find("/a.css").path == tree / "alias/a.css"


def test_a_root_with_the_same_beginning_is_another(tree):
    (tree / "media-secret").mkdir()
    (tree / "media-secret/s.css").write_text("")
    (tree / "media/s.css").symlink_to(tree / "media-secret/s.css")
    with pytest.raises(Refused):
        sources(tree).find("/s.css")


def test_only_plain_files(tree):
    os.mkfifo(tree / "media/pipe.css")
    with pytest.raises(Refused, match="plain file"):
        sources(tree).find("/pipe.css")
    with pytest.raises(Missing):
        sources(tree).find("/media")


def test_no_roots_at_all():
    with pytest.raises(Missing, match="MEDIA_ROOT are empty"):
        Sources([]).find("/a.css")


@pytest.mark.parametrize(
    ("url", "foreign"),
    [
        ("/a", False),
        ("a:b/c", True),
        ("a/b:c", False),
        ("//h/a", True),
        ("data:,x", True),
        ("", False),
        ("#x", False),
    ],
)
def test_is_foreign(url, foreign):
    assert is_foreign(url) is foreign


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("/a", ("/a", "")),
        ("/a?b#c", ("/a", "?b#c")),
        ("/a#b?c", ("/a", "#b?c")),
        ("?#iefix", ("", "?#iefix")),
    ],
)
def test_split_suffix(url, parts):
    assert split_suffix(url) == parts


def test_a_page_prints_the_url_of_what_is_refused(site, warned):
    (site.root / "secret.css").write_text("secret")
    assert site.render('{% slimfile "/../secret.css" %}') == "/../secret.css"
    assert "'..'" in warned()[0]
    assert "secret" not in "".join(path.read_text() for path in site.media.rglob("*") if path.is_file())


def test_media_roots(site, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.png").write_text("")
    os.utime(other / "b.png", (5, 5))
    site.write("a.png", "", 5)
    site.settings.DJANGO_STATIC_MEDIA_ROOTS = [str(other), site.media]
    assert django_static.staticfile("/a.png") == "/a.5.png"
    assert django_static.staticfile("/b.png") == "/b.5.png"
    assert (other / "b.5.png").exists()


class TestSavePrefix:
    @pytest.fixture
    def saved(self, site, tmp_path):
        site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "cache-forever")
        site.settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
        return tmp_path / "cache-forever"

    def test_what_is_optimised_is_written_there(self, site, saved):
        site.write("css/a.css", "a { b : c }", 5)
        site.write("css/b.css", "b { b : c }", 6)
        html = site.slimall("<link rel=stylesheet href=/css/a.css><link rel=stylesheet href=/css/b.css>")
        assert html == '<link rel=stylesheet href="/cache-forever/css/a_b.6.css">'
        assert (saved / "css/a_b.6.css").read_text() == "a{b:c}\nb{b:c}"
        assert site.published() == ["css/a.css", "css/b.css"]

    def test_what_is_not_is_linked(self, site, saved):
        original = site.write("img/a.png", "png", 5)
        assert django_static.staticfile("/img/a.png") == "/cache-forever/img/a.5.png"
        published = saved / "img/a.5.png"
        assert published.is_symlink()
        assert published.resolve() == original

    def test_or_copied(self, site, saved):
        site.settings.DJANGO_STATIC_USE_SYMLINK = False
        site.write("img/a.png", "png", 5)
        django_static.staticfile("/img/a.png")
        published = saved / "img/a.5.png"
        assert not published.is_symlink()
        assert published.read_text() == "png"

    def test_a_link_becomes_a_copy_when_the_setting_changes(self, site, saved):
        site.write("img/a.png", "png", 5)
        django_static.staticfile("/img/a.png")
        site.settings.DJANGO_STATIC_USE_SYMLINK = False
        assert django_static.staticfile("/img/a.png") == "/cache-forever/img/a.5.png"
        assert not (saved / "img/a.5.png").is_symlink()

    def test_the_references_of_a_moved_style_sheet_stay_right(self, site, saved):
        site.write("img/a.png", "png", 4)
        site.write("css/a.css", "a{b:url(../img/a.png) url('/img/a.png') url(../no.png) url(#f) url(?q)}", 5)
        assert django_static.staticfile("/css/a.css") == "/cache-forever/css/a.5.css"
        assert (saved / "css/a.5.css").read_text() == (
            "a{b:url(../img/a.4.png) url('/cache-forever/img/a.4.png') url(/no.png) url(#f) url(?q)}"
        )
        assert (saved / "img/a.4.png").read_text() == "png"

    def test_a_host(self, site, saved):
        site.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
        site.write("a.png", "", 5)
        assert django_static.staticfile("/a.png") == "//static.example.com/cache-forever/a.5.png"

    def test_a_module_that_imports_by_path_is_told_its_folder(self, site, saved, warned):
        site.write("js/a.js", "import('./b' + c)", 5)
        site.write("js/c.js", "document.title = 'import'", 5)
        assert django_static.slimfile("/js/a.js") == "/cache-forever/js/a.5.js"
        assert '"/js/"' in site.text("js/a.5.js", saved)
        assert django_static.slimfile("/js/c.js") == "/cache-forever/js/c.5.js"
        assert warned() == []


def test_a_host_alone(site):
    site.settings.DJANGO_STATIC_MEDIA_URL = "//static.example.com"
    site.write("a.png", "", 5)
    assert site.render('{% staticfile "/a.png" %}') == "//static.example.com/a.5.png"


def test_beside_the_original_unless_told_otherwise(site):
    site.write("img/a.png", "png", 5)
    django_static.staticfile("/img/a.png")
    assert site.published() == ["img/a.5.png", "img/a.png"]
    assert os.readlink(site.media / "img/a.5.png") == "a.png"
