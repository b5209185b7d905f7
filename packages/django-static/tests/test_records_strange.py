"""Records beside the manifest that somebody has made something else of: a pipe, a folder, a link to itself."""

from __future__ import annotations

import contextlib
import os
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from static_test_built import Built


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as made:
        settings.DJANGO_STATIC_COMPRESS = ["gz"]
        made.app_file("a.css", "p { color: red }\n" * 99)
        made.app_file("b.js", "window.answer = 42;\n" * 99)
        made.page("page.html", '{% slimfile "/static/a.css" %}{% slimfile "/static/b.js" %}')
        made.build()
        yield made


def spoil(path: Path, kind: str) -> None:
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name)


def records(built: Built) -> list[Path]:
    found = sorted(path for path in built.manifest.parent.rglob("*") if path.is_file())
    assert {"manifest.json", "records.json", "seal.json"} <= {path.name for path in found}
    return found


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("kind", ["pipe", "folder", "loop"])
def test_no_command_waits_for_a_record_that_is_none(built, kind, tmp_path):
    """Each of them in turn; what cannot be written is said, and nothing hangs."""
    before = built.render("page.html")
    whole = tmp_path / "whole"
    shutil.copytree(built.manifest.parent, whole)
    for place in [path.relative_to(built.manifest.parent) for path in records(built)]:
        for command in ("staticbuild", "staticclean"):
            spoil(built.manifest.parent / place, kind)
            said = StringIO()
            with contextlib.suppress(CommandError):  # which says what is wrong
                call_command(command, stdout=said, stderr=said, skip_checks=True)
            shutil.rmtree(built.manifest.parent)
            shutil.copytree(whole, built.manifest.parent)
    built.build()
    assert built.render("page.html") == before
