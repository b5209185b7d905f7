"""``staticclean`` and files with names that bundlers gave: in ``STATIC_ROOT`` each is what was published and a copy in one."""

from __future__ import annotations

import os
import shutil
from io import StringIO

import pytest
from django.core.management import call_command
from static_test_sites import NOTHING_KEPT

OURS = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
DJANGOS = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def build_all(built) -> None:
    built.build("--all")


def collect(built) -> None:
    built.settings.STORAGES = OURS
    call_command("collectstatic", interactive=False, stdout=StringIO(), skip_checks=True)


COMMANDS = [build_all, collect]


def chunk(number: int) -> str:
    return f"chunk.3f2a9c1{number}.js"


@pytest.fixture
def released(sites, settings):
    """Publishes the release of a number, with a chunk of its own and one that all have; its chunk, where it was published."""
    settings.DJANGO_STATIC_COMPRESS = ("gz",)

    def release(command, number, site="a"):
        sites.be(site)
        for place in sites.built.extra.glob("*.js"):
            place.unlink()
        sites.built.app_file("vendor.0a1b2c3d.js", "vendor();" * 200)
        sites.built.app_file("a.js", "app()")
        sites.built.app_file(chunk(number), f"release({number});" * 200)
        command(sites.built)
        return sites.static / chunk(number)

    release.sites = sites
    return release


def packed(path):
    return path.with_name(f"{path.name}.gz")


@pytest.mark.parametrize("command", COMMANDS)
def test_those_of_former_builds_go_by_the_rule_of_all(released, command):
    chunks = [released(command, number) for number in range(4)]
    sites = released.sites
    assert "removed: 0 files" in sites.clean("a", "--keep-builds", "2")
    said = sites.clean("a", "--keep-builds", "2", "--keep-days", "0")
    assert "left alone" not in said
    assert [path.exists() for path in chunks] == [False, False, True, True]
    assert [packed(path).exists() for path in chunks] == [False, False, True, True]
    sites.clean("a")
    assert [path.exists() for path in chunks] == [False, False, False, True]
    assert (sites.static / "vendor.0a1b2c3d.js").exists()
    assert (sites.static / "a.js").exists(), "a copy that was published under another name stays"
    # They come back as they went.
    assert released(command, 0).read_text() == "release(0);" * 200


@pytest.mark.parametrize("command", COMMANDS)
def test_one_of_which_there_is_an_original_still_stays(released, command):
    """Builds have not named it since, but scripts may, as after collectstatic."""
    sites = released.sites
    path = released(command, 1)
    sites.built.settings.STORAGES = DJANGOS
    sites.built.page("page", '{% slimfile "/static/a.js" %}')
    sites.built.build()
    sites.built.app_file("a.js", "another()")
    sites.built.build()
    assert f"{path} is an original" in sites.clean("a")
    assert path.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_what_somebody_has_put_in_its_place_stays(released, command):
    path = released(command, 1)
    released(command, 2)
    mine = "mine" + path.read_text()[4:]
    path.write_text(mine)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert f"{path} is an original" in released.sites.clean("a")
    assert path.read_text() == mine


@pytest.mark.parametrize("command", COMMANDS)
def test_the_finder_of_published_files_finds_no_original(released, settings, command):
    settings.STATICFILES_FINDERS = [*settings.STATICFILES_FINDERS, "django_static.finders.PublishedFinder"]
    path = released(command, 1)
    released(command, 2)
    released.sites.clean("a")
    assert not path.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_what_another_site_has_published_stays(released, command):
    sites = released.sites
    path = released(command, 1)
    released(command, 1, site="b")
    released(command, 2)
    sites.clean("a")
    assert path.exists()
    released(command, 2, site="b")
    sites.clean("b")
    sites.clean("a")
    assert not path.exists()


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_an_original_for_another_site_stays(released, command, lazy):
    """It finds it in STATIC_ROOT, and prints it as it is there."""
    sites = released.sites
    path = released(command, 1)
    sites.built.settings.STORAGES = DJANGOS
    sites.built.page("other", f'{{% slimfile "/static/{path.name}" %}}')
    sites.be("b", media=lazy, lazy=lazy)
    if not lazy:
        sites.built.build()
    assert sites.built.render("other") == f"/static/{path.name}"
    del sites.built.templates["other"]
    released(command, 2)
    assert f"{path}," not in sites.clean("a", *NOTHING_KEPT, "--dry-run")
    shutil.rmtree(sites.static / ".django-static/others")
    assert f"{path}," in sites.clean("a", *NOTHING_KEPT, "--dry-run")
