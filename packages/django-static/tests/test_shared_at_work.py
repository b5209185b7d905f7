"""Sites with one ``STATIC_ROOT`` at work at one moment, or killed in the middle of it; and folders that links make one."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import replace

import pytest
from django.core.management import CommandError

from django_static import output, placing
from django_static.conf import Conf
from django_static.manifest import Manifest


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long for anybody else."""
    whole = Conf.options
    monkeypatch.setattr(
        Conf,
        "options",
        lambda self, **some: replace(whole(self, **some), build_timeout=0.05, lock_timeout=0.05),
    )


@pytest.fixture
def meanwhile(monkeypatch):
    """Lets something happen when the next file is whole and has not got its name yet."""

    def at_once(happens):
        def place(*arguments):
            monkeypatch.setattr(placing, "place", whole)
            happens()
            return whole(*arguments)

        whole = placing.place
        monkeypatch.setattr(placing, "place", place)

    return at_once


class TestOneFolder:
    """Two folders that receive files are one, by a link or by how they are written."""

    @pytest.fixture(params=["link", "dots", "roots"])
    def one(self, request, sites, tmp_path, settings):
        media = sites.root / "a/media"
        media.mkdir(parents=True)
        (tmp_path / "link").symlink_to(media)
        sites.be("a", media=True)
        if request.param == "roots":
            settings.DJANGO_STATIC_MEDIA_ROOTS = [str(media), str(tmp_path / "link")]
            sites.static = sites.built.static = media
        else:
            sites.static = tmp_path / "link" if request.param == "link" else sites.root / "a/assets/../media"
        settings.STATIC_ROOT = str(sites.static)
        return sites

    def test_a_clean_up_does_not_wait_for_itself(self, one, impatient):
        first = one.build("a", "one()", media=True)
        second = one.build("a", "two()", media=True)
        assert "removed: 1 file" in one.clean("a", media=True)
        assert not first.exists()
        assert second.exists()

    def test_a_build_that_fails_takes_back_what_it_has_added(self, one, monkeypatch):
        def fail(*_arguments):
            raise OSError("full")

        one.build("default", "one()", media=True)
        before = {path.name for path in one.static.iterdir()}
        monkeypatch.setattr(Manifest, "write", fail)
        with pytest.raises(CommandError, match="full"):
            one.build("default", "two()", media=True)
        assert {path.name for path in one.static.iterdir()} == before

    def test_a_list_has_the_files_of_both(self, one):
        published = one.build("a", "one()", media=True)
        assert len(one.lists()) == 1
        assert published.name in one.lists()[0].read_text()


def test_a_file_that_is_wanted_by_another_path_stays(sites, tmp_path, settings):
    """A site whose folder is reached by a link now."""
    (tmp_path / "link").symlink_to(sites.static)
    published = sites.build("a", "one()")
    settings.STATIC_ROOT = str(tmp_path / "link")
    sites.build("a", "one()")
    sites.clean("a")
    assert published.exists()


def test_a_build_after_a_killed_one_leaves_those_of_others_alone(sites, meanwhile):
    def build_after_a_killed_one():
        (sites.root / "a/st/unfinished").touch()
        sites.build("a", "three()")
        sites.be("b")

    sites.build("a", "one()")
    sites.be("b")
    meanwhile(build_after_a_killed_one)
    assert sites.build("b", "two()").read_text() == "two()"


def test_a_build_after_a_killed_one_sweeps_where_nobody_is_at_work(sites):
    sites.build("a", "one()")
    half = sites.static / f".{'0' * 16}.building"
    half.write_text("half")
    (sites.root / "a/st/unfinished").touch()
    with output.locked(sites.static / ".django-static/sharing.lock", 1, shared=True):
        sites.build("a", "two()")
    assert half.exists()
    (sites.root / "a/st/unfinished").touch()
    sites.build("a", "three()")
    assert not half.exists()


def test_a_clean_up_waits_for_the_pages_of_others(sites, meanwhile, impatient):
    def clean():
        with pytest.raises(CommandError, match="something is being published"):
            sites.clean("default")
        sites.be("b", media=True, lazy=True)
        seen.append(True)

    seen = []
    sites.build("default", "one()")
    sites.be("b", media=True, lazy=True)
    meanwhile(clean)
    assert sites.print("b", "two()").read_text() == "two()"
    assert seen


def test_pages_wait_for_the_clean_up_of_another_site(sites, impatient, warned):
    sites.build("default", "one()")
    with output.locked(sites.static / ".django-static/sharing.lock", 1):
        assert sites.print("b", "two()").name == "a.js"
    assert any("held the lock too long" in text for text in warned())
    assert sites.print("b", "two()").read_text() == "two()"


def test_what_may_be_written_where_nobody_can_be_kept_out_is_left_for_an_hour(sites):
    """Another site publishes there for the first time."""
    half = sites.static / f".{'0' * 16}.tmp"
    sites.be("a", media=True)
    half.parent.mkdir(parents=True)
    half.write_text("half")
    sites.clean("a", media=True)
    assert half.exists()
    an_hour_ago = time.time() - 3601
    os.utime(half, (an_hour_ago, an_hour_ago))
    sites.clean("a", media=True)
    assert not half.exists()


@pytest.mark.parametrize("ends", ["killed", "failed"])
def test_the_manifest_from_before_is_served_after_a_build_that_did_not_end(sites, monkeypatch, ends):
    """It had said in the folder what it needs, and not replaced the manifest."""

    def end(*_arguments):
        if ends == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError("full")

    published = sites.build("a", "one()")
    assert sites.build("b", "one()") == published
    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "write", end)
        if ends == "failed":
            with pytest.raises(CommandError, match="full"):
                sites.build("b", "two()")
        else:
            child = os.fork()
            if child == 0:
                try:
                    sites.build("b", "two()")
                finally:
                    os._exit(1)
            assert os.waitpid(child, 0)[1] == signal.SIGKILL
    sites.be("b")
    assert sites.published() == published
    sites.build("a", "three()")
    sites.clean("a")
    assert published.exists()
    # The next one comes to its end.
    second = sites.build("b", "two()")
    sites.clean("b")
    assert not published.exists()
    assert second.exists()


def test_containers_with_records_at_one_path_do_not_write_to_one_file(tmp_path, monkeypatch, meanwhile):
    """Each has a disk of its own there, and so locks of its own; the folder that receives the files is one."""

    def in_another_container():
        with monkeypatch.context() as patch:
            patch.setattr(placing, "_HOST", "another")
            patch.setattr(output, "locked", lambda *_arguments, **_how: contextlib.nullcontext(True))
            assert placing.write(target, b"another", state, 1)

    target, state = tmp_path / "a.css", tmp_path / "state"
    meanwhile(in_another_container)
    assert not placing.write(target, b"one", state, 1)  # the name is that of another content now
    assert target.read_bytes() == b"another"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.css"]


def test_a_lock_of_another_user_that_is_gone_meanwhile_is_taken(tmp_path, monkeypatch):
    def opened(path, flags, *arguments, **how):
        if path == lock and flags & os.O_CREAT and len(seen) < 3:
            seen.append(path)
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path, flags, *arguments, **how)

    whole, seen, lock = os.open, [], tmp_path / "x.lock"
    monkeypatch.setattr(os, "open", opened)
    with output.locked(lock, 1) as is_held:
        assert is_held
    assert len(seen) == 3


def test_a_lock_in_a_folder_of_another_user_fails_at_once(tmp_path, monkeypatch):
    def refused(path, flags, *arguments, **how):
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return whole(path, flags, *arguments, **how)

    whole = os.open
    monkeypatch.setattr(os, "open", refused)
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    with pytest.raises(PermissionError), output.locked(tmp_path / "x.lock", 60):
        pass
