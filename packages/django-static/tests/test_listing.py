"""The list of all files, which another process makes while templates are scanned."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
from django.core.management import CommandError
from static_test_built import Built

from django_static import aside, bundles, listing
from django_static.plan import all_sources

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork") or sys.platform == "darwin", reason="no safe fork() here"
)


@pytest.fixture
def built(site, settings, tmp_path):
    with Built.made(site, settings, tmp_path) as made:
        made.app_file("img/a.png", "picture")
        made.app_file("css/a.css", "i { background: url(../img/a.png) }")
        made.page("page.html", "{% staticfile '/static/css/a.css' %}")
        yield made


@pytest.fixture
def processes(monkeypatch):
    """Those that were begun."""
    monkeypatch.setattr(aside, "cores", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # whatever other tests have left
    begun = []
    real = os.fork

    def fork() -> int:
        begun.append(real())
        return begun[-1]

    monkeypatch.setattr(os, "fork", fork)
    return begun


def is_waited_for(process: int) -> bool:
    try:
        os.waitpid(process, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def published(built: Built) -> list[str]:
    return sorted(path.name for path in built.static.rglob("*") if ".django-static" not in path.parts)


def test_what_another_process_has_listed_is_published(built, processes):
    secret = built.extra.parent / "secret.txt"
    secret.write_text("not to be published")
    (built.extra / "secret.txt").symlink_to(secret)
    said = built.build("--all")
    assert len(processes) == 1
    assert is_waited_for(processes[0])
    assert [name for name in published(built) if name.startswith("a.")] == published(built)[:4]
    assert "2 files (4 written)" in said
    assert "secret.txt" in said, "why a file is left out comes from the other process, too"
    assert "secret.txt" not in published(built)


def test_one_that_is_killed_leaves_its_work_to_this_one(built, processes, monkeypatch):
    parent = os.getpid()
    real = all_sources

    def kill(sources):
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(sources)

    monkeypatch.setattr(listing, "all_sources", kill)
    assert "2 files (4 written)" in built.build("--all")
    assert is_waited_for(processes[0])


def test_none_where_only_the_files_of_templates_are_wanted(built, processes):
    assert "2 files" in built.build()
    assert processes == []


def test_none_where_a_finder_may_hold_a_connection(built, processes, settings):
    settings.STATICFILES_FINDERS = [*settings.STATICFILES_FINDERS, "static_test_helpers.StrangeFinder"]
    assert "2 files (4 written)" in built.build("--all")
    assert processes == []


def test_one_that_nobody_needs_any_more_is_ended(built, processes, monkeypatch):
    def wrong(*_: object) -> None:
        raise ValueError("DJANGO_STATIC_BUNDLES is not as it must be")

    monkeypatch.setattr(bundles, "declared", wrong)
    with pytest.raises(CommandError, match="DJANGO_STATIC_BUNDLES"):
        built.build("--all")
    assert len(processes) == 1
    assert is_waited_for(processes[0])
