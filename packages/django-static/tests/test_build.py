"""Publishing ahead: ``staticbuild``, the manifest, and pages that are rendered with it."""

from __future__ import annotations

import builtins
import gzip
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import brotli
import pytest
from django.core.management import CommandError, call_command
from django.template import engines
from static_test_built import Built

import django_static
from django_static import build_shelf, resolver
from django_static.manifest import Manifest


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as made:
        yield made


@contextmanager
def no_files() -> Iterator[list[str]]:
    """Gather what is opened, looked at or locked."""
    touched: list[str] = []
    places = [(builtins, "open"), (os, "open"), (os, "stat"), (os, "lstat"), (os, "scandir"), (Path, "open")]
    with pytest.MonkeyPatch.context() as patch:
        for module, name in places:
            real = getattr(module, name)

            def noted(*args, _real=real, **kwargs):
                touched.append(str(args))
                return _real(*args, **kwargs)

            patch.setattr(module, name, noted)
        yield touched


PAGE = (
    '{% slimall %}<link rel="stylesheet" href="/css/a.css"><link rel="stylesheet" href="/css/b.css">{% endslimall %}'
    "<img src='{% staticfile \"/img/i.png\" %}'>{% slimcontent 'js' %}var a = 1 ;{% endslimcontent %}"
    "{% slimfile '/js/x.js;/js/y.js' %}"
)


@pytest.fixture
def page(built):
    built.site.write("css/a.css", "a { b : url(../img/i.png) }")
    built.site.write("css/b.css", "b { c : d }")
    built.site.write("img/i.png", b"picture")
    built.site.write("js/x.js", "x ( 1 ) ;")
    built.site.write("js/y.js", "y ( 1 ) ;")
    built.page("p.html", PAGE)
    return built


def test_a_page_touches_no_file(page):
    page.build()
    resolver.current()
    template = engines["django"].get_template("p.html")
    with no_files() as touched:
        first = template.render({})
    assert touched == []
    assert re.fullmatch(
        r'<link rel="stylesheet" href="/css/a_b\.[0-9a-f]{12}\.css">'
        r"<img src='/img/i\.[0-9a-f]{12}\.png'>var a=1;?/js/x_y\.[0-9a-f]{12}\.js",
        first,
    )
    assert template.render({}) == first


def test_it_prints_what_lazy_mode_prints(page):
    page.build()
    ahead = page.render("p.html")
    page.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    resolver.reset()
    assert page.render("p.html") == ahead


def test_a_second_build_writes_nothing(page):
    assert "(0 written)" not in page.build()
    before = page.manifest.stat()
    assert "(0 written)" in page.build()
    after = page.manifest.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("lost", ["css", "img"])
def test_a_published_file_that_is_gone_is_written_again(page, lost):
    page.build()
    gone = next(
        path for path in (page.site.media / lost).iterdir() if re.search(r"\.[0-9a-f]{12}\.", path.name)
    )
    gone.unlink()
    page.build()
    assert gone.exists()


def test_a_published_file_that_is_cut_short_is_written_again(page):
    """As after a loss of power."""
    page.build()
    cut = next(path for path in (page.site.media / "css").iterdir() if "a_b" in path.name)
    whole = cut.read_bytes()
    cut.write_bytes(b"")
    page.build()
    assert cut.read_bytes() == whole


def test_what_changed_is_built_and_the_old_files_stay(page):
    page.build()
    old = page.render("p.html")
    page.site.write("img/i.png", b"another picture", 7)
    page.build()
    new = page.render("p.html")
    assert old != new
    for url in re.findall(r"/(?:css|img|js)/[\w.]+", old + new):
        assert (page.site.media / url.lstrip("/")).exists()


@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
def test_a_sheet_follows_its_picture(built, fingerprint):
    """Also where the sheet stands alone, and nothing else of it has changed."""
    built.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    built.site.write("a.css", "a { b : url(i.png) }", 5)
    built.page("p.html", "{% slimfile '/a.css' %} {% staticfile '/i.png' %}")
    for number in (6, 7, 6):
        built.site.write("i.png", f"picture {number}", number)
        built.build()
        sheet, picture = built.render("p.html").split()
        assert built.site.text(sheet) == f"a{{b:url({picture[1:]})}}"


def test_a_failing_build_leaves_the_last_manifest(page, monkeypatch):
    page.build()
    before = page.manifest.read_bytes()
    page.site.write("css/a.css", "a{new:1}", 9)

    def full(self, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(build_shelf.BuildShelf, "_temporary", full)
    with pytest.raises(CommandError, match="No space left"):
        page.build()
    assert page.manifest.read_bytes() == before


def test_a_failing_dependency_fails_the_build(page, monkeypatch):
    page.build()
    before = page.manifest.read_bytes()
    page.site.write("img/i.png", b"new", 9)
    real = build_shelf.BuildShelf._temporary

    def full(self, path):
        if path.endswith(".png"):
            raise OSError(28, "No space left on device", str(path))
        return real(self, path)

    monkeypatch.setattr(build_shelf.BuildShelf, "_temporary", full)
    with pytest.raises(CommandError):
        page.build()
    assert page.manifest.read_bytes() == before


def test_it_is_refused_while_the_switch_is_off(page):
    page.settings.DJANGO_STATIC = False
    with pytest.raises(CommandError, match="DJANGO_STATIC is off"):
        page.build()


class TestCompressed:
    @pytest.fixture
    def big(self, built):
        built.site.write("a.css", "".join(f"a{{b:{n}}}" for n in range(300)))
        built.site.write("i.png", b"picture" * 100)
        built.site.write("tiny.css", "a{}")
        built.page("p.html", "{% slimfile '/a.css' %}{% staticfile '/i.png' %}{% slimfile '/tiny.css' %}")
        return built

    def test_siblings_hold_the_same_bytes(self, big):
        out = big.build()
        published = big.site.media / big.render("p.html").split("/")[1].replace(".cssi", ".css")
        assert (
            gzip.decompress(published.with_name(f"{published.name}.gz").read_bytes())
            == published.read_bytes()
        )
        assert (
            brotli.decompress(published.with_name(f"{published.name}.br").read_bytes())
            == published.read_bytes()
        )
        assert ".gz: " in out
        assert not list(big.site.media.glob("i.*.gz"))
        assert not list(big.site.media.glob("tiny.*.gz"))
        assert not (big.site.media / "a.css.gz").exists(), "an original is not ours"

    def test_the_chosen_formats_only(self, big):
        big.settings.DJANGO_STATIC_COMPRESS = ["gz"]
        big.build()
        assert len(list(big.site.media.glob("a.*.gz"))) == 1
        assert not list(big.site.media.glob("a.*.br"))

    def test_one_that_is_gone_comes_back_from_the_cache(self, big, tmp_path):
        big.settings.DJANGO_STATIC_COMPRESS_CACHE = tmp_path / "cache"
        big.build()
        gone = next(big.site.media.glob("a.*.gz"))
        data = gone.read_bytes()
        gone.unlink()
        big.build()
        assert gone.read_bytes() == data
        assert list((tmp_path / "cache").iterdir())


def test_much_text_is_minified_in_processes_beside(built, monkeypatch):
    """The same comes out, and this process minifies nothing of it."""
    for name in "ab":
        built.site.write(f"{name}.js", "".join(f"{name}{n} ( {n} ) ;\n" for n in range(6_000)))
    built.page("p.html", "{% slimfile '/a.js' %} {% slimfile '/b.js' %}")
    with monkeypatch.context() as patch:
        patch.setattr("django_static.minify.ahead.slim", None)
        built.build()
    for url in built.render("p.html").split():
        assert built.site.text(url).startswith(f"{url[1]}0(0),{url[1]}1(1),")


def test_names_known_at_run_time_are_listed_with_their_line(page):
    page.page("p.html", "\n\n{% staticfile name %}")
    out = page.build()
    assert "p.html, line 3, {% staticfile %}: name" in out
    assert "DJANGO_STATIC_BUNDLES" in out


class TestBundles:
    def test_names_and_patterns(self, page, warned):
        page.page("p.html", "{% staticfile name %}")
        page.site.write("img/two words.png", "")
        page.settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/img/*.png"], "slimfile": ["/js/x.js"]}
        page.build()
        assert re.fullmatch(r"/img/i\.[0-9a-f]{12}\.png", page.render("p.html", name="/img/i.png"))
        assert re.fullmatch(
            r"/img/two%20words\.[0-9a-f]{12}\.png", page.render("p.html", name="/img/two words.png")
        )
        assert django_static.slimfile("/js/x.js") != "/js/x.js"
        assert warned() == []

    def test_a_block(self, page):
        page.page(
            "p.html",
            "{% slimall %}{% for n in names %}<script src='{{ n }}'></script>{% endfor %}{% endslimall %}",
        )
        page.settings.DJANGO_STATIC_BUNDLES = {"slimall": [["/js/x.js", "/js/y.js"]]}
        page.build()
        html = page.render("p.html", names=["/js/x.js", "/js/y.js"])
        assert re.fullmatch(r"""<script src="/js/x_y\.[0-9a-f]{12}\.js"></script>""", html)

    def test_a_pattern_in_a_block_is_one_name_at_a_time(self, page, warned):
        page.page(
            "p.html",
            "{% slimall %}<script src='/js/x.js'></script><script src='{{ n }}'></script>{% endslimall %}",
        )
        page.site.write("js/z.js", "z()")
        page.settings.DJANGO_STATIC_BUNDLES = {"slimall": [["/js/x.js", "/js/[yz].js"]]}
        page.build()
        for name in "yz":
            html = page.render("p.html", n=f"/js/{name}.js")
            assert re.fullmatch(rf"""<script src="/js/x_{name}\.[0-9a-f]{{12}}\.js"></script>""", html)
        assert warned() == []

    def test_a_pattern_among_several_names(self, page, warned):
        page.page("p.html", "{% slimfile name %}")
        page.settings.DJANGO_STATIC_BUNDLES = {"slimfile": ["/js/x.js;/js/[yz].js"]}
        page.build()
        assert re.fullmatch(r"/js/x_y\.[0-9a-f]{12}\.js", page.render("p.html", name="/js/x.js;/js/y.js"))
        assert warned() == []

    @pytest.mark.parametrize(
        ("bundles", "tag"),
        [
            ({"slimfile": ["/js/no-*.js"]}, "slimfile"),
            ({"staticfile": ["/js/x.js;/js/no-*.js"]}, "staticfile"),
            ({"slimall": [["/js/x.js", "/js/no-*.js"]]}, "slimall"),
        ],
    )
    def test_a_pattern_that_matches_nothing(self, page, bundles, tag):
        page.page("p.html", "{% staticfile '/js/x.js' %}")
        page.settings.DJANGO_STATIC_BUNDLES = bundles
        said = f"DJANGO_STATIC_BUNDLES: {{% {tag} %}}: no file matches '/js/no-*.js', in {page.site.media}"
        assert said in page.build()
        page.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
        assert re.fullmatch(r"/js/x\.[0-9a-f]{12}\.js", page.render("p.html"))
        out = StringIO()
        with pytest.raises(CommandError, match="1 reference leads nowhere"):
            call_command("staticbuild", "--check", stdout=out)
        assert out.getvalue().startswith(said)
        call_command("staticbuild", "--check", "--ignore=DJANGO_STATIC_BUNDLES", stdout=out)

    @pytest.mark.parametrize(
        ("file", "name"), [("img/a[1].png", "/img/a[1].png"), ("img/a.png", "/img/a.png?v=1")]
    )
    def test_a_name_with_the_marks_of_a_pattern(self, page, file, name):
        page.site.write(file, "x")
        page.settings.DJANGO_STATIC_BUNDLES = {"staticfile": [name]}
        assert "no file" not in page.build()
        assert re.search(r"\.[0-9a-f]{12}\.png", django_static.staticfile(name))

    def test_too_many(self, page):
        for number in range(40):
            page.site.write(f"js/{number}.js", "")
        page.settings.DJANGO_STATIC_BUNDLES = {"slimall": [["/js/*.js", "/js/*.js"]]}
        with pytest.raises(CommandError, match="stands for 1,764 files of 2 names each"):
            page.build()

    def test_names_with_the_prefix_of_media_files(self, page, warned):
        page.settings.MEDIA_URL = "/media/"
        page.settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/media/up/*.png"]}
        page.site.write("up/a b.png", "x")
        page.build()
        url = django_static.staticfile("/media/up/a b.png")
        assert re.fullmatch(r"/media/up/a%20b\.[0-9a-f]{12}\.png", url)
        assert warned() == []
        assert django_static.staticfile("/up/a%20b.png") == "/up/a%20b.png"
        assert "which has the file as '/media/up/a b.png'" in warned()[0]
        assert "add it to DJANGO_STATIC_BUNDLES as pages name it" in warned()[0]

    def test_a_run_that_was_not_foreseen_is_printed_one_by_one(self, page, warned):
        page.page(
            "p.html",
            "{% slimall %}{% for n in names %}<script src='{{ n }}'></script>{% endfor %}{% endslimall %}",
        )
        page.settings.DJANGO_STATIC_BUNDLES = {"slimfile": ["/js/*.js"]}
        page.build()
        html = page.render("p.html", names=["/js/x.js", "/js/y.js"])
        assert len(re.findall(r'<script src="/js/[xy]\.[0-9a-f]{12}\.js"></script>', html)) == 2
        assert len(warned()) == 1

    def test_a_name_that_was_not_foreseen_is_printed_as_it_is(self, page, warned):
        page.build()
        assert django_static.staticfile("/js/x.js") == "/js/x.js"
        assert django_static.staticfile("/js/x.js") == "/js/x.js"
        assert len(warned()) == 1
        assert "DJANGO_STATIC_BUNDLES" in warned()[0]


@pytest.mark.parametrize("name", ["/none/", "/js/none-*.js", "/css/"])
def test_a_folder_of_an_import_map_without_modules(page, name):
    page.page("p.html", f"\n{{% staticimportmap 'lib/' '{name}' 'app' '/js/x.js' %}}")
    said = f"p.html, line 2, {{% staticimportmap %}}: there is no module in '{name}', which the import map has as 'lib/'"
    assert said in page.build()
    assert page.check() == f"{said}\n1 reference leads nowhere"
    assert page.check("--ignore=p.html") == ""
    assert '"app":"/js/x.' in page.render("p.html")


def test_a_name_with_a_query_or_a_fragment(page):
    page.settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/img/i.png"]}
    page.build()
    plain = django_static.staticfile("/img/i.png")
    assert django_static.staticfile("/img/i.png?a=1#b") == f"{plain}?a=1#b"


def test_an_integrity_attribute_is_honoured(page):
    page.page("p.html", "{% slimall %}<script src='/js/x.js' integrity='sha384-x'></script>{% endslimall %}")
    page.build()
    assert re.fullmatch(
        r"""<script src="/js/x\.[0-9a-f]{12}\.js" integrity='sha384-x'></script>""", page.render("p.html")
    )


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 99}', b'{"format": 1}', b"\xff"])
def test_a_manifest_that_cannot_be_read_is_said_once(page, warned, content):
    page.manifest.parent.mkdir(parents=True)
    page.manifest.write_bytes(content)
    resolver.reset()
    assert django_static.staticfile("/img/i.png") == "/img/i.png"
    assert django_static.staticfile("/img/j.png") == "/img/j.png"
    assert len(warned()) == 1
    assert "staticbuild" in warned()[0]
    page.build()
    assert "css" in page.render("p.html")


class TestAll:
    def test_every_file_the_finders_know(self, built):
        built.app_file("a/x.css", "x{y:url(i.png)}")
        built.app_file("a/i.png", b"i")
        built.app_file("a/empty.js", b"")
        out = built.build("--all")
        assert "3 files" in out
        names = sorted(
            str(path.relative_to(built.static)) for path in built.static.rglob("*.*") if path.is_file()
        )
        plain = [name for name in names if ".django-static" not in name]
        assert len(plain) == 6
        for name in ("a/x.css", "a/i.png", "a/empty.js"):
            assert (built.static / name).read_bytes() == (built.extra / name).read_bytes()

    def test_originals_follow_their_changes(self, built):
        path = built.app_file("x.txt", "1")
        built.build("--all")
        published = next(built.static.glob("x.*.txt"))
        path.write_text("2")
        built.build("--all")
        assert (built.static / "x.txt").read_text() == "2"
        assert published.read_text() == "1"
        (built.static / "x.txt").unlink()
        built.build("--all")
        assert (built.static / "x.txt").read_text() == "2"

    def test_a_link_that_leads_out_is_refused(self, built, tmp_path):
        (tmp_path / "secret.txt").write_text("secret")
        (built.extra / "x.txt").symlink_to(tmp_path / "secret.txt")
        folder = tmp_path / "outside"
        folder.mkdir()
        (folder / "y.txt").write_text("secret")
        (built.extra / "sub").symlink_to(folder)
        out = built.build("--all")
        assert not list(built.static.rglob("x*.txt"))
        assert not list(built.static.rglob("y*.txt"))
        assert out.count("out of") == 2

    def test_a_file_that_cannot_be_read(self, built):
        built.app_file("a.css", "a{}")
        broken = built.extra / "b.css"
        broken.symlink_to(built.extra / "no.css")
        assert "b.css" in built.build("--all")

    def test_names_that_differ_only_in_case_are_reported(self, built):
        built.app_file("A.css", "a{}")
        built.app_file("a.css", "a{}")
        assert "differ only in case" in built.build("--all")

    def test_originals_that_differ_only_in_case_are_reported(self, built):
        built.app_file("css/Base.css", "a { b: c }")
        built.app_file("css/base.css", "d { e: f }")
        assert "static/css/base.css differ only in case" in built.build("--all").replace(
            "Base.css differ", "base.css differ"
        )


class TestStorage:
    @pytest.fixture
    def stored(self, built, settings):
        settings.STORAGES = {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django_static.storage.StaticStorage"},
        }
        built.app_file("css/x.css", "x { y : url(../i.png) }")
        built.app_file("i.png", b"i")
        return built

    def test_static_prints_the_names_of_the_manifest(self, stored):
        stored.page("p.html", "{% static 'css/x.css' %} {% staticfile '/static/css/x.css' %}")
        stored.build()
        first, second = stored.render("p.html").split()
        assert re.fullmatch(r"/static/css/x\.[0-9a-f]{12}\.css", first)
        assert first == second

    def test_inside_a_block(self, stored):
        stored.app_file("css/z.css", "z { y : x }")
        html = "{% slimall %}<link rel=stylesheet href='{% static 'css/x.css' %}'><link rel=stylesheet href='{% static 'css/z.css' %}'>{% endslimall %}"
        stored.page("p.html", html)
        stored.build()
        for _ in range(2):
            assert re.fullmatch(
                r'<link rel=stylesheet href="/static/css/x_z\.[0-9a-f]{12}\.css">', stored.render("p.html")
            )
            stored.build()

    def test_collectstatic_drives_it(self, stored):
        stored.page("p.html", "{% static 'css/x.css' %} {% slimfile '/static/css/x.css' %}")
        out = StringIO()
        call_command("collectstatic", interactive=False, stdout=out)
        assert "2 static files copied" in out.getvalue()
        assert "2 post-processed" in out.getvalue()
        plain, slim = stored.render("p.html").split()
        assert plain != slim
        for url in (plain, slim):
            assert (stored.static / url.removeprefix("/static/")).exists()

    def test_one_that_is_not_there(self, stored):
        stored.page("p.html", "{% static 'no.css' %}")
        stored.build()
        assert stored.render("p.html") == "/static/no.css"

    def test_before_the_first_build(self, stored):
        stored.page("p.html", "{% static 'css/x.css' %}")
        resolver.reset()
        assert stored.render("p.html") == "/static/css/x.css"


class TestCheck:
    @pytest.fixture
    def check(self, built):
        def run(*arguments: str) -> list[str]:
            out = StringIO()
            before = sorted(built.site.published()), sorted(built.static.rglob("*"))
            code = 0
            try:
                call_command("staticbuild", "--check", *arguments, stdout=out, stderr=out, skip_checks=True)
            except CommandError as error:
                code = error.returncode
            if code == 0:
                assert "every reference leads to a file" in out.getvalue()
                return []
            assert code == 1
            assert before == (sorted(built.site.published()), sorted(built.static.rglob("*")))
            return out.getvalue().splitlines()

        return run

    @pytest.mark.parametrize(
        ("files", "page", "said"),
        [
            pytest.param(
                {}, "\n{% staticfile '/no.png' %}", "p.html, line 2, {% staticfile %}: '/no.png'", id="file"
            ),
            pytest.param(
                {},
                "{% slimall %}<script src=/no.js></script>{% endslimall %}",
                "line 1, {% slimall %}: '/no.js'",
                id="block",
            ),
            pytest.param(
                {"a.css": "\na{b:url(no.png)}"}, "{% slimfile '/a.css' %}", "a.css:2: '/no.png'", id="url"
            ),
            pytest.param(
                {"a.css": "@import 'no.css';"}, "{% slimfile '/a.css' %}", "a.css:1: '/no.css'", id="import"
            ),
            pytest.param(
                {"a.css": "a{b:image-set('no.png' 1x)}"},
                "{% slimfile '/a.css' %}",
                "a.css:1: '/no.png'",
                id="image-set",
            ),
            pytest.param(
                {"a.css": "a{b:src('no.png')}"}, "{% slimfile '/a.css' %}", "a.css:1: '/no.png'", id="src"
            ),
            pytest.param(
                {"a.js": "\nimport './no.js'"}, "{% slimfile '/a.js' %}", "a.js:2: '/no.js'", id="module"
            ),
            pytest.param(
                {"a.js": "new URL('no.wasm', import.meta.url)"},
                "{% slimfile '/a.js' %}",
                "a.js:1: '/no.wasm'",
                id="asset",
            ),
            pytest.param(
                {"a.js": "a()\r\n//# sourceMappingURL=no.map\r\n"},
                "{% slimfile '/a.js' %}",
                "a.js:2: '/no.map'",
                id="map",
            ),
            pytest.param(
                {"a.js": "import './b.js'", "b.js": "import './no.js'"},
                "{% slimfile '/a.js' %}",
                "b.js:1: '/no.js'",
                id="deep",
            ),
        ],
    )
    def test_what_leads_nowhere(self, built, check, files, page, said):
        for name, text in files.items():
            built.site.write(name, text)
        built.page("p.html", page)
        lines = check()
        assert len(lines) == 1
        assert said in lines[0]
        assert check("--ignore", "*/media/*") == ([] if files else lines)

    def test_all_is_well(self, built, check):
        built.site.write("a.css", "a{b:url(i.png);c:url(https://example.com/x.png);d:url(data:,x);e:url(#f)}")
        built.site.write("i.png", "")
        built.site.write("a.js", "import 'lodash'; import './b.js'")
        built.site.write("b.js", "import './a.js'")
        built.page(
            "p.html",
            "{% slimfile '/a.css' %}{% staticfile '/a.js' %}{% staticfile 'https://example.com/x' %}",
        )
        assert check() == []

    def test_all_files_of_the_finders(self, built, check):
        built.app_file("x.css", "a{b:url(no.png)}")
        assert check() == []
        assert len(check("--all")) == 1

    def test_a_template_that_does_not_compile(self, built, check):
        built.page("p.html", "\n{% slimfile %}")
        lines = check()
        assert len(lines) == 1
        assert "p.html" in lines[0]


def test_two_builds_at_once(page):
    """In one process by threads; each has the lock for itself."""
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(page.build())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum("(0 written)" in result for result in results) == 2
    assert Manifest.read(page.manifest).runs


def test_the_manifest_is_plain_json(page):
    page.build()
    value = json.loads(page.manifest.read_text("utf-8"))
    assert value["format"] == 5
    assert value["settings"] == {
        "media_url": "",
        "name_prefix": "",
        "static_url": "/static/",
        "files_url": "/media/",
    }


def test_a_changed_image_gives_its_style_sheet_another_name(page):
    page.build()
    before = page.render("p.html")
    page.site.write("img/i.png", b"another picture", 1269174999)
    assert "(0 written)" not in page.build()
    after = page.render("p.html")
    (image,) = re.findall(r"'/img/([^']+)'", after)
    (sheet,) = re.findall(r'href="([^"]+)"', after)
    assert sheet not in before
    assert image in page.site.text(sheet)


@pytest.mark.parametrize("url", [".", "./", "..", "../", "./x/", "x/.."])
def test_a_folder_is_a_base_and_no_file(built, url):
    built.site.write("/js/deep/a.js", f"const base = new URL('{url}', import.meta.url)")
    built.page("a.html", '{% staticfile "/js/deep/a.js" %}')
    assert "leads to a file" in built.build("--check")
    assert "was not found" not in built.build()


def test_a_file_of_another_under_the_name_is_left_alone(built):
    built.app_file("a.css", "a{}")
    built.build("--all")
    (published,) = built.static.glob("a.*.css")
    built.forget()
    published.parent.mkdir()
    published.write_text("mine")
    built.build("--all")
    assert published.read_text() == "mine"
    (other,) = set(built.static.glob("a.*.css")) - {published}
    assert other.read_text() == "a{}"
