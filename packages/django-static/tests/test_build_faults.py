"""Builds that are killed, run out of room, meet one another or what an earlier one has left damaged."""

from __future__ import annotations

import gzip
import importlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import CommandError
from static_test_ways import Way, leftovers

from django_static.manifest import Manifest

HELPERS = Path(__file__).parent / "helpers"

PAGE = (
    '{% slimall %}<link rel="stylesheet" href="/css/a.css"><link rel="stylesheet" href="/css/b.css">{% endslimall %}'
    '{% staticfile "/css/c.css" %} {% slimfile "/js/a.js" %} {% staticfile "/i/0.png" %}'
)


@pytest.fixture
def built(site, settings):
    """A site that is built ahead, names by content, into a folder of its own."""
    settings.DJANGO_STATIC_SAVE_PREFIX = str(site.root / "out")
    way = Way(site, settings, "build", "hash", "/forever")
    fill(site, "one")
    return way


def fill(site, what: str) -> None:
    for number in range(20):
        site.write(f"i/{number}.png", f"{what} {number}")
    site.write("css/a.css", f"/* {what} */ a {{ b: url(../i/1.png) }}")
    site.write("css/b.css", f".{what} {{ b: url(../i/2.png) }}")
    site.write("css/c.css", "".join(f".a{n} {{ b: url(../i/{n}.png) }}" for n in range(20)))
    site.write("js/a.js", f'import "./b.js"; {what}()')
    site.write("js/b.js", f'import "./a.js"; {what}()')


def whole(way: Way, what: str = "") -> list[str]:
    """The URLs the manifest names; everything they lead to is there and whole."""
    manifest = Manifest.read(way.out / ".django-static" / "manifest.json")
    urls = [printed.public for run in manifest.runs.values() for printed in run]
    assert urls
    pending, seen = list(urls), set()
    while pending:
        url = pending.pop()
        if url in seen:
            continue
        seen.add(url)
        data = way.bytes(url)
        if url.endswith(".png"):
            assert data.decode().partition(" ")[0] in ("one", "two")
            assert data.decode().startswith(what)
        else:
            assert data.endswith((b"}", b")", b";", b"\n"))
            pending += way.loads(url)
    assert len(seen) > 20
    return urls


def again(way: Way) -> None:
    way.publish(page=PAGE)


class TestKilled:
    SCRIPT = "import sys; sys.path.insert(0, {helpers!r}); from static_test_ways import build_in_process; build_in_process({arguments!r})"

    def start(self, way: Way) -> subprocess.Popen[bytes]:
        script = self.SCRIPT.format(helpers=str(HELPERS), arguments=(str(way.site.root), PAGE))
        return subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def test_at_any_moment(self, built):
        again(built)
        whole(built, "one")
        chance = random.Random(7)
        killed = 0
        for number in range(6):
            fill(built.site, ("two", "one")[number % 2])
            process = self.start(built)
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(chance.random() * 0.12)  # any moment will do
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=30)
            killed += process.returncode == -signal.SIGKILL
            whole(built)
        assert killed
        fill(built.site, "two")
        again(built)
        whole(built, "two")
        assert leftovers(built.site.root) == []

    def test_two_at_once(self, built):
        processes = [self.start(built) for _ in range(2)]
        for process in processes:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
        whole(built, "one")
        assert leftovers(built.site.root) == []

    def test_while_pages_are_rendered(self, built, settings):
        process = self.start(built)
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
        lazy = Way(built.site, settings, "lazy", "hash", "/forever")
        shown = {lazy.show(PAGE) for _ in range(5)}
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
        assert shown == {built.show(PAGE)}
        whole(built, "one")


class TestNoRoom:
    @pytest.fixture
    def small(self, built) -> Iterator[Path]:
        """The target is a file system of 400 KB."""
        built.out.mkdir()
        if (
            os.geteuid()
            or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", built.out],
                check=False,
                capture_output=True,
            ).returncode
        ):
            pytest.skip("mounting a small file system takes root")
        yield built.out
        subprocess.run(["umount", built.out], check=True)

    def test_on_the_disk(self, built, small):
        again(built)
        urls = whole(built, "one")
        built.site.write("css/c.css", b"a { b: c }" * 80_000)
        with pytest.raises(
            CommandError, match=r"No space left on device.*the manifest is what it was before"
        ):
            again(built)
        assert whole(built, "one") == urls
        fill(built.site, "two")
        again(built)
        whole(built, "two")
        assert leftovers(small) == []

    def test_where_nothing_can_be_written(self, built, small, settings, warned):
        again(built)
        urls = whole(built, "one")
        shown = built.show(PAGE)
        fill(built.site, "two")
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)
        try:
            with pytest.raises(CommandError, match="Read-only file system"):
                again(built)
            assert whole(built, "one") == urls
            settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
            lazy = Way(built.site, settings, "lazy", "hash", "/forever")
            assert '"/css/a.css"' in lazy.show(PAGE)
            assert "Read-only file system" in warned()[-1]
        finally:
            subprocess.run(["mount", "-o", "remount,rw", small], check=True)
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
        assert built.show(PAGE) != shown
        whole(built, "two")

    def test_for_a_file(self, built, monkeypatch):
        # Python would leave a compiled module that is cut off, and every later process would fail at it.
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        again(built)
        urls = whole(built, "one")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        built.site.write("i/0.png", b"one " * 30_000)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
            with pytest.raises(CommandError, match="File too large"):
                again(built)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert whole(built, "one") == urls
        again(built)
        whole(built, "one")
        assert leftovers(built.site.root) == []

    def test_for_records_and_history(self, built, monkeypatch):
        """The manifest is in place by then: the build has not failed, but has to be done anew another time."""

        def full(*arguments):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("django_static.history.History.add", full)
            again(built)
        assert "No space left" in built.said
        whole(built, "one")
        again(built)
        whole(built, "one")

    @pytest.mark.parametrize("mode", ["lazy", "build"])
    def test_at_all(self, built, mode, warned):
        built.out.write_text("not a folder")
        built.mode = mode
        built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = mode == "build"
        if mode == "lazy":
            assert '"/css/a.css"' in built.show(PAGE)
            assert "could not be published" in warned()[0]
        else:
            with pytest.raises(CommandError):
                again(built)


DAMAGES = {
    "gone": None,
    "empty": "",
    "cut": "half",
    "not json": "\xff\0",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "of the future": '{"format": 99, "records": [], "new": {}}',
    "records of the future": '{"format": 1, "records": {"a": {"uses": 1}, "b": [], "c": {"uses": [["a", 1]], "outputs": [[]]}}}',
    "infinite": '{"format": 1, "records": {"a": {"uses": [], "missing": [], "inputs": {"/a": [1e999, 1, 1]}, "outputs": []}}}',
    "names of the future": '{"a": 1, "b": [1, 2, 3], "c": [[1], null], "d": [[1e999, 1, 1], null]}',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_state(built, damage):
    built.settings.STATIC_ROOT = str(built.site.root / "static")
    again(built)
    shown = built.show(PAGE)
    fill(built.site, "two")
    state = built.out / ".django-static"
    (state / "originals.json").write_text('{"a": [[1, 2, 3], [1, 2, 3]]}')
    for place in [*state.glob("*.json"), *(state / "builds").iterdir()]:
        if damage is None:
            place.unlink()
        elif damage == "half":
            place.write_bytes(place.read_bytes()[: place.stat().st_size // 2])
        else:
            place.write_bytes(damage.encode("latin-1"))
    again(built)
    whole(built, "two")
    assert built.show(PAGE) != shown


def test_the_state_is_deleted_between_builds(built):
    again(built)
    shown = built.show(PAGE)
    shutil.rmtree(built.out / ".django-static")
    assert built.show(PAGE) == shown
    whole(built, "one")


@pytest.mark.parametrize("mode", ["lazy", "build"])
@pytest.mark.parametrize("mtime", [0, -5, -(2**40), 1, 2**31 + 5, 2**33])
def test_odd_times(site, settings, mode, mtime):
    way = Way(site, settings, mode, "mtime", "")
    site.write("css/a.css", "a { b: url(../i.png) }", mtime)
    site.write("i.png", b"i", mtime - 10)
    stamp = site.media.joinpath("css/a.css").stat().st_mtime_ns // 10**9  # as the file system keeps it
    url = way.url("/css/a.css")
    assert url == f"/css/a.{stamp}.css"
    assert [way.bytes(each) for each in way.loads(url)] == [b"i"]


SAME_TIME = {
    "minified": ("{% slimfile '/js/a.js' %}", "js/a.js", "var  one", "var  two"),
    "as it is": ("{% staticfile '/js/a.js' %}", "js/a.js", "var  one", "var  two"),
    "longer": ("{% staticfile '/js/a.js' %}", "js/a.js", "var  one", "var  three"),
    "a picture": ("{% staticfile '/i.png' %}", "i.png", "one", "two"),
    "a sheet": (
        "{% staticfile '/css/a.css' %}",
        "css/a.css",
        "a { b: url(../i.png) }",
        "p { b: url(../i.png) }",
    ),
    "joined": (
        '{% slimall %}<script src="/js/z.js"></script><script src="/js/a.js"></script>{% endslimall %}',
        "js/a.js",
        "var  one",
        "var  two",
    ),
    "a circle": ("{% staticfile '/js/m.mjs' %}", "js/m.mjs", "import './n.mjs'; 1", "import './n.mjs'; 2"),
}


@pytest.mark.parametrize("mode", ["lazy", "build"])
@pytest.mark.parametrize("prefix", ["", "/forever"])
@pytest.mark.parametrize(("page", "name", "before", "after"), SAME_TIME.values(), ids=SAME_TIME)
def test_a_time_stands_for_one_content(site, settings, mode, prefix, page, name, before, after):
    """Twice within a second, or where a deployment sets all times to one."""
    settings.DJANGO_STATIC_USE_SYMLINK = False
    settings.DJANGO_STATIC_SOURCE_MAPS = True
    way = Way(site, settings, mode, "mtime", prefix)
    for each, text in (("i.png", "i"), ("js/z.js", "var  z"), ("js/n.mjs", "import './m.mjs'")):
        site.write(each, text, 1_000_000_000)
    site.write(name, before, 1_000_000_000)
    first = way.show(page)
    files = {
        path: path.read_bytes()
        for path in way.out.rglob("*.1000000000*")
        if ".django-static" not in path.parts
    }
    assert files
    path = site.write(name, after, 1_000_000_000)
    os.utime(path, ns=(1_000_000_000 * 10**9 + 7,) * 2)
    second = way.show(page)
    assert second != first
    assert {path: path.read_bytes() for path in files} == files
    assert way.show(page) == second
    path = site.write(name, before, 1_000_000_000)
    os.utime(path, ns=(1_000_000_000 * 10**9 + 9,) * 2)
    assert way.show(page) == first


def test_what_was_damaged_is_published_again_under_its_name(site, settings):
    """Its name stands for what it was, and pages that were sent name it."""
    way = Way(site, settings, "build", "mtime", "/forever")
    site.write("i.png", "picture", 1_000_000_000)
    site.write("js/a.js", "var  one", 1_000_000_000)
    page = "{% staticfile '/i.png' %} {% slimfile '/js/a.js' %}"
    urls = way.show(page).split()
    good = [way.bytes(url) for url in urls]
    for url, text in zip(urls, ("pic", "var 2"), strict=True):
        way.path(url).write_text(text)
    assert way.show(page).split() == urls
    assert [way.bytes(url) for url in urls] == good


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
def test_damage_of_the_same_size_is_mended(site, settings, fingerprint):
    """One bit of a disk or of a transfer: neither the originals nor the sizes tell of it."""
    way = Way(site, settings, "build", fingerprint, "/forever")
    settings.DJANGO_STATIC_COMPRESS = ("gz",)
    site.write("i.png", "picture", 1_000_000_000)
    site.write("js/a.js", "one();" + "call();" * 400, 1_000_000_000)
    site.write("a.css", "a { b: url(i.png) }", 1_000_000_000)
    page = "{% staticfile '/i.png' %} {% slimfile '/js/a.js' %} {% slimfile '/a.css' %}"
    urls = way.show(page).split()
    good = [way.bytes(url) for url in urls]
    packed = gzip.decompress(way.bytes(f"{urls[1]}.gz"))
    assert packed == good[1]
    for url, data in zip(urls, good, strict=True):
        way.path(url).write_bytes(bytes([data[0] ^ 1]) + data[1:])
    way.path(f"{urls[1]}.gz").unlink()
    shutil.rmtree(way.out / ".django-static/compressed")
    assert way.show(page).split() == urls
    assert [way.bytes(url) for url in urls] == good
    assert gzip.decompress(way.bytes(f"{urls[1]}.gz")) == packed


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
def test_files_that_only_got_other_times_stay_as_they_are(site, settings, fingerprint):
    """As when a folder is copied."""
    way = Way(site, settings, "build", fingerprint, "/forever")
    fill(site, "one")
    first = way.show(PAGE)
    before = {}
    for path in [
        path for path in way.out.rglob("*") if path.is_file() and ".django-static" not in path.parts
    ]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
        before[path] = path.stat().st_ino, path.stat().st_mtime_ns
    assert before
    assert way.show(PAGE) == first
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in before} == before


def test_what_was_damaged_does_not_get_another_content(site, settings):
    way = Way(site, settings, "build", "mtime", "/forever")
    site.write("js/a.js", "var  one", 1_000_000_000)
    page = "{% slimfile '/js/a.js' %}"
    url = way.show(page)
    way.path(url).write_text("damaged")
    site.write("js/a.js", "var  another", 1_000_000_000)
    other = way.show(page)
    assert other != url
    assert b"another" in way.bytes(other)
    assert way.bytes(url) == b"damaged"


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
@pytest.mark.parametrize("place", ["", "static"])
def test_published_files_are_not_published_again(site, settings, fingerprint, place):
    """STATIC_ROOT is a media root, or lies in one; patterns must not find what was published before."""
    way = Way(site, settings, "build", fingerprint, "")
    settings.STATIC_ROOT = str(site.media / place)
    settings.DJANGO_STATIC_BUNDLES = {"slimfile": ["/*.css", "*.js"], "staticfile": ["/i/*"]}
    fill(site, "one")
    way.publish(page=PAGE)
    before = site.published()
    for _ in range(2):
        way.publish(page=PAGE)
        assert site.published() == before
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    lazy = Way(site, settings, "lazy", fingerprint, "")
    lazy.publish(page=PAGE)
    lazy.show(PAGE)
    way.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    way.publish(page=PAGE)
    assert [name for name in site.published() if name.count(".") > 2] == []


@pytest.mark.parametrize("mode", ["lazy", "build"])
@pytest.mark.parametrize("pattern", ["", ".*", "(?!)"])
@pytest.mark.parametrize("prefix", ["", "/forever"])
def test_hashed_names(site, settings, mode, pattern, prefix):
    way = Way(site, settings, mode, "hash", prefix)
    settings.DJANGO_STATIC_HASHED_NAMES = pattern
    site.write("css/a.css", "a { b: url(../i.png) }")
    site.write("i.png", b"i")
    for what in ("one", "two"):
        site.write("css/a.css", f".{what} {{ b: url(../i.png) }}")
        url = way.url("/css/a.css")
        assert f".{what} ".encode() in way.bytes(url)
        assert (url == f"{prefix}/css/a.css") is (pattern == ".*") or what == "two"


def broken(*arguments: object) -> str:
    raise KeyError("no name")


def constant(*arguments: object) -> str:
    return "/same.png"


SCRIPTS = '{% staticall %}<script src="/js/x.js"></script><script src="/js/y.js"></script>{% endstaticall %}'


@pytest.mark.parametrize("setting", ["FILENAME_GENERATOR", "COMBINE_FILENAMES_GENERATOR"])
class TestGenerators:
    @pytest.fixture(params=["lazy", "build"])
    def way(self, request, site, settings):
        fill(site, "one")
        site.write("js/x.js", "x()")
        site.write("js/y.js", "y()")
        return Way(site, settings, request.param, "mtime", "")

    def test_one_that_fails(self, way, setting, warned):
        setattr(way.settings, f"DJANGO_STATIC_{setting}", broken)
        if way.mode == "lazy":
            html = way.show(PAGE + SCRIPTS)
            assert ("/css/c.css" in html) is (setting == "FILENAME_GENERATOR")
            assert ('<script src="/js/x.js"></script>' in html) is setting.startswith("COMBINE")
            assert any("no name" in message for message in warned())
        else:
            with pytest.raises(CommandError, match=r"the filename generator broken failed for .* 'no name'"):
                way.show(PAGE + SCRIPTS)

    def test_one_that_gives_the_same_name_to_all(self, way, setting):
        setattr(way.settings, f"DJANGO_STATIC_{setting}", constant)
        html = way.show(PAGE + SCRIPTS)
        head = html.partition("<script")[0]
        first = head.partition('href="')[2].partition('"')[0]
        css, js, png = head.rpartition(">")[2].split()
        assert b"one" in way.bytes(first)
        assert [way.bytes(url) for url in way.loads(css)] == [f"one {n}".encode() for n in range(20)]
        assert b"one()" in way.bytes(js)
        assert way.bytes(png) == b"one 0"


def outside(*arguments: object) -> str:
    return "/bundles/x.js"


@pytest.mark.parametrize("mode", ["lazy", "build"])
@pytest.mark.parametrize("setting", ["FILENAME_GENERATOR", "COMBINE_FILENAMES_GENERATOR"])
def test_a_generated_name_outside_of_all_folders(site, settings, tmp_path, mode, setting, warned):
    """Below STATIC_URL it is a path of another folder than STATIC_ROOT."""
    settings.STATIC_ROOT = str(tmp_path / "site/static")
    way = Way(site, settings, mode, "mtime", "")
    settings.STATICFILES_DIRS = [str(tmp_path / "assets")]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    finders.get_finder.cache_clear()
    (tmp_path / "assets").mkdir()
    for name in "xy":
        (tmp_path / f"assets/{name}.js").write_text(f"{name}()")
    setattr(settings, f"DJANGO_STATIC_{setting}", outside)
    page = SCRIPTS.replace('"/js/', '"/static/')
    if not setting.startswith("COMBINE"):
        page = page.replace('<script src="/static/y.js"></script>', "")
    said = r"gave '/bundles/x.js' for '/static/x.js', which would be .*/site/bundles/x.js and outside of"
    if mode == "build":
        with pytest.raises(CommandError, match=said):
            way.show(page)
    else:
        assert way.show(page) == page.partition("%}")[2].partition("{%")[0]
        assert any(re.search(said, message) for message in warned())
    assert not (tmp_path / "site/bundles").exists()
    finders.get_finder.cache_clear()


@pytest.mark.parametrize("mode", ["lazy", "build"])
def test_code_of_a_generator_that_is_edited(site, settings, tmp_path, monkeypatch, mode):
    module = tmp_path / "own_names.py"
    monkeypatch.syspath_prepend(tmp_path)
    settings.DJANGO_STATIC_FILENAME_GENERATOR = "own_names.name"
    way = Way(site, settings, mode, "mtime", "/forever")
    site.write("i.png", "i")
    for number in (1, 2):
        module.write_text(f"def name(parts, stamp): return f'{{parts[0]}}.v{number}{{parts[1]}}'\n")
        os.utime(module, (number, number))
        sys.modules.pop("own_names", None)
        importlib.invalidate_caches()
        assert way.url("/i.png") == f"/forever/i.v{number}.png"


@pytest.mark.parametrize("mode", ["lazy", "build"])
def test_one_of_several_that_is_missing(site, settings, mode, warned):
    way = Way(site, settings, mode, "mtime", "")
    site.write("js/x.js", "x()", 1_000_000_000)
    assert way.url("/js/x.js; /js/gone.js") == "/js/x.1000000000.js"
    told = [*warned(), way.said]
    assert any("it is left out of '/js/x.js; /js/gone.js'" in each for each in told)
    assert not any("URL is printed" in each for each in told)
