"""An original is taken away at any moment: before it is looked at, between its look-up and its reading, after it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.core.management import CommandError, call_command
from static_test_built import Built
from static_test_ways import leftovers

from django_static import resolver
from django_static.manifest import Manifest
from django_static.references import css, js

TEXTS = {
    "css/a.css": '@import "b.css"; .a { b: url(../i/a.png) }',
    "css/b.css": ".b { b: url(../i/b.png) }",
    "css/c.css": ".c { d: e }",
    "js/a.js": "import './b.js'; new Worker(new URL('w.js', import.meta.url)); a( 1 )",
    "js/b.js": "export { a } from './a.js'; b( 1 )",
    "js/w.js": "w( 1 )",
    "js/x.js": "x( 1 )",
    "js/y.js": "y( 1 )",
    "i/a.png": "picture a",
    "i/b.png": "picture b",
    "i/c.png": "picture c",
}
PAGE = """{% slimall %}<link rel="stylesheet" href="/static/css/a.css"><link rel="stylesheet" href="/static/css/c.css">{% endslimall %}
{% staticall %}<script src="/static/js/x.js"></script><script src="/static/js/y.js"></script>{% endstaticall %}
<script type="module" src="{% slimfile '/static/js/a.js' %}"></script><img src="{% staticfile '/static/i/c.png' %}">"""
#: More looks at one file than any way takes.
MANY = 60


class Fate:
    """Takes a file away when it is looked at for the so-manieth time."""

    def __init__(self, path: Path, left: int) -> None:
        self.path = str(path)
        self.left = left

    def look(self, name: object) -> None:
        if isinstance(name, (str, Path)) and str(name) == self.path:
            if self.left == 0:
                os.unlink(self.path)
            self.left -= 1


@contextmanager
def taken(path: Path, left: int) -> Iterator[Fate]:
    fate = Fate(path, left)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("stat", "lstat", "open", "link"):
            real = getattr(os, name)

            def watched(*arguments, _real=real, **options):
                fate.look(arguments[0] if arguments else None)
                return _real(*arguments, **options)

            patch.setattr(os, name, watched)
        yield fate


class Project:
    """Its page, and what that leads to."""

    def __init__(self, built: Built) -> None:
        self.built = built
        for name, text in TEXTS.items():
            self.put(name, text, 5)
        built.page("page", PAGE)

    def put(self, name: str, text: str, mtime: int) -> None:
        path = self.built.app_file(name, text)
        os.utime(path, (mtime, mtime))

    def show(self) -> list[str]:
        """The URLs of the page; those that are published, and all that they lead to, are whole files of the right bytes."""
        found = re.findall(r'(?:href|src)="([^"]+)"', self.built.render("page"))
        pending, seen = list(found), set()
        while pending:
            url = pending.pop()
            if url in seen or is_given(url):
                continue
            seen.add(url)
            path = self.built.static / url.removeprefix("/static/")
            if path.is_symlink() and not path.exists():
                continue  # as dead as the URL of the original
            text = path.read_text()
            stem = re.sub(r"\.(?:\d+|[0-9a-f]{12})(?:-[0-9a-f]{8})?\.\w+$", "", path.name)
            for part in stem.split("_"):
                assert re.search(rf"\b{part}\b", text), (url, text)
            references = {".css": css, ".js": js}.get(path.suffix)
            pending += [urljoin(url, each.url) for each in references.references(text)] if references else []
        return found


def is_given(url: str) -> bool:
    return url.removeprefix("/static/") in TEXTS


def outcome(build: Callable[[], None]) -> str:
    """What has kept a build from its end."""
    try:
        build()
    except (CommandError, OSError) as error:
        return str(error)
    return ""


@pytest.fixture
def project(site, settings, tmp_path):
    settings.DJANGO_STATIC_COMPRESS = ("gz",)
    with Built.made(site, settings, tmp_path) as built:
        yield Project(built)


@pytest.mark.parametrize("fingerprint", ["mtime", "hash"])
@pytest.mark.parametrize("name", TEXTS)
def test_while_a_page_is_rendered(project, settings, name, fingerprint):
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    for left in range(MANY):
        resolver.reset()
        with taken(project.built.extra / name, left) as fate:
            project.show()
        if fate.left >= 0:
            break
        project.put(name, TEXTS[name], 5)
        resolver.reset()
        assert not any(map(is_given, project.show()))
        assert leftovers(project.built.site.root) == []
        project.built.forget()
    assert 2 < left < MANY - 1


@pytest.mark.parametrize("command", ["staticbuild", "staticbuild --all", "collectstatic"])
@pytest.mark.parametrize(
    "name", ["css/a.css", "css/b.css", "js/a.js", "js/w.js", "js/x.js", "i/b.png", "i/c.png"]
)
def test_while_it_is_built(project, settings, command, name):
    """The build says so and leaves the manifest as it was, or publishes what is there; the next one is whole."""
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    if command == "staticbuild":
        settings.STORAGES = {
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        }
    arguments = {"interactive": False} if command == "collectstatic" else {"skip_checks": True}

    def build() -> None:
        call_command(*command.split(), **arguments, stdout=StringIO(), stderr=StringIO())

    build()
    for left in range(MANY):
        before = Manifest.read(project.built.manifest).runs
        project.put(name, TEXTS[name], 10 + left * 2)
        with taken(project.built.extra / name, left) as fate:
            said = outcome(build)
        if said:
            assert re.search("vanished|No such file|not all that they refer to could be published", said)
            assert Manifest.read(project.built.manifest).runs == before
        resolver.reset()
        project.show()
        if fate.left >= 0:
            break
        project.put(name, TEXTS[name], 11 + left * 2)
        build()
        resolver.reset()
        assert not any(map(is_given, project.show()))
        assert leftovers(project.built.site.root) == []
    assert 2 < left < MANY - 1
