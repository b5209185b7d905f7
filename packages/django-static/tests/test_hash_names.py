"""Names by content: ``DJANGO_STATIC_FINGERPRINT = "hash"``."""

from __future__ import annotations

import hashlib
import os
import random
import re
import string

import pytest

import django_static
from django_static import checks
from django_static.records import HASHED_NAMES

VITE = re.compile(checks._VITE)
ESBUILD = re.compile(r"-[A-Z2-7]{8}\.")
HASHED = re.compile(r"\.([0-9a-f]{12})\.\w+$")


@pytest.fixture
def hashed(site):
    site.settings.DJANGO_STATIC_FINGERPRINT = "hash"
    return site


def mark(url: str) -> str:
    found = HASHED.search(url)
    assert found, url
    return found[1]


def test_the_time_does_not_matter(hashed):
    path = hashed.write("a.png", b"picture", 5)
    first = django_static.staticfile("/a.png")
    assert HASHED.search(first)
    os.utime(path, (99, 99))
    hashed.restart()
    assert django_static.staticfile("/a.png") == first


def test_the_content_does(hashed):
    hashed.write("a.png", b"one", 5)
    first = django_static.staticfile("/a.png")
    hashed.write("a.png", b"two", 5)
    hashed.restart()
    assert django_static.staticfile("/a.png") != first


def test_published_bytes_are_of_their_own(hashed):
    """A link would change under its name when the original is edited in place."""
    path = hashed.write("a.png", b"one")
    published = hashed.media / django_static.staticfile("/a.png").lstrip("/")
    assert not published.is_symlink()
    path.write_bytes(b"two")
    assert published.read_bytes() == b"one"


def test_slim_and_plain_have_names_of_their_own(hashed):
    hashed.write("a.js", "a ( 1 ) ;")
    plain, slim = django_static.staticfile("/a.js"), django_static.slimfile("/a.js")
    assert plain != slim
    assert hashed.text(plain) == "a ( 1 ) ;"
    assert hashed.text(slim) == "a(1)"


@pytest.mark.parametrize(
    ("files", "name", "change"),
    [
        pytest.param({"a.css": "a{b:url(i.png)}", "i.png": "1"}, "/a.css", {"i.png": "2"}, id="image"),
        pytest.param(
            {"a.css": "@import 'b.css'", "b.css": "a{b:url(i.png)}", "i.png": "1"},
            "/a.css",
            {"i.png": "2"},
            id="image of an import",
        ),
        pytest.param({"a.js": "import './b.js'", "b.js": "b()"}, "/a.js", {"b.js": "c()"}, id="module"),
        pytest.param(
            {"a.js": "new Worker(new URL('./w.js', import.meta.url))", "w.js": "b()"},
            "/a.js",
            {"w.js": "c()"},
            id="worker",
        ),
        pytest.param(
            {"a.js": "a()\n//# sourceMappingURL=a.js.map\n", "a.js.map": "{}"},
            "/a.js",
            {"a.js.map": "{ }"},
            id="map",
        ),
    ],
)
def test_what_a_file_refers_to_is_in_its_name(hashed, files, name, change):
    for file, text in files.items():
        hashed.write(file, text)
    first = django_static.staticfile(name)
    for file, text in change.items():
        hashed.write(file, text)
    hashed.restart()
    second = django_static.staticfile(name)
    assert mark(first) != mark(second)
    referred = re.search(r"[\w./]+\.[0-9a-f]{12}\.\w+", hashed.text(second))
    assert referred
    assert (hashed.media / referred[0].removeprefix("./")).exists()


class TestCircles:
    @pytest.fixture(autouse=True)
    def _as_written(self, settings):
        settings.DJANGO_STATIC_MINIFIERS = {"js": None}

    MODULES = {
        "js/a.js": "import {b} from './b.js'; export const a = 1",
        "js/b.js": "import {c} from './sub/c.js'; export const b = 1",
        "js/sub/c.js": "import {a} from '../a.js'; import '../leaf.js'; export const c = 1",
        "js/leaf.js": "leaf()",
    }

    @pytest.fixture
    def circle(self, hashed):
        for name, text in self.MODULES.items():
            hashed.write(name, text)
        return hashed

    @staticmethod
    def specifiers(site, url):
        return re.findall(r"from '([^']+)'", site.text(url))

    def test_every_reference_is_right(self, circle, warned):
        a = django_static.staticfile("/js/a.js")
        b = "/js/" + self.specifiers(circle, a)[0].removeprefix("./")
        c = "/js/" + self.specifiers(circle, b)[0].removeprefix("./")
        assert self.specifiers(circle, c) == [f"../{a.rpartition('/')[2]}"]
        assert warned() == [], "modules may import one another"

    def test_the_names_do_not_depend_on_where_one_begins(self, circle):
        first = [django_static.staticfile(f"/{name}") for name in self.MODULES]
        for path in circle.media.rglob("*.js"):
            if HASHED.search(path.name):
                path.unlink()
        circle.restart()
        again = {name: django_static.staticfile(f"/{name}") for name in reversed(self.MODULES)}
        assert first == [again[name] for name in self.MODULES]
        for url in first:
            assert (circle.media / url.lstrip("/")).exists()

    @pytest.mark.parametrize("changed", ["js/a.js", "js/b.js", "js/sub/c.js", "js/leaf.js"])
    def test_a_change_of_one_renames_all(self, circle, changed):
        names = ["js/a.js", "js/b.js", "js/sub/c.js"]
        first = {mark(django_static.staticfile(f"/{name}")) for name in names}
        circle.write(changed, self.MODULES[changed] + ";d()", 7)
        circle.restart()
        second = {mark(django_static.staticfile(f"/{name}")) for name in names}
        assert not first & second
        assert len(first) == len(second) == 3

    def test_a_member_that_is_gone_from_the_published_files_comes_back(self, circle):
        a = django_static.staticfile("/js/a.js")
        b = circle.media / "js" / self.specifiers(circle, a)[0]
        b.unlink()
        circle.restart()
        assert django_static.staticfile("/js/a.js") == a
        assert b.exists()

    def test_a_module_that_imports_itself(self, hashed):
        hashed.write("a.js", "import * as me from './a.js'")
        url = django_static.staticfile("/a.js")
        assert hashed.text(url) == f"import * as me from './{url.lstrip('/')}'"

    def test_by_time_they_have_the_newest(self, circle):
        circle.settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        circle.write("js/leaf.js", "leaf()", 2_000_000_000)
        circle.restart()
        assert django_static.staticfile("/js/a.js") == "/js/a.2000000000.js"
        assert "'./b.2000000000.js'" in circle.text("/js/a.2000000000.js")
        assert "'../a.2000000000.js'" in circle.text("/js/sub/c.2000000000.js")

    def test_by_time_a_change_within_a_second_gets_names_of_its_own(self, circle):
        circle.settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        first = django_static.staticfile("/js/a.js")
        old = circle.text(first)
        circle.write("js/b.js", self.MODULES["js/b.js"] + ";other()")
        circle.restart()
        second = django_static.staticfile("/js/a.js")
        assert second != first
        assert circle.text(first) == old
        b = "/js/" + self.specifiers(circle, second)[0].removeprefix("./")
        assert "other()" in circle.text(b)


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("main.3f2a9c1b.js", True),
        ("chunk-0a1b2c3d4e5f.css", True),
        (f"a.{'0a' * 32}.png", True),
        ("jquery-3.7.1.js", False),
        ("release-20240101.css", False),
        ("a.facade.css", False),
        ("app.deadbeef.js", False),
        ("bootstrap.min.js", False),
        ("0a1b2c3d.js", False),
    ],
)
def test_names_that_are_hashed_already_are_kept(hashed, name, is_kept):
    hashed.write(name, "a()" if name.endswith("js") else "a{}")
    assert (django_static.slimfile(f"/{name}") == f"/{name}") is is_kept


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("main.3f2a9c1b.js", HASHED_NAMES),  # webpack, Parcel
        ("runtime~main.4b1d6c9e.js", HASHED_NAMES),
        ("787.28cb0dcd.chunk.js", HASHED_NAMES),
        ("app.5f3a2b1c9d8e7f60a1b2.css", HASHED_NAMES),
        ("logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg", HASHED_NAMES),
        ("main-3f2a9c1b.js.map", HASHED_NAMES),  # Vite 4; hexadecimal digits of Rollup
        ("base.d9f5e6a1c2b3.css", HASHED_NAMES),  # Django
        ("index-BkYxQ_z1.js", VITE),
        ("index-DiwrgTda.js", VITE),
        ("index-4sK7KNYE.css", VITE),
        ("index-f40OySzR.js.map", VITE),
        ("index-legacy-CxYz12_3.js", VITE),
        ("react-CHdo91hT.svg", VITE),
        ("inter-latin-400-normal-C38fXH4l.woff2", VITE),
        ("vendor-B-Ab_1c-.js", VITE),
        ("index--_Ab12cd.js", VITE),
        ("chunk-q1w2e3r4.js", VITE),
        ("chunk-QHB3TXAB.js", VITE),  # esbuild
        ("main-FFKIDVLJ.js", VITE),
        ("main-FFKIDVLJ.js", ESBUILD),
        ("styles-5INURTSO.css", ESBUILD),
    ],
)
def test_names_of_bundlers(name, pattern):
    assert re.search(pattern, name)


@pytest.mark.parametrize("pattern", [HASHED_NAMES, VITE, ESBUILD])
@pytest.mark.parametrize(
    "name",
    [
        "icon-calendar.svg",
        "icon-viewlink.svg",
        "icon-hidelink.svg",
        "oauth2-redirect.html",
        "plugin-forms-overview.js",
        "jquery-validate.js",
        "moment-timezone.js",
        "jquery-3.7.1.min.js",
        "jquery-ui-1.13.2.css",
        "bootstrap-theme.min.css",
        "Roboto-Semibold.woff2",
        "font-awesome4.css",
        "site-version2.js",
        "photo-20241231.jpg",
        "photo-12-31-24.jpg",
        "photo-12_31_24.jpg",
        "icon-1024x768.png",
        "icon-512x512.png",
        "logo-dark-mode.svg",
        "index-longer-than-eight.js",
        "BkYxQ_z1.js",
    ],
)
def test_names_of_people(name, pattern):
    assert re.search(pattern, name) is None


def test_the_pattern_for_vite_takes_few_hashes_for_words():
    chosen = random.Random(5)
    letters = string.ascii_letters + string.digits + "-_"
    hashes = ["".join(chosen.choices(letters, k=8)) for _ in range(20_000)]
    assert sum(re.search(VITE, f"index-{each}.js") is None for each in hashes) < 0.005 * len(hashes)


def test_a_pattern_of_ones_own(hashed):
    hashed.settings.DJANGO_STATIC_HASHED_NAMES = checks._VITE
    hashed.write("index-BxYz12_3.js", "import './b-CdEf34_5.js'")
    hashed.write("b-CdEf34_5.js", "b()")
    assert django_static.staticfile("/index-BxYz12_3.js") == "/index-BxYz12_3.js"
    assert hashed.text("/index-BxYz12_3.js") == "import './b-CdEf34_5.js'"


def test_a_kept_name_goes_to_the_save_prefix(hashed, tmp_path):
    hashed.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "saved")
    hashed.settings.DJANGO_STATIC_NAME_PREFIX = "/forever"
    hashed.write("js/main.3f2a9c1b.js", "main()")
    assert django_static.staticfile("/js/main.3f2a9c1b.js") == "/forever/js/main.3f2a9c1b.js"
    assert hashed.text("/js/main.3f2a9c1b.js", tmp_path / "saved") == "main()"


def test_a_bundle_has_the_hash_of_its_bytes(hashed):
    hashed.write("a.css", "a{b:c}")
    hashed.write("b.css", "b{b:c}")
    html = hashed.slimall("<link rel=stylesheet href=/a.css><link rel=stylesheet href=/b.css>")
    url = html.split('"')[1]
    assert url.startswith("/a_b.")
    data = (hashed.media / url.lstrip("/")).read_bytes()
    assert mark(url) == hashlib.sha256(data).hexdigest()[:12]


def test_a_generator_gets_the_mark(hashed):
    hashed.settings.DJANGO_STATIC_FILENAME_GENERATOR = "static_test_helpers.by_version"
    hashed.write("a.css", "a{b:c}")
    assert re.fullmatch(r"/a-v[0-9a-f]{12}\.css", django_static.staticfile("/a.css"))
