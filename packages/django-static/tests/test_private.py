"""Where records lie when no folder is configured: in one that nobody else can have prepared."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import django_static
from django_static import private
from django_static.conf import conf

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows: the temporary folder is the user's own")

NOBODY = 65534


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder as the system's own is: open to everybody."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(private, "_instead", {})
    return folder


def usual(temporary: Path) -> Path:
    return temporary / f"django-static-{os.getuid()}"


def is_private(folder: Path) -> bool:
    status = folder.lstat()
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and stat.S_IMODE(status.st_mode) == 0o700
    )


def test_the_folder_is_the_users_own_and_stays(temporary):
    mask = os.umask(0)
    try:
        folder = private.private_folder()
    finally:
        os.umask(mask)
    assert folder == usual(temporary)
    assert is_private(folder)
    assert private.private_folder() == folder


def link(folder: Path) -> None:
    target = folder.with_name("elsewhere")
    target.mkdir(mode=0o700)
    folder.symlink_to(target)


def open_folder(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def group_folder(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o770)


def file(folder: Path) -> None:
    folder.write_text("")


def of_another_user(folder: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can make a folder of somebody else")
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)


@pytest.mark.parametrize("prepare", [link, open_folder, group_folder, file, of_another_user])
def test_a_folder_that_was_prepared_is_not_used(temporary: Path, prepare: Callable[[Path], None]):
    prepare(usual(temporary))
    folder = private.private_folder()
    assert folder != usual(temporary)
    assert folder.parent == temporary
    assert is_private(folder)
    assert private.private_folder() == folder, "one for the life of the process"
    folder.rmdir()
    assert is_private(private.private_folder()), "swept away by the system: another one"


def test_what_others_could_only_read_is_closed(temporary):
    usual(temporary).mkdir()
    usual(temporary).chmod(0o755)
    assert private.private_folder() == usual(temporary)
    assert is_private(usual(temporary))


def test_nowhere_to_make_a_folder(temporary, monkeypatch):
    file(usual(temporary))

    def refuse(*args: object, **kwargs: object) -> str:
        raise OSError("read-only file system")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    folder = private.private_folder()
    assert not folder.exists()
    assert folder != usual(temporary)


def test_windows_asks_for_no_owner(temporary, monkeypatch):
    monkeypatch.delattr(os, "getuid")
    assert private.private_folder() == temporary / "django-static"


def test_only_without_a_folder_of_the_site(site, temporary):
    assert conf.options().state == site.media / ".django-static"
    site.settings.MEDIA_ROOT = ""
    assert conf.options().state == usual(temporary)


def test_a_site_with_finders_only(site, temporary, tmp_path):
    from django.contrib.staticfiles import finders

    (tmp_path / "app").mkdir()
    (tmp_path / "app/a.js").write_text("var a = 1 ;")
    site.settings.MEDIA_ROOT = ""
    site.settings.STATICFILES_DIRS = [str(tmp_path / "app")]
    site.settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    finders.get_finder.cache_clear()
    os.utime(tmp_path / "app/a.js", (7, 7))
    assert django_static.slimfile("/static/a.js") == "/static/a.7.js"
    finders.get_finder.cache_clear()


PAGE = """
import os, sys, tempfile
tempfile.tempdir = sys.argv[1]
from django.conf import settings
settings.configure(
    DJANGO_STATIC=True, STATIC_URL="/static/", STATICFILES_DIRS=[sys.argv[2]],
    INSTALLED_APPS=["django.contrib.staticfiles", "django_static"],
)
import django
django.setup()
import django.contrib.staticfiles.finders, django.contrib.staticfiles.storage
import django_static.lazy, django_static.job
from django_static import staticfile
from django_static.conf import conf
if int(sys.argv[3]):
    # Only now: not every user may read the folders of this Python.
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[3]))
print(staticfile("/static/a.png"))
"""


@pytest.fixture
def shared():
    """A folder that every user may enter; that of pytest is closed again whenever another run begins."""
    with tempfile.TemporaryDirectory(prefix="django-static-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can be somebody else")
def test_each_user_of_a_machine(shared):
    """Whoever comes first must not lock out the others."""
    temporary = shared / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    for user, folder in ((0, shared / "one"), (NOBODY, shared / "two")):
        folder.mkdir()
        folder.chmod(0o777)
        (folder / "a.png").write_text("")
        os.utime(folder / "a.png", (7, 7))
        done = subprocess.run(
            [sys.executable, "-c", PAGE, str(temporary), str(folder), str(user)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout == "/static/a.7.png\n", done.stderr
    assert {path.name for path in temporary.iterdir()} == {"django-static-0", f"django-static-{NOBODY}"}
