"""Copies of ``collectstatic`` with our storage appear whole or not at all, and those that are cut are made again."""

from __future__ import annotations

import errno
import os
import stat
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files import File
from django.core.management import call_command
from static_test_built import Built

from django_static import resolver
from django_static.storage import StaticStorage

CONTENT = bytes(range(256)) * 4096


class Content(File):
    """Content of which something happens after the first piece."""

    def __init__(self, then):
        super().__init__(BytesIO(CONTENT))
        self._then = then

    def chunks(self, chunk_size=None):
        yield CONTENT[:1000]
        self._then()
        yield CONTENT[1000:]


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


@pytest.fixture
def storage(tmp_path):
    return StaticStorage(str(tmp_path / "static"))


@pytest.fixture
def built(site, settings, tmp_path):
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    with Built.made(site, settings, tmp_path) as built:
        built.app_file("css/a.css", "a { b : c }")
        built.app_file("p.bin", CONTENT)
        yield built


def collect(*arguments: str) -> str:
    out = StringIO()
    call_command("collectstatic", *arguments, interactive=False, stdout=out, skip_checks=True)
    resolver.reset()
    return out.getvalue()


def test_there_is_nothing_of_the_name_before_all_is_there(storage, tmp_path):
    seen = []
    content = Content(lambda: seen.append((tmp_path / "static/css/a.bin").exists()))
    assert storage.save("css/a.bin", content) == "css/a.bin"
    assert seen == [False]
    assert (tmp_path / "static/css/a.bin").read_bytes() == CONTENT
    assert files_in(tmp_path / "static") == ["css/a.bin"]


def no_room():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_and_is_told_with_the_name(storage, tmp_path):
    with pytest.raises(OSError, match=r"No space left on device: '.*static/css/a\.bin'"):
        storage.save("css/a.bin", Content(no_room))
    assert files_in(tmp_path / "static") == []


def test_a_killed_one_leaves_nothing_that_is_found(built, storage, tmp_path):
    process = os.fork()
    if not process:
        storage.save("p.bin", Content(lambda: os._exit(9)))
    os.waitpid(process, 0)
    (left,) = files_in(built.static)
    assert left.startswith(".")
    collect()
    assert (built.static / "p.bin").read_bytes() == CONTENT
    # It may be that of one that is at work.
    call_command("staticclean", stdout=StringIO(), skip_checks=True)
    assert (built.static / left).exists()
    an_hour_ago = os.stat(built.static).st_mtime - 3601
    os.utime(built.static / left, (an_hour_ago, an_hour_ago))
    call_command("staticclean", stdout=StringIO(), skip_checks=True)
    assert not (built.static / left).exists()


@pytest.mark.parametrize("mode", [0o600, 0o644, None])
def test_modes_are_those_of_django(settings, tmp_path, mode):
    settings.FILE_UPLOAD_PERMISSIONS = mode
    settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750
    modes = []
    for kind in (StaticStorage, StaticFilesStorage):
        folder = tmp_path / kind.__name__
        kind(str(folder)).save("css/deep/a.bin", File(BytesIO(CONTENT)))
        modes.append(
            [stat.S_IMODE((folder / each).stat().st_mode) for each in ("css", "css/deep", "css/deep/a.bin")]
        )
    assert modes[0] == modes[1]


def no_links(*_arguments, **_options):
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("has_links", [True, False])
def test_who_comes_later_gets_another_name(storage, tmp_path, monkeypatch, has_links):
    """As with Django: what somebody else has put there meanwhile stays."""
    if not has_links:
        monkeypatch.setattr(os, "link", no_links)
    target = tmp_path / "static/a.bin"
    name = storage.save("a.bin", Content(lambda: target.write_text("somebody else")))
    assert name != "a.bin"
    assert target.read_text() == "somebody else"
    assert (tmp_path / "static" / name).read_bytes() == CONTENT
    assert files_in(tmp_path / "static") == sorted(["a.bin", name])


def test_who_may_overwrite_does(tmp_path):
    storage = StaticStorage(str(tmp_path), allow_overwrite=True)
    for content in (b"first, and longer", b"second"):
        assert storage.save("a.bin", File(BytesIO(content))) == "a.bin"
    assert (tmp_path / "a.bin").read_bytes() == b"second"
    assert files_in(tmp_path) == ["a.bin"]


def test_a_file_on_the_disk_is_moved_there(storage, tmp_path):
    class Uploaded(File):
        def temporary_file_path(self):
            return str(tmp_path / "uploaded")

    (tmp_path / "uploaded").write_bytes(CONTENT)
    assert storage.save("a.bin", Uploaded(None)) == "a.bin"
    assert (tmp_path / "static/a.bin").read_bytes() == CONTENT
    assert not (tmp_path / "uploaded").exists()


@pytest.mark.parametrize("left", [0, 1, len(CONTENT) - 1])
def test_a_copy_that_was_cut_is_made_again(built, left, caplog, settings):
    """Another version may have left it, or a disk."""
    settings.FILE_UPLOAD_PERMISSIONS = 0o640
    built.static.mkdir()
    copy = built.static / "p.bin"
    copy.write_bytes(CONTENT[:left])
    assert ", 1 unmodified" in collect()
    assert copy.read_bytes() == CONTENT
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert "p.bin was cut off" in caplog.text
    caplog.clear()
    collect()
    assert not caplog.records
    # It is known for a copy.
    (built.extra / "p.bin").unlink()
    built.page("page", '{% staticfile "/static/p.bin" %}')
    assert "no longer there" in built.check()


def test_when_one_is_updated_a_cut_one_is_seen_too(built):
    collect()
    built.app_file("p.bin", CONTENT[::-1])
    (built.static / "p.bin").write_bytes(CONTENT[::-1][:4096])
    collect()
    assert (built.static / "p.bin").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("own", [b"own", CONTENT[:100] + b"own", CONTENT + b"more"])
def test_what_somebody_has_changed_stays(built, own):
    collect()
    built.app_file("css/a.css", "a { b : d }")  # so that there is something to do
    (built.static / "p.bin").write_bytes(own)
    collect()
    assert (built.static / "p.bin").read_bytes() == own


def test_links_stay_links(built):
    collect("--link")
    assert (built.static / "p.bin").is_symlink()
    collect("--link")
    assert (built.static / "p.bin").is_symlink()
    assert (built.extra / "p.bin").read_bytes() == CONTENT
    collect()
    assert not (built.static / "p.bin").is_symlink()
    assert (built.static / "p.bin").read_bytes() == CONTENT
