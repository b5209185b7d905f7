"""The system checks: what each says, and that a good configuration passes in silence."""

from __future__ import annotations

from importlib import metadata

import pytest
from django.core.checks import Tags, run_checks

from django_static import checks


def found(site) -> list[str]:
    return [message.id for message in run_checks() if message.id.startswith("django_static.")]


GOOD = {
    "DJANGO_STATIC": True,
    "DJANGO_STATIC_SAVE_PREFIX": "/tmp/cache-forever",
    "DJANGO_STATIC_NAME_PREFIX": "/cache-forever",
    "DJANGO_STATIC_MEDIA_URL": "//static.example.com",
    "DJANGO_STATIC_MEDIA_URL_ALWAYS": False,
    "DJANGO_STATIC_MEDIA_ROOTS": ["/tmp"],
    "DJANGO_STATIC_USE_SYMLINK": False,
    "DJANGO_STATIC_NAME_MAX_LENGTH": 60,
    "DJANGO_STATIC_FILENAME_GENERATOR": "static_test_helpers.by_version",
    "DJANGO_STATIC_COMBINE_FILENAMES_GENERATOR": "static_test_helpers.all_in_one",
    "DJANGO_STATIC_FILE_PROXY": "static_test_proxies.learning",
    "DJANGO_STATIC_INTEGRITY": True,
    "DJANGO_STATIC_SOURCE_MAPS": True,
    "DJANGO_STATIC_PRELOAD": ["/css/a.css", {"name": "/js/a.js", "as": "module", "slim": True}],
    "MIDDLEWARE": ["django_static.middleware.LinkHeaderMiddleware"],
    "DJANGO_STATIC_IMPORTMAP": {"app": "/js/app.js", "lib/": "/js/lib/*.js", "x/": "/js/x/"},
    "DJANGO_STATIC_MINIFIERS": {
        "js": ["tdewolff", "strip"],
        "css": "static_test_helpers.counted",
        "html": None,
    },
}


def test_a_good_configuration(site):
    for name, value in GOOD.items():
        setattr(site.settings, name, value)
    assert found(site) == []


def test_no_configuration(site):
    del site.settings.DJANGO_STATIC
    assert found(site) == []


@pytest.mark.parametrize(
    ("name", "value", "id", "said"),
    [
        ("", "yes", "E001", "'yes'"),
        ("_USE_SYMLINK", 1, "E001", "DJANGO_STATIC_USE_SYMLINK"),
        ("_NAME_PREFIX", 5, "E002", "DJANGO_STATIC_NAME_PREFIX"),
        ("_SAVE_PREFIX", 5, "E003", "folder"),
        ("_SAVE_PREFIX", "cache", "E004", "absolute"),
        ("_SAVE_PREFIX", "/dev/null/x", "W003", "/dev/null"),
        ("_NAME_PREFIX", "cache/", "W004", "'/cache'"),
        ("_MEDIA_URL", "//static.example.com/", "W005", "'//static.example.com'"),
        ("_MEDIA_URL", "static.example.com", "E005", "//static.example.com"),
        ("_MEDIA_ROOTS", "/tmp", "E006", "list"),
        ("_MEDIA_ROOTS", ["/no/such/folder"], "W006", "/no/such/folder"),
        ("_NAME_MAX_LENGTH", 3, "E007", "16"),
        ("_NAME_MAX_LENGTH", "40", "E007", "'40'"),
        ("_FILENAME_GENERATOR", "no.such.thing", "E008", "no.such.thing"),
        ("_COMBINE_FILENAMES_GENERATOR", "static_test_helpers.not_callable", "E008", "cannot be called"),
        ("_MINIFIERS", ["tdewolff"], "E009", "dictionary"),
        ("_MINIFIERS", {"xml": "tdewolff"}, "E009", "css, js, html"),
        ("_MINIFIERS", {"js": "slimmer"}, "E010", "tdewolff, strip"),
        ("_MINIFIERS", {"js": ["tdewolff", "no.such.thing"]}, "E010", "no.such.thing"),
        ("_YUI_COMPRESSOR", "/var/lib/stuff/yuicompressor-2.4.2.jar", "E018", "not a file"),
        ("_CLOSURE_COMPILER", "/var/lib/stuff/compiler.jar", "E018", ".jar"),
        ("_JSMIN", "rjsmin", "E001", "True or False"),
        ("_FILE_PROXY", "no.such.proxy", "E030", "no.such.proxy"),
        ("_FILE_PROXY", 7, "E030", "7"),
        ("_FILE_PROXY", "static_test_helpers.not_callable", "E030", "cannot be called"),
        ("_FILE_PROXY", "static_test_proxies.narrow", "E031", "disabled"),
        ("_FILE_PROXY", "static_test_proxies.without_filepath", "E031", "filepath"),
        ("_USE_MANIFEST_FILE", True, "W008", "staticbuild"),
        ("_USE_MANIFEST_FILE", 1, "E001", "_USE_MANIFEST_FILE"),
        ("_MANIFEST_FILE", "manifest.json", "E014", "absolute"),
        ("_FINGERPRINT", "md5", "E012", "'mtime', 'hash'"),
        ("_HASHED_NAMES", "[", "E013", "regular expression"),
        ("_BUNDLES", ["/a.js"], "E015", "dictionary"),
        ("_COMPRESS", "gz", "E016", "list"),
        ("_COMPRESS", ["gz", "rar"], "E016", "'rar'"),
        ("_COMPRESS", ["br:99"], "E016", "level"),
        ("_COMPRESS", ["rar", "gz", "br:99"], "E016", "'rar'; there are gz, br, zst; 'br:99' has no level"),
        ("_COMPRESS", ["gz", "gz:1"], "E016", "twice"),
        ("_COMPRESS_CACHE", "cache", "E017", "absolute"),
        ("_BUNDLES", {"slimfiles": []}, "E015", "slimfile"),
        ("_BUNDLES", {"slimfile": "/a.js"}, "E015", "not a list"),
        ("_BUNDLES", {"slimall": ["/a.js"]}, "E015", "list of names"),
        ("_INTEGRITY", "sha384", "E001", "_INTEGRITY"),
        ("_SOURCE_MAPS", 1, "E001", "_SOURCE_MAPS"),
        ("_PRELOAD", "/a.css", "E020", "not a list"),
        ("_PRELOAD", 5, "E020", "not a list"),
        ("_PRELOAD", [5], "E020", "not a name"),
        ("_PRELOAD", [{"as": "style"}], "E020", "'name'"),
        ("_PRELOAD", [{"name": "/a.css", "nonce": "n"}], "E020", "fetchpriority"),
        ("_PRELOAD", [{"name": "/a.css", "as": 5}], "E020", "strings"),
        ("_PRELOAD", ["/a.css"], "W020", "MIDDLEWARE"),
        ("_IMPORTMAP", ["/a.js"], "E021", "not a dictionary"),
        ("_IMPORTMAP", {"a": 5}, "E021", "'a': 5"),
        ("_IMPORTMAP", {"a/": "/a.js"}, "E021", "/js/lib/"),
        ("_IMPORTMAP", {"a": "/a/*.js"}, "E021", "pattern"),
        ("_SAVEPREFIX", "/tmp", "W002", "DJANGO_STATIC_SAVE_PREFIX"),
        ("_QUUX", 1, "W002", "DJANGO_STATIC_QUUX"),
    ],
)
def test_messages(site, name, value, id, said):
    setattr(site.settings, f"DJANGO_STATIC{name}", value)
    messages = [message for message in run_checks() if message.id == f"django_static.{id}"]
    assert len(messages) == 1
    assert said in f"{messages[0].msg} {messages[0].hint}"
    assert messages[0].hint
    assert messages[0].is_serious() == id.startswith("E")


def test_a_proxy_whose_arguments_nobody_can_see(site):
    site.settings.DJANGO_STATIC_FILE_PROXY = "builtins.str"
    assert found(site) == []


def test_runserver_needs_the_finder(site, tmp_path):
    site.settings.DEBUG = True
    site.settings.STATIC_ROOT = str(tmp_path / "collected")
    assert found(site) == ["django_static.W007"]
    site.settings.STATICFILES_FINDERS = ["django_static.finders.PublishedFinder"]
    assert found(site) == []


def test_the_finder_finds_what_was_published(site, tmp_path):
    from django_static.finders import PublishedFinder

    root = tmp_path / "collected"
    site.settings.STATIC_ROOT = str(root)
    root.mkdir()
    (root / "a.5.css").write_text("")
    finder = PublishedFinder()
    assert finder.find("a.5.css") == str(root / "a.5.css")
    assert finder.find("a.5.css", find_all=True) == [str(root / "a.5.css")]
    assert finder.find("b.css") == []
    assert list(finder.list(None)) == []
    site.settings.STATIC_ROOT = None
    assert finder.find("a.5.css") == []


def test_the_abandoned_original_is_named(site, tmp_path, monkeypatch):
    info = tmp_path / "packages/django_static-1.5.6.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: django-static\nVersion: 1.5.6\n")
    monkeypatch.syspath_prepend(str(info.parent))
    metadata.MetadataPathFinder().invalidate_caches()
    (message,) = [message for message in checks.check_settings() if message.id == "django_static.E011"]
    assert "django-static 1.5.6" in message.msg
    assert "pip uninstall django-static" in message.hint


def test_a_build_is_not_told_to_build_first(site):
    """Nor collectstatic: what it is about to write is not missing."""
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    assert "django_static.W008" in [message.id for message in run_checks()]
    assert [message.id for message in run_checks(tags=[Tags.staticfiles])] == []


@pytest.mark.parametrize(
    ("backend", "ids"),
    [
        ("django.contrib.staticfiles.storage.StaticFilesStorage", []),
        ("django_static.storage.StaticStorage", []),
        ("django.contrib.staticfiles.storage.ManifestStaticFilesStorage", ["django_static.W010"]),
        ("no.such.Storage", []),
    ],
)
def test_names_of_two_manifests(site, backend, ids):
    site.settings.STORAGES = {"staticfiles": {"BACKEND": backend}}
    assert found(site) == ids
    site.settings.DJANGO_STATIC = False
    assert found(site) == []


def test_a_manifest_without_a_folder(site):
    """Not in whatever folder the process happens to be in."""
    site.settings.MEDIA_ROOT = ""
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    (message,) = [each for each in run_checks() if each.id.startswith("django_static.")]
    assert message.id == "django_static.E022"
    assert "DJANGO_STATIC_MANIFEST_FILE, DJANGO_STATIC_SAVE_PREFIX, STATIC_ROOT or MEDIA_ROOT" in message.msg
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    assert found(site) == []
