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


@pytest.mark.parametrize(("path", "published", "suffix"), CASES, ids=PATHS)
def test_a_check(site_of_files, settings, path, published, suffix):
    pages = {"p.html": f"{{% static '{path}' %}}"}
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", pages)],
                "builtins": ["django.templatetags.static"],
            },
        }
    ]
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
