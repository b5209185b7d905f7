"""Trees of many files, half of which another process publishes."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

import pytest
from static_test_built import Built

from django_static import aside, listing, tree_files
from django_static.build_shelf import BuildShelf
from django_static.folders import Folders
from django_static.originals import Copies, Originals
from django_static.seal import Seal

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin", reason="no safe fork() here"
)


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as made:
        for number in range(60):
            made.app_file(f"img/{number % 7}/{number}.png", f"picture {number % 50}")
        made.app_file("css/a.css", "@import 'b.css'; i { background: url(../img/1/1.png) }")
        made.app_file("css/b.css", "b { background: url(../img/2/2.png), url(../img/missing.png) }")
        made.app_file("js/a.js", "import './b.js'; new URL('../img/3/3.png', import.meta.url)")
        made.app_file("js/b.js", "import './a.js'")
        yield made


@pytest.fixture
def processes(monkeypatch):
    """How many there were; few files are many here."""
    monkeypatch.setattr(aside, "cores", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # whatever other tests have left
    monkeypatch.setattr(tree_files, "_MANY", 20)
    monkeypatch.setattr(listing, "are_folders", lambda: False)  # that is another one
    begun = []
    real = os.fork

    def fork() -> int:
        begun.append(real())
        return begun[-1]

    monkeypatch.setattr(os, "fork", fork)
    return begun


def state(built: Built) -> dict[str, bytes]:
    """Everything that is published, and what pages know of it."""
    return {
        str(path.relative_to(built.static)): path.read_bytes()
        for path in built.static.rglob("*")
        if path.is_file() and (".django-static" not in path.parts or path.name == "manifest.json")
    }


def alone(built: Built, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What one process publishes."""
    with monkeypatch.context() as patch:
        patch.setattr(aside, "cores", lambda: 1)
        built.build("--all")
    published = state(built)
    built.forget()
    return published


def test_two_processes_publish_what_one_does(built, monkeypatch, processes):
    expected = alone(built, monkeypatch)
    assert not processes
    said = built.build("--all")
    assert len(processes) == 1
    assert state(built) == expected
    assert len([name for name in expected if ".django-static" not in name]) == 2 * 64
    assert "64 files (128 written)" in said
    assert "(0 written)" in built.build("--all")


def test_files_the_build_before_had(built, processes):
    built.build("--all")
    built.app_file("img/5/5.png", "another picture")
    built.app_file("css/c.css", "c { background: url(../img/5/5.png) }")
    assert "65 files (4 written)" in built.build("--all")
    assert len(processes) == 2
    assert b"another picture" in state(built).values()
    assert "(0 written)" in built.build("--all")


def test_a_large_text_that_the_other_process_gives_back_comes_next(built, monkeypatch, processes):
    built.app_file("css/large.css", f"/* {'large ' * 1000}*/ @import 'b.css';")
    expected = alone(built, monkeypatch)
    order: list[str] = []
    real = tree_files.TreeFiles._publish

    def publish(self, name, *arguments):
        deadline = time.monotonic() + 30
        while not order and self._taken.find(tree_files._GIVEN_BACK) < 0 and time.monotonic() < deadline:
            os.sched_yield()
        order.append(name)
        real(self, name, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(tree_files.TreeFiles, "_publish", publish)
        built.build("--all")
    assert len(processes) == 1
    assert order[1] == "css/large.css"
    assert len(order) == len(set(order)) == 65
    assert state(built) == expected


def test_the_other_process_is_killed(built, monkeypatch, processes):
    expected = alone(built, monkeypatch)

    def killed(self, check: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(tree_files.TreeFiles, "_publish_aside", killed)
        built.build("--all")
    assert len(processes) == 1
    assert state(built) == expected


def test_the_other_process_is_killed_while_it_writes_its_records(built, monkeypatch, processes):
    expected = alone(built, monkeypatch)
    parent = os.getpid()
    real = BuildShelf.texts

    def texts(self) -> dict[str, str]:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(BuildShelf, "texts", texts)
        built.build("--all")
    assert len(processes) == 1
    assert state(built) == expected
    assert len(json.loads(built.manifest.with_name("records.json").read_bytes())["records"]) == 65
    with pytest.raises(ChildProcessError):
        os.waitpid(processes[0], os.WNOHANG)
    built.manifest.with_name("seal.json").unlink()
    assert "(0 written)" in built.build("--all"), "the records are whole"


def test_the_records_of_two_processes_are_those_of_one(built, monkeypatch, processes):
    def records() -> object:
        value = json.loads(built.manifest.with_name("records.json").read_bytes())
        return {key: [record["outputs"], record["uses"]] for key, record in value["records"].items()}

    with monkeypatch.context() as patch:
        patch.setattr(aside, "cores", lambda: 1)
        built.build("--all")
    expected = records()
    built.forget()
    built.build("--all")
    assert len(processes) == 1
    assert records() == expected


def test_of_a_copy_that_both_have_made_the_last_counts(tmp_path):
    copy = tmp_path / "a.css"
    copy.write_text("a {}")
    originals = Originals(tmp_path, tmp_path / "originals.json", Folders())
    originals.adopt(Copies({"a.css": (None, (1, 1, 1))}, set(), {}))
    assert originals.states() == {str(copy): [1, 1]}
    originals.adopt(Copies({"a.css": (None, (2, 2, 2))}, set(), {}))
    assert originals.states() == Seal.states([str(copy)])


def test_an_original_that_changes_before_it_is_copied_is_copied_by_the_next_build(built, monkeypatch):
    real = Originals.put
    edited: list[str] = []

    def put(self, name, source, *arguments):
        if name == "img/1/1.png" and not edited:
            edited.append(name)
            source.path.write_text("edited")
        return real(self, name, source, *arguments)

    monkeypatch.setattr(Originals, "put", put)
    built.build("--all")
    built.build("--all")
    assert edited
    assert (built.static / "img/1/1.png").read_text() == "edited"


def test_a_file_that_cannot_be_published(built, processes):
    built.app_file("img/9/9.png", "picture")
    folder = built.static / "img" / "9"
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where a folder should be")
    with pytest.raises(Exception, match="the manifest is what it was before"):
        built.build("--all")
    assert not built.manifest.exists()
    with pytest.raises(ChildProcessError):
        os.waitpid(processes[0], os.WNOHANG)


def test_what_is_on_the_disk_is_named_and_nothing_before(built, monkeypatch):
    """The manifest and the records are made while the disk is waited for, and written afterwards."""
    records = built.manifest.with_name("records.json")
    encoded = threading.Event()
    there: list[tuple[bool, bool]] = []
    real = BuildShelf.encoded

    def encode(self) -> bytes | None:
        data = real(self)
        encoded.set()
        return data

    def sync() -> None:
        assert encoded.wait(30)
        there.append((built.manifest.exists(), records.exists()))

    monkeypatch.setattr(BuildShelf, "encoded", encode)
    monkeypatch.setattr(os, "sync", sync)
    built.build("--all")
    assert there == [(False, False)]
    assert built.manifest.exists()
    assert records.exists()
