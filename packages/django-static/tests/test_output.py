"""Many processes, and what goes wrong on disks: every file whole, written once, and a page always comes out."""

from __future__ import annotations

import errno
import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from static_test_forks import Forks, Process

import django_static
from django_static import minify, names, output, parts, placing, reader

WORKER = Path(__file__).parent / "helpers/static_test_worker.py"
GIVEN = (
    "/img/i.png /js/b.js <link rel=stylesheet href=/css/a.css><link rel=stylesheet href=/css/b.css>"
    "<script src=/js/a.js></script>"
)
PUBLISHED = (
    '/img/i.5.png /js/b.5.js <link rel=stylesheet href="/css/a_b.5.css"><script src="/js/a.5.js"></script>'
)
OUTPUTS = ["css/a_b.5.css", "img/i.5.png", "js/a.5.js", "js/b.5.js"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A site that other users may look into, which pytest's own folders are not for."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        contents = {
            "css/a.css": "a {\n  background: url(../img/i.png)\n}\n" * 400,
            "css/b.css": "b {\n  c: d\n}\n" * 400,
            "js/a.js": "a(1);\n\n" * 400,
            "js/b.js": "b(22);\n\n" * 400,
            "img/i.png": "png",
        }
        for path, text in contents.items():
            file = root / "media" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            os.utime(file, (5, 5))
        yield root


class Workers:
    """Processes that wait for one another."""

    def __init__(self, root: Path, forks: Forks) -> None:
        self.root = root
        self.forks = forks
        self.start = root / "start"
        self.journal = root / "journal"
        self.running: list[Process] = []

    def add(self, action: str = "render", **variables: str) -> Process:
        environment = {**os.environ, "STATIC_TEST_JOURNAL": str(self.journal), **variables}
        process = self.forks.start(WORKER, self.root, self.start, action, environment=environment)
        self.running.append(process)
        return process

    def go(self) -> None:
        self.start.touch()

    def results(self) -> list[tuple[str, str]]:
        return [
            (out.strip(), err) for out, err in (process.communicate(timeout=90) for process in self.running)
        ]


@pytest.fixture
def workers(folder: Path, forks: Forks) -> Iterator[Workers]:
    group = Workers(folder, forks)
    yield group
    for process in group.running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def published(root: Path) -> list[str]:
    saved = root / "saved"
    return sorted(
        str(path.relative_to(saved))
        for path in saved.rglob("*")
        if not path.is_dir() and ".django-static" not in path.parts
    )


def test_eight_processes_write_each_file_once_and_whole(folder, workers):
    for _ in range(8):
        workers.add()
    seen: dict[str, set[tuple[int, int, int]]] = {name: set() for name in OUTPUTS}
    contents: dict[str, set[bytes]] = {name: set() for name in OUTPUTS}
    finished = threading.Event()

    def poll() -> None:
        while not finished.is_set():
            for name in OUTPUTS:
                try:
                    with open(folder / "saved" / name, "rb") as file:
                        status = os.fstat(file.fileno())
                        contents[name].add(file.read())
                except FileNotFoundError:
                    continue
                seen[name].add((status.st_ino, status.st_mtime_ns, status.st_size))

    reader = threading.Thread(target=poll)
    reader.start()
    workers.go()
    results = workers.results()
    finished.set()
    reader.join()
    assert [page for page, _ in results] == [PUBLISHED] * 8
    assert [error for _, error in results] == [""] * 8
    assert published(folder) == OUTPUTS
    work = [line.split()[:2] for line in workers.journal.read_text().splitlines()]
    assert len(work) == 4, "two style sheets and two scripts, each minified by one process"
    assert len(set(map(tuple, work))) == 4
    for name in OUTPUTS:
        assert len(seen[name]) == 1, f"{name} was written {len(seen[name])} times"
        assert len(contents[name]) == 1, f"{name} was seen half written"
    assert not list(folder.rglob("*.lock"))
    assert not list(folder.rglob("*.tmp"))


def test_a_process_killed_at_work_blocks_no_other(folder, workers):
    victim = workers.add(STATIC_TEST_HANG="1")
    workers.go()
    deadline = time.monotonic() + 60
    while not (workers.journal.exists() and workers.journal.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert list(folder.rglob("*.lock")), "it is killed while it holds a lock"
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    workers.running.remove(victim)
    workers.journal.unlink()
    workers.add()
    assert workers.results() == [(PUBLISHED, "")]
    assert published(folder) == OUTPUTS
    assert not list(folder.rglob("*.lock"))


def test_what_a_killed_writer_left_is_swept_away(tmp_path):
    state = tmp_path / ".django-static"
    target = tmp_path / "a.css"
    state.mkdir()
    mark = names.digest(str(target))[:16]
    temporary = names.digest(str(state), str(target), os.uname().nodename)[:16]
    (tmp_path / f".{temporary}.tmp").write_text("half")
    (state / f"{mark}.lock").write_text("")
    assert placing.write(target, b"whole", state, 1.0)
    assert target.read_text() == "whole"
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".django-static", "a.css"]


@pytest.mark.parametrize("action", ["nobody", "full"])
def test_a_page_comes_out_when_nothing_can_be_written(folder, workers, action):
    (folder / "saved").mkdir(mode=0o755)
    if action == "nobody" and os.getuid() != 0:
        (folder / "saved").chmod(0o555)
    workers.journal.touch()
    workers.journal.chmod(0o666)
    workers.add(action)
    workers.go()
    ((page, error),) = workers.results()
    failed = ["/js/b.js", "/css/a.css, /css/b.css", "/js/a.js"]
    if action == "full":
        # A link needs no room.
        assert page == GIVEN.replace("/i.", "/i.5.")
        assert published(folder) == ["img/i.5.png"]
    else:
        assert page == GIVEN
        assert published(folder) == []
        failed.append("/img/i.png")
    assert not list((folder / "saved").rglob("*.tmp"))
    for name in failed:
        assert len(re.findall(rf": {name} could not be published", error)) == 1


def test_what_lies_there_already_is_used_from_a_read_only_folder(folder, workers):
    workers.add()
    workers.go()
    assert workers.results() == [(PUBLISHED, "")]
    workers.running.clear()
    (folder / "saved").chmod(0o555)
    workers.add("nobody")
    ((page, error),) = workers.results()
    assert page == PUBLISHED
    assert "could not" not in error


def test_a_folder_that_is_a_file(site, warned):
    (site.root / "saved").write_text("")
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(site.root / "saved")
    site.write("a.png", "", 5)
    for _ in range(3):
        assert site.render('{% staticfile "/a.png" %}') == "/a.png"
    assert len(warned()) == 1


def test_an_original_that_vanishes_on_the_way(site, warned, monkeypatch):
    path = site.write("a.js", "a ( 1 )", 5)
    real = reader.signature

    def vanishing(name):
        seen = real(name)
        path.unlink(missing_ok=True)
        return seen

    monkeypatch.setattr(reader, "signature", vanishing)
    assert django_static.slimfile("/a.js") == "/a.js"
    assert "could not be published" in warned()[0]
    assert site.published() == []


def test_a_damaged_record_is_made_anew(site):
    site.write("a.js", "a ( 1 )", 5)
    django_static.slimfile("/a.js")
    records = list(site.media.rglob(".django-static/*.json"))
    assert len(records) == 1
    for damage in ("", "{}", "[]", '{"outputs": [[1]], "inputs": {}, "missing": []}', "\0"):
        records[0].write_text(damage)
        site.restart()
        assert django_static.slimfile("/a.js") == "/a.5.js"
        assert records[0].read_text() != damage


def test_a_published_file_that_was_removed_is_made_again(site):
    site.write("a.js", "a ( 1 )", 5)
    django_static.slimfile("/a.js")
    (site.media / "a.5.js").unlink()
    site.restart()
    assert site.text(django_static.slimfile("/a.js")) == "a(1)"


def test_records_may_be_lost(site):
    site.write("a.js", "a ( 1 )", 5)
    first = django_static.slimfile("/a.js")
    inode = (site.media / "a.5.js").stat().st_ino
    for record in site.media.rglob(".django-static/*"):
        record.unlink()
    site.restart()
    assert django_static.slimfile("/a.js") == first
    assert (site.media / "a.5.js").stat().st_ino == inode


def test_a_restart_does_no_work_again(site, monkeypatch):
    site.write("i.png", "", 4)
    site.write("a.css", "a { b : url(i.png) }", 5)
    first = django_static.slimfile("/a.css")
    site.restart()

    def fail(*args):
        raise AssertionError("the work was done before")

    monkeypatch.setattr(minify, "slim", fail)
    monkeypatch.setattr(parts.Part, "read", fail)
    assert django_static.slimfile("/a.css") == first


def test_published_files_can_be_read_by_a_server(site):
    site.write("a.js", "a ( 1 )", 5)
    mask = os.umask(0o022)
    try:
        django_static.slimfile("/a.js")
    finally:
        os.umask(mask)
    assert (site.media / "a.5.js").stat().st_mode & 0o777 == 0o644


class TestLock:
    def test_waits_for_its_holder(self, tmp_path):
        path = tmp_path / "x.lock"
        order = []
        inside = threading.Event()

        def second():
            inside.wait()
            with output.locked(path, 10):
                order.append("second")

        thread = threading.Thread(target=second)
        with output.locked(path, 1):
            thread.start()
            inside.set()
            with pytest.raises(output.LockTimeout), output.locked(path, 0.05):
                raise AssertionError("two holders")
            order.append("first")
        thread.join()
        assert order == ["first", "second"]
        assert not path.exists()

    def test_a_lock_on_a_removed_file_is_none(self, tmp_path, monkeypatch):
        path = tmp_path / "x.lock"
        real = output._lock
        calls = []

        def too_late(handle, name, deadline, **how):
            held = real(handle, name, deadline, **how)
            if not calls:
                path.unlink()  # its holder was done in the meantime
            calls.append(held)
            return held

        monkeypatch.setattr(output, "_lock", too_late)
        with output.locked(path, 5):
            assert calls == [True, True]
            assert path.exists(), "others must see the lock that is held"

    def test_many_threads_one_at_a_time(self, tmp_path):
        path = tmp_path / "x.lock"
        count = [0, 0]

        def work():
            for _ in range(20):
                with output.locked(path, 30):
                    count[0] += 1
                    assert count[0] == 1
                    count[1] += 1
                    count[0] -= 1

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert count == [0, 160]

    def test_a_system_without_locks(self, tmp_path, monkeypatch):
        def refuse(*args):
            raise OSError(errno.ENOLCK, "no locks")

        monkeypatch.setattr(output.fcntl, "flock", refuse)
        with output.locked(tmp_path / "x.lock", 1) as held:
            assert not held
        assert placing.write(tmp_path / "a", b"x", tmp_path, 1)
        assert (tmp_path / "a").read_bytes() == b"x"

    def test_another_error_is_passed_on(self, tmp_path, monkeypatch):
        def refuse(*args):
            raise OSError(errno.EIO, "broken disk")

        monkeypatch.setattr(output.fcntl, "flock", refuse)
        with pytest.raises(OSError, match="broken disk"), output.locked(tmp_path / "x.lock", 1):
            pass


class TestNames:
    def test_a_name_stands_for_one_content(self, tmp_path):
        path = tmp_path / "a"
        assert placing.write(path, b"one", tmp_path, 1)
        assert placing.write(path, b"one", tmp_path, 1)
        assert not placing.write(path, b"two", tmp_path, 1)
        assert path.read_bytes() == b"one"

    def test_links(self, tmp_path):
        original, other, path = tmp_path / "o", tmp_path / "p", tmp_path / "a"
        original.write_text("one")
        other.write_text("two")
        assert placing.link(path, original, tmp_path, 1, symlink=True)
        assert placing.link(path, original, tmp_path, 1, symlink=True)
        assert not placing.link(path, other, tmp_path, 1, symlink=True)
        assert not placing.write(path, b"two", tmp_path, 1)
        assert path.is_symlink()
        assert placing.write(path, b"one", tmp_path, 1)
        assert not path.is_symlink(), "what is written must not change with an original"
        assert original.read_text() == "one"

    def test_a_link_to_nothing_is_replaced(self, tmp_path):
        path = tmp_path / "a"
        path.symlink_to(tmp_path / "gone")
        assert placing.write(path, b"one", tmp_path, 1)
        assert not path.is_symlink()

    def test_no_links_there(self, tmp_path, monkeypatch):
        original = tmp_path / "o"
        original.write_text("one")

        def refuse(*args):
            raise OSError(errno.EPERM, "no links")

        monkeypatch.setattr(Path, "symlink_to", refuse)
        assert placing.link(tmp_path / "a", original, tmp_path, 1, symlink=True)
        assert (tmp_path / "a").read_text() == "one"

    def test_remove_what_is_gone(self, tmp_path):
        output.remove(tmp_path / "a")


def test_a_lock_of_another_user_is_waited_for(tmp_path, monkeypatch):
    """Who shares the folder may read the file, and not write to it."""
    place, opened = tmp_path / "a.lock", os.open

    def refuse(path, flags, *more):
        if str(path) == str(place) and flags & os.O_RDWR and place.exists():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, flags, *more)

    with output.locked(place, 1) as is_held:
        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(output.LockTimeout), output.locked(place, 0.05):
            pass
    assert is_held
    with output.locked(place, 1) as is_held:
        assert is_held
