"""``staticclean``: what nobody wants is removed, and nothing else, however often it is killed and whatever records say."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from django_static import build_shelf, cleaning, names, output, resolver, retention, staticfile
from django_static.history import History

DAY = 86_400
NEVER = "--keep-builds=1", "--keep-days=0"


class Cleaned:
    """A site that is built, or whose pages publish, and cleaned by the command."""

    def __init__(self, site, settings, tmp_path):
        self.site = site
        self.settings = settings
        self.static = tmp_path / "static"
        self.app = tmp_path / "app"
        self.app.mkdir()
        settings.STATIC_ROOT = str(self.static)
        settings.STATICFILES_DIRS = [str(self.app)]
        settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
        settings.DJANGO_STATIC_FINGERPRINT = "hash"
        settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / "state" / "manifest.json")
        self.state = tmp_path / "state"
        self.pages = site.media / ".django-static"

    def bundles(self, *given: str) -> None:
        self.settings.DJANGO_STATIC_BUNDLES = {"slimfile": list(given)}

    def build(self, *arguments: str) -> list[str]:
        """Build, and return what this build stands on."""
        call_command("staticbuild", *arguments, stdout=StringIO(), stderr=StringIO(), skip_checks=True)
        resolver.reset()
        return self.newest()

    def newest(self) -> list[str]:
        return sorted(History.read(History(self.state / "builds").places()[0]))

    def clean(self, *arguments: str) -> str:
        out = StringIO()
        call_command("staticclean", *arguments, stdout=out, stderr=out, skip_checks=True)
        return out.getvalue()

    def pass_days(self, days: float) -> None:
        """Let everything recorded have been recorded earlier."""
        lists = [*self.site.root.glob("**/.django-static/others/*/*.json")]
        for place in sorted([*(self.state / "builds").glob("*.json"), *lists]):
            place.rename(place.with_name(f"{int(place.stem) - int(days * DAY * 1e9):020}.json"))
        for place in self.pages.glob("*.json"):
            value = json.loads(place.read_bytes())
            for each in value.get("replaced", ()):
                each["since"] -= days * DAY
            place.write_text(json.dumps(value))

    def print(self, name: str) -> Path:
        """What a page prints after a restart, as a path."""
        resolver.reset()
        return self.site.media / staticfile(name).lstrip("/")

    def tamper(self, paths: list[str]) -> None:
        """Have an old build in the history that names these, with the sizes they have now."""
        folder = self.state / "builds"
        files = {}
        for path in paths:
            try:
                files[path] = os.lstat(path).st_size
            except (OSError, ValueError):
                files[path] = 1
        History(folder).add(files)
        place = History(folder).places()[0]
        place.rename(folder / f"{1:020}.json")


@pytest.fixture
def cleaned(site, settings, tmp_path):
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    yield Cleaned(site, settings, tmp_path)
    finders.get_finder.cache_clear()


@pytest.fixture
def history(cleaned):
    """Six builds of a style sheet with a picture; what each stands on, the oldest first."""
    cleaned.bundles("/css/a.css")
    builds = []
    for number in range(6):
        cleaned.site.write("img/i.png", f"picture {number}", number)
        cleaned.site.write("css/a.css", "a { b : url(../img/i.png) }")
        builds.append(cleaned.build())
    return builds


def there(paths):
    return [os.path.exists(path) for path in paths]


class TestBuilds:
    def test_the_last_are_kept_and_older_ones_removed(self, cleaned, history):
        cleaned.pass_days(100)
        out = cleaned.clean("--keep-builds", "2")
        assert [there(paths) for paths in history] == [[False] * 2] * 4 + [[True] * 2] * 2
        assert "removed: 8 files" in out
        assert "kept: 2 files (the last 2 builds)" in out
        assert "kept: 2 files (the last build)" in out
        assert "removed: 0 files" in cleaned.clean("--keep-builds", "2")
        assert len(list((cleaned.state / "builds").glob("*"))) == 2
        left = {Path(path).relative_to(cleaned.site.media).as_posix() for path in (*history[4], *history[5])}
        assert set(cleaned.site.published()) == {"css/a.css", "img/i.png", *left}

    def test_days_count_from_when_a_build_was_replaced(self, cleaned, history):
        """A build that was in use for a month is not old on the day after."""
        cleaned.pass_days(100)
        cleaned.site.write("img/i.png", "new", 50)
        cleaned.build()
        cleaned.pass_days(13)
        out = cleaned.clean("--keep-builds", "1")
        assert there(history[5]) == [True, True]
        assert there(history[4]) == [False, False]
        assert "(builds replaced less than 14 days ago)" in out
        cleaned.pass_days(2)
        cleaned.clean("--keep-builds", "1")
        assert there(history[5]) == [False, False]

    def test_by_default_five_builds_and_two_weeks(self, cleaned, history):
        assert "removed: 0 files" in cleaned.clean()
        cleaned.pass_days(15)
        assert "removed: 2 files" in cleaned.clean()
        assert there(history[0]) == [False, False]

    def test_what_a_newer_build_uses_too_stays(self, cleaned):
        cleaned.bundles("/a.css", "/b.css")
        cleaned.site.write("a.css", "a { b : c }")
        cleaned.site.write("b.css", "b { b : c }")
        first = cleaned.build()
        cleaned.site.write("b.css", "b { b : d }", 5)
        cleaned.build()
        cleaned.clean(*NEVER)
        assert sorted(there(first)) == [False, True]

    def test_a_build_that_goes_back_brings_its_files_back(self, cleaned, history):
        cleaned.site.write("img/i.png", "picture 0", 0)
        cleaned.clean(*NEVER)
        assert there(history[0]) == [False, False]
        cleaned.build()
        assert there(history[0]) == [True, True]

    def test_a_dry_run_lists_and_removes_nothing(self, cleaned, history):
        before = sorted(cleaned.site.root.rglob("*"))
        out = cleaned.clean("--dry-run", *NEVER)
        assert sorted(cleaned.site.root.rglob("*")) == before
        sizes = sum(Path(path).stat().st_size for paths in history[:5] for path in paths)
        for path in {path for paths in history[:5] for path in paths}:
            assert f"would be removed: {path}, " in out
        assert f"would be removed: 10 files, {sizes} bytes" in out

    def test_compressed_siblings_go_with_their_file(self, cleaned, history):
        for paths in history:
            for path in paths:
                for suffix in ("gz", "br", "zst"):
                    Path(f"{path}.{suffix}").write_bytes(b"12345")
        cleaned.clean(*NEVER)
        left = [path for path in cleaned.site.media.rglob("*.*") if path.suffix in (".gz", ".br", ".zst")]
        assert sorted(str(path) for path in left) == sorted(
            f"{path}.{suffix}" for path in history[5] for suffix in ("gz", "br", "zst")
        )

    def test_siblings_that_a_build_makes(self, cleaned):
        cleaned.settings.DJANGO_STATIC_COMPRESS = ["gz"]
        cleaned.bundles("/a.css")
        text = "".join(f"a{number} {{ b : c }}" for number in range(200))
        cleaned.site.write("a.css", text)
        first = cleaned.build()
        cleaned.site.write("a.css", text + "z{y:x}")
        second = cleaned.build()
        assert there([f"{first[0]}.gz", f"{second[0]}.gz"]) == [True, True]
        cleaned.clean(*NEVER)
        assert there([first[0], f"{first[0]}.gz", second[0], f"{second[0]}.gz"]) == [False, False, True, True]

    def test_source_maps_go_with_their_file(self, cleaned):
        cleaned.settings.DJANGO_STATIC_SOURCE_MAPS = True
        cleaned.settings.DJANGO_STATIC_BUNDLES = {"staticall": [["/a.js", "/b.js"]]}
        cleaned.site.write("a.js", "var a = 1;")
        cleaned.site.write("b.js", "var b = 1;")
        first = cleaned.build()
        cleaned.site.write("b.js", "var b = 2;")
        second = cleaned.build()
        assert sum(str(path).endswith(".js.map") for path in [*first, *second]) == 2
        cleaned.clean(*NEVER)
        assert not any(there(set(first) - set(second)))
        assert all(there(second))

    def test_source_maps_of_an_old_manifest_stay(self, cleaned):
        cleaned.settings.DJANGO_STATIC_SOURCE_MAPS = True
        cleaned.settings.DJANGO_STATIC_BUNDLES = {"staticall": [["/a.js", "/b.js"]]}
        cleaned.site.write("a.js", "var a = 1;")
        cleaned.site.write("b.js", "var b = 1;")
        first = cleaned.build()
        manifest = (cleaned.state / "manifest.json").read_bytes()
        cleaned.site.write("b.js", "var b = 2;")
        second = cleaned.build()
        (cleaned.state / "manifest.json").write_bytes(manifest)
        cleaned.clean(*NEVER)
        assert all(there([*first, *second]))

    @pytest.mark.parametrize(
        ("name", "is_marked"),
        [
            ("a_b.012345678901.js.map", True),
            ("a_b.012345678901-01234567.css.map", True),
            ("a_b.js.map", False),
            ("a.min.js.map", False),
            ("jquery.3.min.js.map", False),
        ],
    )
    def test_names_of_source_maps(self, name, is_marked):
        assert names.has_mark(f"/js/{name}") is is_marked

    def test_every_file_and_the_copies_of_originals(self, cleaned):
        """The copies under plain names stay: they are what ``collectstatic`` leaves."""
        (cleaned.app / "sub").mkdir()
        path = cleaned.app / "sub" / "x.txt"
        path.write_text("1")
        first = cleaned.build("--all")
        path.write_text("2")
        second = cleaned.build("--all")
        cleaned.clean(*NEVER)
        assert there([*first, *second, cleaned.static / "sub" / "x.txt"]) == [False, True, True]
        path.unlink()
        (cleaned.app / "y.txt").write_text("y")
        cleaned.build("--all")
        (cleaned.static / "sub" / "x.txt").unlink()
        cleaned.clean(*NEVER)
        assert not (cleaned.static / "sub").exists(), "an empty folder below STATIC_ROOT goes"
        assert cleaned.static.exists()

    def test_with_a_save_prefix(self, cleaned, tmp_path):
        cleaned.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "saved")
        cleaned.bundles("/deep/er/a.css")
        cleaned.site.write("deep/er/a.css", "a{b:c}")
        first = cleaned.build()
        cleaned.bundles("/b.css")
        cleaned.site.write("b.css", "b{b:c}")
        second = cleaned.build()
        cleaned.clean(*NEVER)
        assert there([*first, *second]) == [False, True]
        left = [".django-static", Path(second[0]).name]
        assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == left
        assert cleaned.site.published() == ["b.css", "deep/er/a.css"]

    def test_a_folder_among_originals_stays_when_it_is_empty(self, cleaned):
        cleaned.bundles("/sub/a.css")
        original = cleaned.site.write("sub/a.css", "a{b:c}")
        cleaned.build()
        original.unlink()
        cleaned.bundles("/b.css")
        cleaned.site.write("b.css", "b{b:c}")
        cleaned.build()
        cleaned.clean(*NEVER)
        assert list((cleaned.site.media / "sub").iterdir()) == []

    def test_hashed_names_of_bundlers(self, cleaned, tmp_path):
        cleaned.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "saved")
        cleaned.site.write("main.3f2a9c1b.js", "a()")
        cleaned.bundles("/main.3f2a9c1b.js")
        (first,) = cleaned.build()
        cleaned.site.write("main.4f2a9c1b.js", "b()")
        cleaned.bundles("/main.4f2a9c1b.js")
        (second,) = cleaned.build()
        cleaned.clean(*NEVER)
        assert there([first, second]) == [False, True]
        assert cleaned.site.published() == ["main.3f2a9c1b.js", "main.4f2a9c1b.js"]

    def test_names_by_time(self, cleaned):
        cleaned.settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        cleaned.bundles("/a.css", "/i.png")
        cleaned.site.write("a.css", "a { b : c }", 5)
        cleaned.site.write("i.png", "1", 5)
        first = cleaned.build()
        cleaned.site.write("a.css", "a { b : d }", 6)
        cleaned.site.write("i.png", "2", 6)
        second = cleaned.build()
        cleaned.clean(*NEVER)
        assert there([*first, *second]) == [False, False, True, True]

    def test_names_of_a_generator(self, cleaned):
        cleaned.settings.DJANGO_STATIC_FILENAME_GENERATOR = lambda parts, mark: (
            f"{parts[0]}-v{mark}{parts[1]}"
        )
        cleaned.bundles("/a.css")
        cleaned.site.write("a.css", "a { b : c }")
        first = cleaned.build()
        cleaned.site.write("a.css", "a { b : d }")
        second = cleaned.build()
        cleaned.settings.DJANGO_STATIC_FILENAME_GENERATOR = None
        assert "has no name that publishing gives" in cleaned.clean("--dry-run", *NEVER)
        cleaned.settings.DJANGO_STATIC_FILENAME_GENERATOR = lambda parts, mark: ""
        cleaned.clean(*NEVER)
        assert there([*first, *second]) == [False, True]

    def test_nothing_was_ever_built(self, cleaned):
        assert "removed: 0 files, 0 bytes" in cleaned.clean()
        assert not cleaned.state.exists()
        assert not cleaned.static.exists()

    def test_the_cache_of_compressed_bytes(self, cleaned, tmp_path):
        cleaned.settings.DJANGO_STATIC_COMPRESS_CACHE = str(tmp_path / "cache")
        old, new = (tmp_path / "cache" / "ab" / f"ab{number}.gz-9" for number in (1, 2))
        old.parent.mkdir(parents=True)
        for path in (old, new):
            path.write_bytes(b"x" * 1500)
        os.utime(old, (time.time() - 20 * DAY,) * 2)
        assert "1.5 KB from the cache" in cleaned.clean()
        assert there([old, new]) == [False, True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--keep-builds", "0"], "give 1 or more"),
        (["--keep-builds", "x"], "not a number of builds"),
        (["--keep-days", "-1"], "give 0 or more"),
        (["--keep-days", "nan"], "not a number of days"),
        (["--keep-days", "inf"], "not a number of days"),
        (["--keep-days", "x"], "not a number of days"),
    ],
)
def test_wrong_arguments(cleaned, arguments, said):
    with pytest.raises(CommandError, match=said):
        cleaned.clean(*arguments)


class TestHostile:
    """Records that somebody has tampered with: nothing but published files of ours is removed."""

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            pytest.param("/etc/passwd", "outside", id="elsewhere"),
            pytest.param("{root}/outside/x.123.css", "outside", id="beside"),
            pytest.param("{media}/../outside/x.123.css", "plain path", id="dots"),
            pytest.param("{media}/css/../../outside/x.123.css", "plain path", id="dots-in-the-middle"),
            pytest.param("{media}//css/./mine.123.css", "plain path", id="not-plain"),
            pytest.param("{media}/out/x.123.css", "behind a link", id="behind-a-link"),
            pytest.param("{media}/link.123.css", "is a link", id="link"),
            pytest.param("{media}/dangling.123.css", "is a link", id="dangling"),
            pytest.param("{media}/folder.123.css", "not a plain file", id="folder"),
            pytest.param("{media}/pipe.123.css", "not a plain file", id="pipe"),
            pytest.param("{media}/css/mine.css", "no name that publishing gives", id="no-mark"),
            pytest.param("{media}/css/mine.css.gz", "no name that publishing gives", id="download"),
            pytest.param("{media}/css/read.123.css", "is an original", id="original"),
            pytest.param("{media}/alias/read.123.css", "is an original", id="original-by-another-path"),
            pytest.param("{static}/copy.123.css", "is an original", id="copy-of-an-original"),
            pytest.param("{media}/.django-static/x.123.json", "plain path", id="state"),
            pytest.param("{media}", "outside", id="the-folder-itself"),
            pytest.param("{media}-other/x.123.css", "outside", id="longer-name"),
            pytest.param("", "", id="empty"),
            pytest.param("css/mine.123.css", "", id="relative"),
            pytest.param("\0", "", id="nul"),
            pytest.param("{media}/css/mine.123.css\0.css", "outside", id="nul-at-the-end"),
            pytest.param("{media}/\ud800.123.css", "", id="surrogate"),
            pytest.param("{media}/" + "x" * 5000 + ".123.css", "", id="long"),
        ],
    )
    def test_a_path_in_the_history(self, cleaned, tmp_path, path, reason):
        media, outside = cleaned.site.media, tmp_path / "outside"
        for folder in (
            outside,
            Path(f"{media}-other"),
            media / "folder.123.css",
            media / ".django-static",
            media / "css",
        ):
            folder.mkdir()
        for place in (outside, Path(f"{media}-other")):
            (place / "x.123.css").write_text("secret")
        cleaned.site.write(".django-static/x.123.json", "{}")
        cleaned.site.write("css/mine.css", "mine")
        cleaned.site.write("css/mine.css.gz", "mine")
        cleaned.site.write("css/mine.123.css", "mine")
        cleaned.site.write("css/read.123.css", "a{b:c}")
        (media / "alias").symlink_to("css")
        (media / "out").symlink_to(outside)
        (media / "link.123.css").symlink_to(outside / "x.123.css")
        (media / "dangling.123.css").symlink_to(outside / "nothing")
        os.mkfifo(media / "pipe.123.css")
        (cleaned.app / "copy.123.css").write_text("copied")
        cleaned.bundles("/css/read.123.css")
        cleaned.build("--all")
        cleaned.tamper([path.format(media=media, root=tmp_path, static=cleaned.static)])
        before = sorted(tmp_path.rglob("*"))
        out = cleaned.clean(*NEVER)
        gone = set(before) - set(tmp_path.rglob("*"))
        assert gone == {cleaned.state / "builds" / f"{1:020}.json"}
        assert Path("/etc/passwd").exists()
        assert reason in out
        assert ("left alone" in out) == bool(reason)

    def test_an_entry_that_was_edited_counts_for_nothing(self, cleaned, history):
        """One path for another: it could name any file whose name has a mark."""
        mine = cleaned.site.write("css/mine.1269174558.css", "mine")
        place = History(cleaned.state / "builds").places()[-1]
        place.write_text(place.read_text().replace(history[0][0], str(mine)))
        cleaned.clean(*NEVER)
        assert mine.exists()

    @pytest.mark.parametrize("where", ["build", "page"])
    def test_a_file_that_was_put_in_its_place(self, cleaned, history, where):
        """What has another size is not what was published, and its siblings are not ours either."""
        mine = cleaned.site.write("css/mine.1269174558.css", "mine")
        sibling = cleaned.site.write("css/mine.1269174558.css.gz", "mine")
        if where == "build":
            cleaned.tamper([str(mine)])
        else:
            output = [1, "", "", str(mine), 0, 4, True, "", "", ""]
            old = {"since": 1, "outputs": [output], "inputs": {}, "uses": []}
            cleaned.site.write(f".django-static/{'a' * 32}.json", json.dumps({"replaced": [old]}))
        mine.write_text("mine, and longer")
        assert "has 16 bytes" in cleaned.clean(*NEVER)
        assert there([mine, sibling]) == [True, True]

    def test_an_original_that_only_the_seal_tells_of(self, cleaned):
        mine = cleaned.site.write("css/mine.1269174558.css", "a{b:c}")
        cleaned.bundles("/css/mine.1269174558.css")
        cleaned.build()
        (cleaned.state / "records.json").unlink()
        cleaned.tamper([str(mine)])
        assert "is an original" in cleaned.clean(*NEVER)
        assert mine.exists()

    def test_what_is_published_is_removed_beside_it(self, cleaned, history):
        cleaned.tamper(["/etc/passwd", *history[0]])
        cleaned.clean(*NEVER)
        assert there([*history[0], *history[5]]) == [False, False, True, True]

    @pytest.mark.parametrize(
        "text",
        [
            *("", "{", "[1]", '"text"', '{"a": 1}', "[" * 100_000, "null", '{"files": {"a": "b"}}'),
            *('{"files": {"/a.1.css": 1}}', '{"files": {"/a.1.css": 1}, "digest": "0"}'),
        ],
    )
    def test_an_old_build_that_cannot_be_read_is_forgotten(self, cleaned, history, text):
        (cleaned.state / "builds" / f"{1:020}.json").write_text(text)
        cleaned.clean(*NEVER)
        assert there(history[5]) == [True, True]
        assert len(list((cleaned.state / "builds").iterdir())) == 1

    @pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000])
    def test_a_wanted_build_that_cannot_be_read_holds_everything(self, cleaned, history, text):
        History(cleaned.state / "builds").places()[1].write_text(text)
        with pytest.raises(CommandError, match="cannot be read"):
            cleaned.clean("--keep-builds", "2", "--keep-days", "0")
        assert all(all(there(paths)) for paths in history)
        cleaned.clean(*NEVER)
        assert there(history[0]) == [False, False]

    @pytest.mark.parametrize(
        "text",
        ["{", "[]", '{"records": []}', '{"records": {"a": 1}}', '{"records": {"a": {"outputs": [[1]]}}}'],
    )
    def test_records_that_cannot_be_read_hold_everything(self, cleaned, history, text):
        (cleaned.state / "records.json").write_text(text)
        with pytest.raises(CommandError, match=r"records\.json cannot be read"):
            cleaned.clean(*NEVER)
        assert all(all(there(paths)) for paths in history)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            '{"outputs": 1, "inputs": {}, "uses": []}',
            '{"outputs": [[1, 2, 3, 4]], "inputs": {}, "uses": []}',
            '{"outputs": [], "inputs": 1, "uses": []}',
            '{"outputs": [], "inputs": {}, "uses": [1]}',
            '{"replaced": [1]}',
            '{"replaced": [{}]}',
            '{"replaced": [{"since": 1, "outputs": []}]}',
            '{"replaced": [{"since": 1, "outputs": [[1, "", "", "/x"]], "inputs": {}, "uses": []}]}',
        ],
    )
    def test_a_record_of_a_page_that_cannot_be_read_holds_everything(self, cleaned, history, text):
        cleaned.site.write(f".django-static/{'a' * 32}.json", text)
        with pytest.raises(CommandError, match="cannot be read"):
            cleaned.clean(*NEVER)
        assert all(all(there(paths)) for paths in history)

    def test_a_record_of_a_page_that_names_others(self, cleaned, tmp_path):
        (tmp_path / "x.123.css").write_text("secret")
        cleaned.site.write("l.123.css").unlink()
        (cleaned.site.media / "l.123.css").symlink_to(tmp_path / "x.123.css")
        paths = ["/etc/passwd", str(tmp_path / "x.123.css"), str(cleaned.site.media / "l.123.css")]
        old = {
            "since": 1,
            "outputs": [[1, "", "", path, 0, 6, False] for path in paths],
            "inputs": {},
            "uses": [],
        }
        cleaned.site.write(f".django-static/{'a' * 32}.json", json.dumps({"replaced": [old]}))
        out = cleaned.clean(*NEVER)
        assert there(paths) == [True, True, True]
        assert out.count("left alone") == 3

    def test_a_history_that_is_a_link_is_none(self, cleaned, history, tmp_path):
        real = tmp_path / "elsewhere"
        (cleaned.state / "builds").rename(real)
        (cleaned.state / "builds").symlink_to(real)
        cleaned.clean(*NEVER)
        assert len(list(real.iterdir())) == 6
        assert all(all(there(paths)) for paths in history)

    def test_other_files_beside_the_history_stay(self, cleaned, history, tmp_path):
        others = [cleaned.state / "builds" / name for name in ("1.json", "notes.txt", "x.tmp")]
        for path in others:
            path.write_text("[]")
        (tmp_path / "1.json").write_text("[]")
        link = cleaned.state / "builds" / f"{3:020}.json"
        link.symlink_to(tmp_path / "1.json")
        cleaned.clean(*NEVER)
        assert all(there([*others, link]))

    def test_names_do_not_play_tricks_on_a_terminal(self, cleaned):
        cleaned.site.write("\x1b[2J.css", "x")
        cleaned.tamper([str(cleaned.site.media / "\x1b[2J.css")])
        assert "\x1b" not in cleaned.clean(*NEVER)


class TestPages:
    """What pages publish while they are rendered, by modification time."""

    @pytest.fixture(autouse=True)
    def lazy(self, cleaned):
        cleaned.settings.DJANGO_STATIC_FINGERPRINT = "mtime"

    def test_what_was_replaced_is_removed_after_its_time(self, cleaned):
        cleaned.site.write("css/a.css", "a { b : url(../i.png) }", 10)
        cleaned.site.write("i.png", "1", 10)
        old = cleaned.print("/css/a.css"), cleaned.print("/i.png")
        assert old[1].is_symlink()
        cleaned.site.write("i.png", "2", 11)
        new = cleaned.print("/i.png"), cleaned.print("/css/a.css")
        assert "removed: 0 files" in cleaned.clean()
        assert "(pages: replaced less than 14 days ago)" in cleaned.clean()
        cleaned.pass_days(15)
        out = cleaned.clean()
        assert there([*old, *new]) == [False, False, True, True]
        assert "removed: 2 files" in out
        assert "kept: 2 files (pages: in use)" in out
        assert (cleaned.site.media / "i.png").read_text() == "2"
        assert not any("replaced" in json.loads(path.read_bytes()) for path in cleaned.pages.glob("*.json"))
        cleaned.clean()
        assert cleaned.print("/css/a.css") == new[1]

    def test_a_file_that_comes_back_is_not_removed(self, cleaned):
        cleaned.site.write("a.png", "1", 10)
        old = cleaned.print("/a.png")
        cleaned.site.write("a.png", "2", 11)
        cleaned.print("/a.png")
        cleaned.site.write("a.png", "1", 10)
        assert cleaned.print("/a.png") == old
        cleaned.pass_days(15)
        cleaned.clean()
        assert old.exists()
        assert not (cleaned.site.media / "a.11.png").exists()

    def test_one_whose_original_is_gone(self, cleaned):
        original = cleaned.site.write("a.png", "1", 10)
        published = cleaned.print("/a.png")
        original.unlink()
        cleaned.clean()
        assert os.path.lexists(published), "nobody knows since when: the time starts now"
        cleaned.pass_days(13)
        cleaned.clean()
        assert os.path.lexists(published)
        cleaned.pass_days(2)
        cleaned.clean()
        assert not os.path.lexists(published)
        assert list(cleaned.pages.glob("*.json")) == []

    def test_an_original_that_returns_in_time(self, cleaned):
        original = cleaned.site.write("a.png", "1", 10)
        published = cleaned.print("/a.png")
        original.unlink()
        cleaned.clean()
        cleaned.site.write("a.png", "1", 10)
        assert cleaned.print("/a.png") == published
        cleaned.pass_days(20)
        cleaned.clean()
        assert published.exists()

    def test_what_a_wanted_file_refers_to_stays(self, cleaned):
        """A style sheet that no page has asked for since its picture changed names the old picture still."""
        cleaned.site.write("a.css", "a { b : url(i.png) }", 10)
        cleaned.site.write("i.png", "1", 10)
        sheet, old = cleaned.print("/a.css"), cleaned.print("/i.png")
        cleaned.site.write("i.png", "2", 11)
        cleaned.print("/i.png")
        cleaned.pass_days(50)
        cleaned.clean()
        assert there([sheet, old]) == [True, True]
        cleaned.print("/a.css")
        cleaned.pass_days(10)
        cleaned.clean()
        assert there([sheet, old]) == [True, True], "the sheet was replaced ten days ago"
        cleaned.pass_days(10)
        cleaned.clean()
        assert there([sheet, old]) == [False, False]

    def test_modules_that_import_one_another(self, cleaned):
        for name, other in (("a", "b"), ("b", "a")):
            cleaned.site.write(f"{name}.js", f"import './{other}.js'", 10)
        old = [cleaned.print("/a.js"), cleaned.print("/b.js")]
        cleaned.site.write("b.js", "import './a.js'; b()", 11)
        new = [cleaned.print("/a.js"), cleaned.print("/b.js")]
        cleaned.pass_days(20)
        cleaned.clean()
        assert there([*old, *new]) == [False, False, True, True]
        for name in ("a", "b"):
            (cleaned.site.media / f"{name}.js").unlink()
        cleaned.clean()
        cleaned.pass_days(20)
        cleaned.clean()
        assert there(new) == [False, False]

    def test_a_build_and_pages_share_files(self, cleaned):
        cleaned.bundles("/a.css")
        cleaned.site.write("a.css", "a { b : c }", 10)
        (built,) = cleaned.build()
        cleaned.site.write("a.css", "a { b : d }", 11)
        cleaned.build()
        cleaned.site.write("a.css", "a { b : c }", 10)
        resolver.reset()
        printed = cleaned.site.render("{% slimfile '/a.css' %}")
        assert built.endswith(printed)
        cleaned.clean(*NEVER)
        assert Path(built).exists()

    def test_records_do_not_grow_while_developing(self, cleaned):
        cleaned.settings.DEBUG = True
        resolver.reset()
        for number in range(5):
            cleaned.site.write("a.png", "x", number + 10)
            cleaned.site.render("{% staticfile '/a.png' %}")
        (record,) = cleaned.pages.glob("*.json")
        assert len(json.loads(record.read_text()).get("replaced", ())) <= 1

    def test_with_a_save_prefix(self, cleaned, tmp_path):
        saved = tmp_path / "saved"
        cleaned.settings.DJANGO_STATIC_SAVE_PREFIX = str(saved)
        cleaned.pages = saved / ".django-static"
        for number in (10, 11):
            cleaned.site.write("sub/a.png", "x", number)
            resolver.reset()
            cleaned.site.render("{% staticfile '/sub/a.png' %}")
        cleaned.pass_days(15)
        cleaned.clean()
        assert [path.name for path in (saved / "sub").iterdir()] == ["a.11.png"]
        assert cleaned.site.published() == ["sub/a.png"]


class TestKilled:
    def test_what_killed_processes_left(self, cleaned, history):
        mark = names.digest("x")[:16]
        gone = [
            cleaned.site.write(f"css/.{mark}.building"),
            cleaned.site.write(f"css/.{mark}.tmp"),
            cleaned.site.write(f"css/.{mark}-12-34.tmp"),
            cleaned.site.write("css/.django-static-abcd1234.tmp"),
            cleaned.site.write(f".django-static/{mark}.lock"),
            cleaned.site.write(f".django-static/{mark * 2}.lock"),
            cleaned.site.write(f".django-static/{mark * 2}.json-12-34.tmp"),
            cleaned.state / f".{mark}.building",
            cleaned.state / ".manifest.json.tmp",
            cleaned.state / ".originals.json.tmp",
            cleaned.state / "builds" / f"{9:020}.tmp",
        ]
        for path in gone[7:]:
            path.write_text("half")
        stay = [
            cleaned.site.write("css/.building"),
            cleaned.site.write("css/x.tmp"),
            cleaned.site.write(f"css/{mark}.tmp"),
            cleaned.site.write("css/.hidden.tmp"),
            cleaned.state / "notes.tmp",
            cleaned.state / ".mine.tmp",
        ]
        for path in stay[4:]:
            path.write_text("mine")
        assert f"{len(gone)} files that killed processes have left" in cleaned.clean("--dry-run")
        assert all(there([*gone, *stay]))
        cleaned.clean()
        assert not any(there(gone))
        assert all(there(stay))

    def test_without_a_folder_for_locks_nobody_is_known_to_have_been_killed(self, cleaned, history):
        """A page that makes the folder now writes such a file."""
        half = cleaned.site.write(f"css/.{names.digest('x')[:16]}.tmp")
        os.utime(half)
        shutil.rmtree(cleaned.state)
        cleaned.clean()
        assert half.exists()
        an_hour_ago = time.time() - 3601
        os.utime(half, (an_hour_ago, an_hour_ago))
        cleaned.clean()
        assert not half.exists()

    @pytest.mark.parametrize("after", range(0, 24, 3))
    def test_running_it_again_finishes(self, forks, cleaned, history, tmp_path, after):
        """Killed with SIGKILL after so many removals, at whatever it is then."""
        for path in history[0]:
            Path(f"{path}.gz").write_bytes(b"x")
        code = f"""
import os, signal, sys
from pathlib import Path
from django_static import cleaning
from django_static.records import Options
from django_static.sources import Sources
real, left = os.unlink, [{after}]
def unlink(*arguments, **how):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    real(*arguments, **how)
os.unlink = unlink
root = Path({str(tmp_path)!r})
sources = Sources([root / "media"], static_root=root / "static")
options = Options(state=root / "media" / ".django-static")
cleaning.Cleaning(sources, options, root / "state" / "manifest.json", keep_builds=2, keep_days=0).run()
"""
        done = forks.start("-c", code)
        _, errors = done.communicate(timeout=60)
        assert done.returncode in (-signal.SIGKILL, 0), errors
        assert [there(paths) for paths in history[4:]] == [[True, True]] * 2
        if after < 12:
            assert done.returncode == -signal.SIGKILL
        cleaned.clean("--keep-builds", "2", "--keep-days", "0")
        assert [there(paths) for paths in history] == [[False] * 2] * 4 + [[True] * 2] * 2
        assert not list(cleaned.site.media.rglob("*.gz"))
        assert len(list((cleaned.state / "builds").iterdir())) == 2
        assert not list(cleaned.state.glob("*.lock"))

    def test_a_build_that_was_killed_between_manifest_and_history(self, cleaned, history, monkeypatch):
        """Pages print the files of the first build again; no history says so yet."""

        add = History.add

        def killed(self, files):
            if self.folder == cleaned.state / "builds":
                raise KeyboardInterrupt
            add(self, files)

        cleaned.site.write("img/i.png", "picture 0", 0)
        cleaned.site.write("css/a.css", "a { b : url(../img/i.png) }")
        with monkeypatch.context() as patch:
            patch.setattr(History, "add", killed)
            patch.setattr(build_shelf.BuildShelf, "close", lambda self, data: None)
            with pytest.raises(CommandError, match="interrupted"):
                cleaned.build()
        out = cleaned.clean(*NEVER)
        assert "The last build was killed" in out
        assert all(all(there(paths)) for paths in history)
        cleaned.build()
        cleaned.clean(*NEVER)
        assert there([*history[0], *history[1]]) == [True, True, False, False]

    def test_a_build_that_failed_for_a_full_disk_can_be_cleaned_up_after(self, cleaned, history, monkeypatch):
        def full(self, path):
            raise OSError(28, "No space left on device", str(path))

        cleaned.site.write("img/i.png", "new", 90)
        with monkeypatch.context() as patch:
            patch.setattr(build_shelf.BuildShelf, "_temporary", full)
            with pytest.raises(CommandError, match="No space"):
                cleaned.build()
        cleaned.clean(*NEVER)
        assert there([*history[0], *history[5]]) == [False, False, True, True]

    def test_a_file_that_cannot_be_removed(self, cleaned, history, monkeypatch):
        real = os.unlink

        def refuse(path, *arguments, **how):
            if str(path) == history[0][0]:
                raise PermissionError(13, "Permission denied", path)
            real(path, *arguments, **how)

        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", refuse)
            with pytest.raises(CommandError, match="1 file could not be removed"):
                cleaned.clean(*NEVER)
        assert there(history[0]) == [True, False]
        assert len(list((cleaned.state / "builds").iterdir())) == 6, "what is known of it is not forgotten"
        cleaned.clean(*NEVER)
        assert there(history[0]) == [False, False]


class TestAtOnce:
    def cleaning(self, cleaned, **timeouts):
        from dataclasses import replace

        from django_static.conf import conf

        options = replace(conf.options(), **timeouts)
        return cleaning.Cleaning(conf.sources(), options, conf.manifest_file, keep_builds=1, keep_days=0)

    def test_not_while_a_build_runs(self, cleaned, history):
        with (
            output.locked(cleaned.state / "build.lock", 5),
            pytest.raises(cleaning.Running, match="is being published"),
        ):
            self.cleaning(cleaned, build_timeout=0.05).run()
        assert all(all(there(paths)) for paths in history)
        self.cleaning(cleaned, build_timeout=0.05).run()
        assert there(history[0]) == [False, False]

    def test_not_while_a_page_publishes(self, cleaned, history):
        cleaned.pages.mkdir(exist_ok=True)
        with (
            output.locked(cleaned.pages / "publishing.lock", 5, shared=True),
            output.locked(cleaned.pages / "publishing.lock", 5, shared=True),
            pytest.raises(cleaning.Running),
        ):
            self.cleaning(cleaned, lock_timeout=0.05).run()
        assert all(all(there(paths)) for paths in history)

    def test_a_page_waits_for_it(self, cleaned, monkeypatch):
        """What was looked at before is there still when its record is kept."""
        cleaned.settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        cleaned.site.write("a.png", "1", 10)
        old = cleaned.print("/a.png")
        cleaned.site.write("a.png", "2", 11)
        cleaned.print("/a.png")
        cleaned.pass_days(20)
        cleaned.site.write("a.png", "1", 10)
        resolver.reset()
        printed = []
        page = threading.Thread(target=lambda: printed.append(staticfile("/a.png")))
        real = retention.read

        def read(*arguments, **named):
            found = real(*arguments, **named)
            page.start()
            page.join(0.3)
            assert page.is_alive()
            return found

        monkeypatch.setattr(retention, "read", read)
        cleaned.clean()
        page.join(30)
        assert printed == ["/a.10.png"]
        assert old.exists()

    def test_without_locks(self, cleaned, history, monkeypatch):
        monkeypatch.setattr(output, "fcntl", None)
        half = cleaned.site.write(f".{'a' * 16}.tmp")
        (cleaned.state / "unfinished").touch()
        with pytest.raises(CommandError, match="a build runs or was killed"):
            cleaned.clean(*NEVER)
        (cleaned.state / "unfinished").unlink()
        cleaned.clean(*NEVER)
        assert there([*history[0], *history[5]]) == [False, False, True, True]
        assert half.exists(), "somebody may be writing it"

    def test_a_read_only_state(self, cleaned, history, monkeypatch):
        shutil.rmtree(cleaned.state / "builds")
        assert "removed: 0 files" in cleaned.clean(*NEVER)
        assert all(all(there(paths)) for paths in history)


@pytest.mark.parametrize(
    ("name", "is_marked"),
    [
        ("a.1269170122.css", True),
        ("a.0.css", True),
        ("a.-5.css", True),
        ("a.0123456789ab.css", True),
        ("a.1269170122-2938b695.css", True),
        ("README.1269170122", True),
        ("README-2938b695.1269170122", True),
        (".htaccess.12", True),
        ("a.css", False),
        ("a.0123456789AB.css", False),
        ("a.0123456789abc.css", False),
        ("a1269170122.css", False),
        ("a.12.b.css", False),
        ("a.1269170122-2938b69.css", False),
        ("1269170122", False),
        ("a.12.css\n", False),
    ],
)
def test_names_that_publishing_gives(name, is_marked):
    assert names.has_mark(name) == is_marked


def test_every_published_name_is_one(cleaned):
    cleaned.bundles("/a.css", "/README", "/a.css;/b.css", "/x.y.css")
    for name in ("a.css", "README", "b.css", "x.y.css"):
        cleaned.site.write(name, "a { b : c }")
    for fingerprint in ("hash", "mtime"):
        cleaned.settings.DJANGO_STATIC_FINGERPRINT = fingerprint
        assert all(names.has_mark(path) for path in cleaned.build())
        assert len(cleaned.newest()) == 4
    assert re.search(r"README\.\d+$", "\n".join(cleaned.newest()), re.MULTILINE)
