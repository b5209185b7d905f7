"""A name that led nowhere, or to one file, leads to another one: in a template, a block, a style sheet, a script."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from static_test_built import Built
from static_test_ways import Way

from django_static import resolver

PAGES = {
    "a file": "{% staticfile '/f/a.png' %}",
    "a minified one": "{% slimfile '/f/a.js' %}",
    "one of several": "{% slimfile '/f/b.js;/f/a.js' %}",
    "in a block": '{% slimall %}<script src="/f/b.js"></script><script src="/f/a.js"></script>{% endslimall %}',
    "in a sheet": "{% slimfile '/f/a.css' %}",
    "in a sheet of a sheet": "{% slimfile '/f/b.css' %}",
    "in a module": "{% slimfile '/f/m.js' %}",
    "in an import map": '{% staticimportmap "n" "/f/n.js" %}',
}
TEXTS = {
    "f/a.css": ".a { b: url(a.png) }",
    "f/b.css": '@import "i.css"; .b { c: d }',
    "f/b.js": "b( 1 )",
    "f/m.js": "import './n.js'",
}
#: What is to be found in another place.
FOUND = {"f/a.png": "{} picture", "f/a.js": "{}( 1 )", "f/i.css": ".{} {{ b: c }}", "f/n.js": "export let {}"}


@pytest.fixture(params=[("lazy", "hash"), ("lazy", "mtime"), ("build", "hash"), ("build", "mtime")])
def way(request, site, settings, tmp_path):
    way = Way(site, settings, *request.param, "/forever")
    settings.DJANGO_STATIC_USE_SYMLINK = False
    settings.DJANGO_STATIC_MEDIA_ROOTS = [str(tmp_path / "first"), str(site.media)]
    for name, text in TEXTS.items():
        site.write(name, text, 1_000_000_000)
    return way


def put(way, root: str, word: str) -> None:
    for name, text in FOUND.items():
        way.site.write(f"../{root}/{name}", text.format(word), 1_000_000_000)


def read(way, page: str) -> str:
    """All that a browser gets of a page, one after another."""
    html = way.show(page)
    pending = re.findall(r"/f[\w./-]*\.(?:js|css|png)\b", html)
    texts: dict[str, str] = {}
    while pending:
        url = pending.pop(0)
        if url not in texts and url.startswith("/forever/"):
            texts[url] = way.bytes(url).decode()
            pending += way.loads(url) if not url.endswith("png") else []
    return "\n".join(texts.values())


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_it_was_nowhere(way, page):
    assert "word" not in read(way, page)
    put(way, "media", "word")
    assert "word" in read(way, page)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_folder_that_goes_before_has_it_now(way, page):
    """As where a project puts another picture before that of an app."""
    put(way, "media", "word")
    assert "word" in read(way, page)
    put(way, "first", "other")
    text = read(way, page)
    assert "other" in text
    assert "word" not in text
    for name in FOUND:
        (way.site.root / "first" / name).unlink()
    text = read(way, page)
    assert "word" in text
    assert "other" not in text


@pytest.mark.parametrize("command", ["staticbuild", "staticbuild --all", "collectstatic"])
def test_a_picture_of_an_app_that_the_project_replaces(site, settings, tmp_path, command):
    with Built.made(site, settings, tmp_path) as built:
        own = tmp_path / "own"
        settings.STATICFILES_DIRS = [str(own), str(built.extra)]
        settings.DJANGO_STATIC_COMPRESS = ()
        if command == "collectstatic":
            settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
        built.app_file("app/a.css", '@import "i.css"; a { b: url(icon.svg) }')
        built.app_file("app/i.css", "i { b: url(icon.svg) }")
        built.app_file("app/z.css", "z { b: c }")
        built.app_file("app/icon.svg", "<svg>of the app</svg>")
        links = "".join(f'<link rel="stylesheet" href="/static/app/{name}.css">' for name in "az")
        built.page("page", "{% slimall %}" + links + "{% endslimall %}")

        def icons() -> set[str]:
            (own / "app").mkdir(parents=True, exist_ok=True)
            finders.get_finder.cache_clear()
            arguments = {"interactive": False} if command == "collectstatic" else {"skip_checks": True}
            call_command(*command.split(), **arguments, stdout=StringIO(), stderr=StringIO())
            resolver.reset()
            (sheet,) = re.findall(r'href="/static/([^"]+)"', built.render("page"))
            text = (built.static / sheet).read_text()
            names = re.findall(r"url\((icon\.\w+\.svg)\)", text)
            assert len(names) == 2
            return {(built.static / "app" / name).read_text() for name in names}

        assert icons() == {"<svg>of the app</svg>"}
        (own / "app/icon.svg").write_text("<svg>of the project</svg>")
        assert icons() == {"<svg>of the project</svg>"}
        (own / "app/icon.svg").unlink()
        assert icons() == {"<svg>of the app</svg>"}
        assert icons() == {"<svg>of the app</svg>"}
