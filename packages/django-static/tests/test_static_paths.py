"""Which file ``{% static %}`` means by a path with a "?" or "#" in it: in pages, in a check, for modules of pages that publish."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import CommandError, call_command

from django_static import resolver

FILES = [
    "plain.png",
    "w?b.png",
    "w#b.png",
    "both",
    "both?x",
    "a b%.png",
    "100%25.png",
    "f.eot",
    "q?v.mjs",
    "m.mjs",
]

#: A path, what its published name begins with, and what stands behind it.
CASES = [
    ("plain.png", "plain.", ""),
    ("w?b.png", "w%3Fb.", ""),
    ("w#b.png", "w%23b.", ""),
    ("both?x", "both%3Fx", ""),
    ("both?y", "both", "?y"),
    ("both#x", "both", "#x"),
    ("f.eot?#iefix", "f.", "?#iefix"),
    ("f.eot?v=1&w=2", "f.", "?v=1&w=2"),
    ("w?b.png?v=1", None, ""),
    ("a b%.png", "a%20b%25.", ""),
    ("100%25.png", "100%2525.", ""),
    ("nothing?x", None, ""),
]
PATHS = [case[0] for case in CASES]


@pytest.fixture
def site_of_files(site, settings, tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    for name in FILES:
        (app / name).write_text("export default 1" if name.endswith("mjs") else name)
    settings.STATIC_ROOT = str(tmp_path / "static")
    settings.STATICFILES_DIRS = [str(app)]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
    settings.DJANGO_STATIC_FINGERPRINT = "hash"
    finders.get_finder.cache_clear()
    yield tmp_path
    finders.get_finder.cache_clear()


@pytest.mark.parametrize(("path", "published", "suffix"), CASES, ids=PATHS)
def test_with_a_manifest(site_of_files, settings, path, published, suffix):
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    call_command("staticbuild", verbosity=0, stdout=StringIO(), stderr=StringIO(), skip_checks=True)
    resolver.reset()
    url = staticfiles_storage.url(path)
    if published is None:
        # As Django prints it, so that somebody who looks for it finds what was asked for.
        assert re.fullmatch(r"/static/[^.?#]+(\.png)?(%3F\S+)?", url)
        return
    stem, dot, _ = published.partition(".")
    assert re.fullmatch(
        rf"/static/{re.escape(stem)}\.[0-9a-f]{{12}}{'[.]' + r'[a-z]+' if dot else ''}{re.escape(suffix)}",
        url,
    )


def templates(*paths: str) -> list[object]:
    """The setting for a page with a tag for each path, each in a line of its own."""
    pages = {"p.html": "\n".join(f"{{% static '{path}' %}}" for path in paths)}
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", pages)],
                "builtins": ["django.templatetags.static"],
            },
        }
    ]


def checked(settings, *paths: str, ignore=()) -> tuple[str, str]:
    """What a check of such a page says, and what it remarks."""
    settings.TEMPLATES = templates(*paths)
    out, err = StringIO(), StringIO()
    call_command("staticbuild", check=True, ignore=list(ignore), stdout=out, stderr=err, skip_checks=True)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize(("path", "published", "suffix"), CASES, ids=PATHS)
def test_a_check(site_of_files, settings, path, published, suffix):
    settings.TEMPLATES = templates(path)
    out = StringIO()
    if published is None:
        with pytest.raises(CommandError, match="1 reference leads nowhere"):
            call_command("staticbuild", check=True, stdout=out, stderr=StringIO(), skip_checks=True)
        assert out.getvalue().startswith("p.html, line 1, {% static %}: ")
    else:
        call_command("staticbuild", check=True, stdout=out, stderr=StringIO(), skip_checks=True)
        assert out.getvalue() == "every reference leads to a file\n"


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("q?v.mjs", r"/static/q%3Fv\.[0-9a-f]{12}\.mjs"),
        ("m.mjs", r"/static/m\.[0-9a-f]{12}\.mjs"),
        ("m?v.mjs", r"/static/m%3Fv\.mjs"),
    ],
)
def test_a_module_of_pages_that_publish(site_of_files, path, pattern):
    assert re.fullmatch(pattern, staticfiles_storage.url(path))


@pytest.mark.parametrize("backend", ["django_static", "django.contrib.staticfiles"])
@pytest.mark.parametrize("is_ignored", [False, True])
def test_a_folder_is_a_remark(site_of_files, settings, backend, is_ignored):
    (site_of_files / "app/npm/min/vs").mkdir(parents=True)
    (site_of_files / "app/npm/min/vs/loader.js").write_text("go()")
    kind = "StaticStorage" if backend == "django_static" else "StaticFilesStorage"
    settings.STORAGES = {"staticfiles": {"BACKEND": f"{backend}.storage.{kind}"}}
    names = ["npm/min/vs", "npm", "npm/min/vs/", "npm/min/vs/loader.js"]
    assert checked(settings, *names, ignore=["p.html"] if is_ignored else []) == (
        "every reference leads to a file\n",
        ""
        if is_ignored
        else "p.html, line 1, {% static %}: 'npm/min/vs' is a folder; what is put behind it is not looked at\n"
        "p.html, line 2, {% static %}: 'npm' is a folder; what is put behind it is not looked at\n",
    )


@pytest.mark.parametrize("path", ["npm/empty", "npm/mi", "npm/min/vs/loader.js/x", "../app/npm"])
def test_no_folder_with_files(site_of_files, settings, path):
    (site_of_files / "app/npm/empty").mkdir(parents=True)
    (site_of_files / "app/npm/min/vs").mkdir(parents=True)
    (site_of_files / "app/npm/min/vs/loader.js").write_text("go()")
    with pytest.raises(CommandError, match="1 reference leads nowhere"):
        checked(settings, path)


@pytest.mark.parametrize("given", [r"/static/s/back\slash.png", "/static/s/back%5Cslash.png"])
def test_a_name_with_a_backslash_is_found_from_the_manifest(site_of_files, site, settings, warned, given):
    """Django lists such a file with a slash, and prints it so; nobody knows the name before a page asks for it."""
    folder = site_of_files / "app" / "s"
    folder.mkdir()
    (folder / "back\\slash.png").write_text("it")
    call_command("staticbuild", verbosity=0, skip_checks=True)
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    resolver.reset()
    url = site.render("{% staticfile name %}", name=given)
    assert re.fullmatch(r"/static/s/back/slash\.[0-9a-f]{12}\.png", url)
    assert site.text(url.removeprefix("/static"), site_of_files / "static") == "it"
    assert site.render("{% staticfile name %}", name=r"/s\plain.png") == r"/s\plain.png"
    (said,) = warned()
    assert "is not in the manifest" in said
