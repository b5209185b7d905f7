"""A scan is remembered for as long as it would find the same, and not a moment longer."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest
from static_test_built import Built

from django_static import plan

DJANGO = "django.template.backends.django.DjangoTemplates"
JINJA = "django.template.backends.jinja2.Jinja2"


class Project:
    """A site with templates in files, and how often they were walked."""

    def __init__(self, built: Built, folder: Path) -> None:
        self.built = built
        self.folder = folder
        self.scans = 0

    def page(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{% load django_static %}" + text)
        return path

    def build(self) -> str:
        return self.built.build()

    def scanned(self) -> bool:
        """Whether a build had to walk the templates."""
        before = self.scans
        self.build()
        return self.scans > before


@pytest.fixture
def project(site, settings, tmp_path, monkeypatch):
    folder = tmp_path / "templates"
    folder.mkdir()
    settings.TEMPLATES = [{"BACKEND": DJANGO, "DIRS": [str(folder)]}]
    for name in "abc":
        site.write(f"/{name}.css", f"{name} {{ color: red }}")
    with Built.made(site, settings, tmp_path) as built:
        project = Project(built, folder)
        real = plan.scan

        def scan(**options):
            project.scans += 1
            return real(**options)

        monkeypatch.setattr(plan, "scan", scan)
        project.page("one.html", '{% staticfile "/a.css" %}')
        yield project


def names(project: Project) -> list[str]:
    """What the manifest has."""
    from django_static.manifest import Manifest, names_of

    return sorted(name for key in Manifest.read(project.built.manifest).runs for name in names_of(key))


def test_nothing_changed(project):
    assert project.scanned()
    assert names(project) == ["/a.css"]
    assert not project.scanned()
    assert not project.scanned()
    assert names(project) == ["/a.css"]


def test_what_was_said_is_said_again(project):
    project.page("two.html", "{% staticfile name %}")
    project.page("three.html", "{% if %}")
    said = project.build()
    assert "two.html, line 1, {% staticfile %}: name is known at run time only" in said
    assert "three.html: line 1" in said
    seconds = said.rpartition(" files")[0]
    assert project.build().rpartition(" files")[0] == seconds
    assert project.scans == 1


def edited(project: Project) -> None:
    project.page("one.html", '{% staticfile "/b.css" %}')


def edited_and_set_back(project: Project) -> None:
    path = project.folder / "one.html"
    seen = path.stat()
    project.page("one.html", '{% staticfile "/b.css" %}')
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def added(project: Project) -> None:
    project.page("new/folder/two.html", '{% staticfile "/b.css" %}')


def removed(project: Project) -> None:
    (project.folder / "one.html").unlink()


def renamed(project: Project) -> None:
    (project.folder / "one.html").rename(project.folder / "two.html")


def another_folder(project: Project) -> None:
    other = project.folder.with_name("others")
    other.mkdir()
    project.built.settings.TEMPLATES = [{"BACKEND": DJANGO, "DIRS": [str(project.folder), str(other)]}]


def another_setting(project: Project) -> None:
    project.built.settings.DJANGO_STATIC_NAME_PREFIX = "/cache"


def damaged(project: Project) -> None:
    (project.built.manifest.parent / "scan.json").write_text('{"format": 1, "ground": 3')


def of_another_kind(project: Project) -> None:
    (project.built.manifest.parent / "scan.json").write_text("[1, 2]")


def forgotten(project: Project) -> None:
    (project.built.manifest.parent / "scan.json").unlink()


@pytest.mark.parametrize(
    "change",
    [
        edited,
        edited_and_set_back,
        added,
        removed,
        renamed,
        another_folder,
        another_setting,
        damaged,
        of_another_kind,
        forgotten,
    ],
)
def test_something_is_another(project, change):
    project.build()
    change(project)
    assert project.scanned()
    assert not project.scanned()


def test_an_edited_template_has_its_file_built(project):
    project.build()
    edited(project)
    project.build()
    assert names(project) == ["/b.css"]


def test_code_of_a_tag_that_is_edited(project, monkeypatch, tmp_path):
    module = tmp_path / "tags_of_this_test.py"
    module.write_text("from django import template\nregister = template.Library()\n")
    monkeypatch.syspath_prepend(tmp_path)
    project.built.settings.TEMPLATES = [
        {
            "BACKEND": DJANGO,
            "DIRS": [str(project.folder)],
            "OPTIONS": {"libraries": {"ours": "tags_of_this_test"}},
        }
    ]
    project.page("one.html", '{% load ours %}{% staticfile "/a.css" %}')
    try:
        assert project.scanned()
        assert not project.scanned()
        module.write_text("from django import template\nregister = template.Library()\n\n")
        assert project.scanned()
    finally:
        sys.modules.pop("tags_of_this_test", None)
        importlib.invalidate_caches()


def test_a_library_of_tags_that_comes_later(project, monkeypatch, tmp_path):
    """What was missing is in no list of modules: the folders where it would be are looked at."""
    (tmp_path / "later_app").mkdir()
    (tmp_path / "later_app/__init__.py").write_text("")
    tags = tmp_path / "later_app/templatetags"
    tags.mkdir()
    (tags / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    project.built.settings.INSTALLED_APPS = [*project.built.settings.INSTALLED_APPS, "later_app"]
    project.page("two.html", '{% load later_tags %}{% staticfile "/b.css" %}')
    assert "is not a registered tag library" in project.build()
    assert "is not a registered tag library" in project.build()
    assert not project.scanned()
    (tags / "later_tags.py").write_text("from django.template import Library\nregister = Library()\n")
    importlib.invalidate_caches()
    project.built.settings.TEMPLATES = [
        dict(each) for each in project.built.settings.TEMPLATES
    ]  # as a new process does
    assert "is not a registered tag library" not in project.build()
    assert names(project) == ["/a.css", "/b.css"]


def test_a_package_that_is_installed_later(project, monkeypatch, tmp_path):
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(packages)
    project.build()
    assert not project.scanned()
    (packages / "new.py").write_text("")
    assert project.scanned()
    (packages / "other-1.0.dist-info").mkdir()
    assert project.scanned()
    os.utime(packages / "other-1.0.dist-info", ns=(1, 1))  # as when it is installed again
    assert project.scanned()
    assert not project.scanned()


def test_a_package_that_is_compiled_is_no_other(project, monkeypatch, tmp_path):
    """Python does that when a module is imported for the first time, perhaps by the build itself."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (packages / "new.py").write_text("")
    (packages / "more").mkdir()
    monkeypatch.syspath_prepend(packages)
    project.build()
    for folder in (packages, packages / "more"):
        (folder / "__pycache__").mkdir()
    assert not project.scanned()


def test_a_check_after_a_build_reads_as_much_as_before(project):
    project.page("two.html", '{% load static %}{% static "gone.css" %}')
    before = project.built.check()
    project.build()
    assert not project.scanned()
    assert project.built.check() == before
    assert "gone.css" in before


def test_templates_from_elsewhere_are_walked_every_time(project):
    project.built.page("memory.html", '{% staticfile "/c.css" %}')
    assert project.scanned()
    assert project.scanned()
    assert names(project) == ["/c.css"]


def test_jinja2_beside_django(project, tmp_path):
    pytest.importorskip("jinja2")
    folder = tmp_path / "jinja"
    folder.mkdir()
    page = folder / "page.html"
    page.write_text('{{ staticfile("/b.css") }}')
    project.built.settings.TEMPLATES = [
        {"BACKEND": DJANGO, "DIRS": [str(project.folder)]},
        {
            "BACKEND": JINJA,
            "DIRS": [str(folder)],
            "NAME": "jinja",
            "OPTIONS": {"extensions": ["django_static.jinja2.StaticExtension"]},
        },
    ]
    assert project.scanned()
    assert names(project) == ["/a.css", "/b.css"]
    assert not project.scanned()
    page.write_text('{{ staticfile("/c.css") }}')
    assert project.scanned()
    assert names(project) == ["/a.css", "/c.css"]


def test_a_check_leaves_nothing_behind(project):
    project.built.build("--check")
    assert project.scans == 1
    assert not project.built.static.exists()
    project.build()
    project.built.build("--check")
    assert project.scans == 2


def test_without_a_secret(project):
    project.built.settings.SECRET_KEY = ""  # as where an image is built
    assert project.scanned()
    assert not project.scanned()


def test_a_link_to_a_folder_above(project):
    (project.folder / "again").symlink_to(project.folder)
    assert project.scanned()
    assert not project.scanned()
