"""The paths of the storage: Django's, whatever was asked for before."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.exceptions import ImproperlyConfigured, SuspiciousFileOperation
from hypothesis import given
from hypothesis import strategies as st

from django_static.storage import StaticStorage

NAMES = {
    "in a folder": "css/a.css",
    "its neighbour": "css/b.css",
    "a folder further": "css/deep/a.css",
    "at the top": "a.css",
    "a folder": "css/",
    "nothing": "",
    "the top": ".",
    "hidden": "css/.htaccess",
    "in a hidden folder": ".well-known/a.txt",
    "doubled slash": "css//a.css",
    "a dot between": "css/./a.css",
    "and back": "css/../a.css",
    "ends above": "css/..",
    "above": "../a.css",
    "above in the middle": "css/../../a.css",
    "above and in again": "../static/a.css",
    "itself": "/srv/static",
    "absolute": "/etc/passwd",
    "absolute inside": "/srv/static/css/a.css",
    "two slashes before": "//srv/static/a.css",
    "a path": PurePosixPath("css/a.css"),
    "a backslash": "css/a\\..\\b.css",
    "a tilde": "~/a.css",
    "not ASCII": "bilder/å.png",
}


def answer(storage, name):
    """What a storage says to a name: a path, or the kind of its error."""
    try:
        return storage.path(name)
    except (SuspiciousFileOperation, ValueError) as error:
        return type(error)


@pytest.mark.parametrize("before", ["css/x.css", "a.css", "../a.css"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_they_are_those_of_django(name, before):
    ours, django = StaticStorage("/srv/static"), StaticFilesStorage("/srv/static")
    answer(ours, before)
    assert answer(ours, name) == answer(django, name) == answer(ours, name)


@given(st.lists(st.text("a./\\ é", max_size=8), max_size=6))
def test_so_they_are_for_any_names_in_any_order(names):
    ours, django = StaticStorage("/srv/static"), StaticFilesStorage("/srv/static")
    assert [answer(ours, name) for name in names] == [answer(django, name) for name in names]


def test_at_the_root_of_the_disk():
    assert StaticStorage("/").path("css/a.css") == "/css/a.css"


def test_who_leaves_the_folder_is_refused_also_after_others():
    storage = StaticStorage("/srv/static")
    for name in ("css/a.css", "../css/a.css"):
        assert answer(storage, name) == {"css/a.css": "/srv/static/css/a.css"}.get(
            name, SuspiciousFileOperation
        )


def test_without_a_folder_it_is_said(settings):
    settings.STATIC_ROOT = None
    with pytest.raises(ImproperlyConfigured, match="STATIC_ROOT"):
        StaticStorage().path("css/a.css")


def test_another_folder_is_looked_at_anew():
    storage = StaticStorage("/srv/static")
    assert storage.path("css/a.css") == "/srv/static/css/a.css"
    storage.location = "/srv/other"
    assert storage.path("css/a.css") == "/srv/other/css/a.css"
