"""What a build has published that failed or was killed: it is not there for ever, and nothing else goes with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command
from static_test_ways import Way

from django_static import build_shelf, journal, resolver
from django_static.edition import Edition
from django_static.manifest import Manifest

NEVER = "--keep-builds=1", "--keep-days=0"
COUNT = 40
HELPERS = Path(__file__).parent / "helpers"


class Site:
    """A folder of scripts that a build publishes, in a folder that holds nothing else."""

    def __init__(self, site, settings) -> None:
        self.site = site
        self.out = site.root / "out"
        settings.DJANGO_STATIC_SAVE_PREFIX = str(self.out)
        settings.DJANGO_STATIC_COMPRESS = ["gz"]
        self.way = Way(site, settings, "build", "hash", "/forever")
        self.builds = self.out / ".django-static" / "builds"
        self.page = "".join(f'{{% staticfile "/js/{number}.js" %}}' for number in range(COUNT))
        self.edit("one")

    def edit(self, what: str) -> None:
        for number in range(COUNT):
            self.site.write(f"js/{number}.js", f"{what}({number}); " * 100)

    def build(self) -> None:
        self.way.publish(page=self.page)

    def files(self) -> set[str]:
        """All that is published, compressed siblings among it."""
        found = (path.relative_to(self.out) for path in self.out.rglob("*") if path.is_file())
        return {str(path) for path in found if path.parts[0] != ".django-static"}

    def clean(self, *arguments: str) -> None:
        call_command("staticclean", *arguments, verbosity=0, skip_checks=True)

    def left(self) -> list[str]:
        return sorted(path.suffix for path in self.builds.iterdir() if path.suffix != ".json")

    def kill(self, *, files: int) -> None:
        """Kill a build when so many files have been added."""
        before = len(self.files())
        code = (
            f"import sys; sys.path.insert(0, {str(HELPERS)!r}); import os; from django_static import journal\n"
            "note, noted = journal.Journal.note, []\n"
            "def stop(self, path, *more):\n"
            f"    if len(noted) == {files}: print('there', flush=True); sys.stdin.read()\n"
            "    noted.append(path); note(self, path, *more)\n"
            "journal.Journal.note = stop\n"
            "from static_test_ways import build_in_process\n"
            f"build_in_process({(str(self.site.root), self.page)!r})"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert process.stdout.readline() == b"there\n"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        assert len([name for name in self.files() if ".building" not in name]) == before + files

    def age(self, days: float) -> None:
        for place in self.builds.glob("*.journal"):
            when = time.time() - days * 86_400
            os.utime(place, (when, when))


@pytest.fixture
def orphans(site, settings):
    finders.get_finder.cache_clear()
    yield Site(site, settings)
    resolver.reset()
    finders.get_finder.cache_clear()


@pytest.fixture
def failing(monkeypatch):
    """Let builds fail at the tenth file with a given error."""

    def fail(error: BaseException) -> None:
        fill, count = build_shelf.output.fill, 0

        def some(path: str, data: bytes) -> None:
            nonlocal count
            count += 1
            if count > 10:
                raise error
            fill(path, data)

        monkeypatch.setattr(build_shelf.output, "fill", some)

    return fail


class TestFailed:
    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
    def test_what_it_added_is_taken_back(self, orphans, failing, error):
        orphans.build()
        before = orphans.files()
        orphans.edit("two")
        failing(error)
        with pytest.raises((CommandError, KeyboardInterrupt)):
            orphans.build()
        assert orphans.files() == before
        assert orphans.left() == []

    def test_the_first_of_all(self, orphans, failing):
        failing(OSError(28, "No space left on device"))
        with pytest.raises(CommandError):
            orphans.build()
        assert orphans.files() == set()
        assert orphans.left() == []

    @pytest.mark.parametrize("what", ["compress", "write"])
    def test_at_the_end(self, orphans, monkeypatch, what):
        orphans.build()
        before = orphans.files()
        orphans.edit("two")

        def full(*arguments):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Edition if what == "compress" else Manifest, what, full)
            with pytest.raises(CommandError, match="No space"):
                orphans.build()
        assert orphans.files() == before
        assert orphans.left() == []
        orphans.build()
        assert len(orphans.files()) == 2 * len(before)

    def test_what_was_there_before_stays(self, orphans, failing):
        """Files of a build that was killed, which the next one goes by."""
        orphans.build()
        orphans.edit("two")
        orphans.kill(files=5)
        before = orphans.files()
        failing(OSError(28, "No space left on device"))
        with pytest.raises(CommandError):
            orphans.build()
        assert {name for name in before if ".building" not in name} == orphans.files()
        assert orphans.left() == [".journal"]

    def test_what_a_page_names_meanwhile_stays(self, orphans, settings, monkeypatch):
        orphans.build()
        before = orphans.files()
        orphans.edit("two")
        shown = []

        def meanwhile(*arguments):
            settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
            lazy = Way(orphans.site, settings, "lazy", "hash", "/forever")
            shown.append(lazy.show('{% staticfile "/js/3.js" %}'))
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Edition, "compress", meanwhile)
        with pytest.raises(CommandError):
            orphans.build()
        assert len(shown) == 1
        assert [f"/forever/{name}" for name in orphans.files() - before] == shown

    def test_where_there_are_no_locks_it_is_left_to_a_clean_up(self, orphans, failing, monkeypatch):
        monkeypatch.setattr(build_shelf.output, "fcntl", None)
        failing(OSError(28, "No space left on device"))
        with pytest.raises(CommandError):
            orphans.build()
        assert len(orphans.files()) == 10
        assert orphans.left() == [".journal"]


class TestKilled:
    def test_its_files_go_when_they_are_old(self, orphans):
        orphans.build()
        orphans.edit("two")
        orphans.kill(files=15)
        orphans.edit("three")
        orphans.build()
        everything = orphans.files()
        orphans.age(13)
        orphans.clean()
        assert orphans.files() == everything
        orphans.age(15)
        orphans.clean()
        assert len(orphans.files()) == len(everything) - 15
        assert orphans.left() == []

    def test_at_once_if_asked_for_and_no_build_was_since(self, orphans):
        orphans.build()
        before = orphans.files()
        orphans.edit("two")
        orphans.kill(files=15)
        orphans.clean("--dry-run", *NEVER)
        assert orphans.left() == [".journal"]
        orphans.clean(*NEVER)
        assert orphans.files() == before
        assert orphans.left() == []

    def test_what_the_next_build_goes_by_stays(self, orphans):
        orphans.edit("two")
        orphans.kill(files=15)
        orphans.build()
        everything = orphans.files()
        orphans.clean(*NEVER)
        assert orphans.files() == everything
        assert orphans.left() == []

    def test_its_files_are_no_originals(self, site, settings):
        """Where they lie among originals, and what they were made of is gone."""
        settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/js/*.js"]}
        site.write("js/a.js", "one()")
        mine, left = site.write("js/mine.1269174558.js", "two()"), site.write("js/b.1269174558.js", "three()")
        folder = site.media / ".django-static" / "builds"
        noted = journal.Journal(folder)
        noted.note(str(left), left.stat().st_size, left.stat().st_ino)
        noted.end()
        Way(site, settings, "build", "hash", "").publish(page="")
        runs = "".join(Manifest.read(folder.parent / "manifest.json").runs)
        assert mine.name in runs
        assert left.name not in runs

    @pytest.mark.parametrize("name", ["js/3.js", "notes.txt", "../media/js/3.js", "js/3.abc.js"])
    def test_only_names_of_ours(self, orphans, name):
        orphans.build()
        path = orphans.out / name
        path.write_text("mine")
        place = orphans.builds / f"{1:020}.journal"
        place.write_bytes(os.fsencode(f"\0004 {path.stat().st_ino} {path}\0"))
        orphans.clean(*NEVER)
        assert path.read_text() == "mine"
        assert not place.exists()

    def test_a_file_of_another_size_is_somebody_elses(self, orphans):
        orphans.edit("two")
        orphans.kill(files=1)
        (mine,) = (orphans.out / name for name in orphans.files() if ".building" not in name)
        mine.write_text("mine")
        orphans.clean(*NEVER)
        assert mine.read_text() == "mine"


class TestInUse:
    def test_files_that_could_not_be_recorded_stay_until_the_next_build(self, orphans, monkeypatch):
        def full(*arguments):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("django_static.history.History.add", full)
            orphans.build()
        everything = orphans.files()
        assert orphans.left() == [".in-use"]
        orphans.clean(*NEVER)
        assert orphans.files() == everything
        orphans.edit("two")
        orphans.build()
        assert orphans.left() == [".journal"]
        orphans.clean()
        assert len(orphans.files()) == 2 * len(everything)
        orphans.clean(*NEVER)
        assert len(orphans.files()) == len(everything)
        assert not orphans.files() & everything

    def test_a_build_that_ends_leaves_none(self, orphans):
        orphans.build()
        orphans.build()
        assert orphans.left() == []


class TestJournal:
    def test_an_entry_that_was_cut_off_does_not_hide_the_next(self, tmp_path):
        one = journal.Journal(tmp_path)
        one.note("/a\n b", 1, 2)
        one.place.write_bytes(one.place.read_bytes() + b"\x0012 3 /cut")
        one.note("/é\udcff", 3, 4)
        one.end()
        assert journal.left(tmp_path) == [one.place]
        assert journal.read(one.place) == [("/a\n b", 1, 2), ("/cut", 12, 3), ("/é\udcff", 3, 4)]

    def test_of_a_link_nothing_is_read(self, tmp_path):
        folder = tmp_path / "builds"
        one = journal.Journal(tmp_path / "elsewhere")
        one.note("/a", 1, 1)
        one.end()
        folder.symlink_to(one.place.parent)
        assert journal.left(folder) == []
        (tmp_path / "elsewhere" / f"{3:020}.journal").symlink_to(one.place)
        assert journal.left(one.place.parent) == [one.place]
