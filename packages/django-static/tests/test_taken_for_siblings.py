"""Originals that lie where a server looks for the compressed form of a published file."""

from __future__ import annotations

import gzip
import logging
from io import StringIO

import pytest
from django.core.management import call_command
from static_test_built import Built

from django_static import resolver

TEXT = "a { b : c }\n" * 200
SAID = "has another content than the file that servers would send it for"


@pytest.fixture(params=["staticbuild", "collectstatic"])
def told(request, site, settings, tmp_path, caplog):
    """Publish ``a.css``, then with a file of the given content where its compressed form would be; what is said of it."""
    with Built.made(site, settings, tmp_path) as built:
        settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
        settings.DJANGO_STATIC_COMPRESS = ("gz",)
        built.app_file("css/a.css", TEXT)
        built.page("page", '{% staticfile "/static/css/a.css" %}')

        def publish() -> list[str]:
            caplog.clear()
            caplog.set_level(logging.WARNING, "django_static")
            out = StringIO()
            if request.param == "collectstatic":
                call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
            else:
                call_command("staticbuild", stdout=out, stderr=out, skip_checks=True)
            resolver.reset()
            lines = [*out.getvalue().splitlines(), *(record.getMessage() for record in caplog.records)]
            return [line for line in lines if SAID in line]

        def with_file(content: bytes, suffix: str = "gz") -> list[str]:
            publish()
            name = f"{built.render('page').removeprefix('/static/')}.{suffix}"
            built.app_file(name, content)
            told = publish()
            assert publish() == told
            assert all(f"{built.static}/{name}" in line for line in told)
            return told

        with_file.built = built
        yield with_file


@pytest.mark.parametrize("fingerprint", ["hash", "mtime"])
@pytest.mark.parametrize(
    "content", [b"nothing", gzip.compress(b"another"), b""], ids=["plain", "gz", "empty"]
)
def test_another_content(told, settings, fingerprint, content):
    settings.DJANGO_STATIC_FINGERPRINT = fingerprint
    assert len(told(content)) == 1


@pytest.mark.parametrize("formats", [(), ("br",)])
def test_also_where_that_is_not_made_here(told, settings, formats):
    settings.DJANGO_STATIC_COMPRESS = formats
    assert len(told(b"nothing")) == 1


@pytest.mark.parametrize("suffix", ["br", "zst"])
def test_other_formats(told, suffix):
    assert len(told(b"nothing", suffix)) == 1


@pytest.mark.parametrize("level", [1, 9])
def test_the_same_content_is_fine(told, level):
    assert told(gzip.compress(TEXT.encode(), level)) == []


def test_what_a_bundler_has_compressed(told):
    """Names with hashes are kept, those of their compressed forms too; what is in these is the bundler's affair."""
    built = told.built
    built.app_file("app.0f1e2d3c4b5a.js", "a()\n" * 300)
    built.app_file("app.0f1e2d3c4b5a.js.gz", gzip.compress(b"a()\n" * 300))
    built.app_file("app.0f1e2d3c4b5a.js.br", b"")
    assert told(gzip.compress(TEXT.encode())) == []


def test_not_where_published_files_are_elsewhere(told, settings, tmp_path):
    settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "saved")
    settings.DJANGO_STATIC_NAME_PREFIX = "/cf"
    built = told.built
    told(b"nothing")
    name = built.render("page").removeprefix("/cf/static/")
    built.app_file(f"{name}.gz", b"nothing")
    assert SAID not in built.build()


def test_of_a_plain_name_it_is_the_sites_own(told):
    told.built.app_file("css/a.css.gz", b"whatever")
    assert told(gzip.compress(TEXT.encode())) == []
