"""The system checks: what each says, and that a good configuration passes in silence."""

from __future__ import annotations

import zipfile
from importlib import metadata

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command

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
        ("_COMPRESS", ["gz", "gz:1"], "E016", "once"),
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


@pytest.mark.parametrize(
    ("name", "value", "id", "said"),
    [
        # What begins every URL.
        ("_NAME_PREFIX", "//cdn.example.com", "E025", "'/cdn.example.com', and names no host"),
        ("_NAME_PREFIX", "https://x.example.com/y", "E025", "DJANGO_STATIC_MEDIA_URL to the host"),
        ("_NAME_PREFIX", "https:", "E025", "names no host"),
        ("_NAME_PREFIX", "/a b?#", "W011", "'/a%20b%3F%23'"),
        ("_NAME_PREFIX", "/100%", "W011", "'/100%25'"),
        ("_NAME_PREFIX", "/a\x1b[2J", "W011", r"'/a\x1b[2J'"),
        ("_NAME_PREFIX", "cache//", "W004", "'/cache'"),
        (
            "_MEDIA_URL",
            "ftp://static.example.com/x",
            "E005",
            "'//static.example.com/x' or 'https://static.example.com/x'",
        ),
        ("_MEDIA_URL", "mailto:", "E005", "by 'mailto'"),
        ("_MEDIA_URL", "data:text/css,", "E005", "by 'data'"),
        ("_MEDIA_URL", "localhost:8000", "E005", "'//localhost:8000'"),
        ("_MEDIA_URL", "https://", "E005", "cannot begin with it"),
        ("_MEDIA_URL", "//", "E005", "cannot begin with it"),
        ("_MEDIA_URL", "//static.example.com/a?b", "E005", "without blanks, ? or #"),
        ("_MEDIA_URL", "//static example.com", "E005", "cannot begin with it"),
        ("_MEDIA_URL", "//[::1", "E005", "cannot begin with it"),
        # What minifies.
        ("_MINIFIERS", {"css": len}, "E009", "dotted path"),
        ("_MINIFIERS", {"css": [len]}, "E009", "a list of such names"),
        ("_MINIFIERS", {"css": 5}, "E009", "has 5 for 'css'"),
        ("_MINIFIERS", {"css": {"a": 1}}, "E009", "for 'css'"),
        ("_MINIFIERS", {"cs": None}, "E009", "'cs'"),
        ("_MINIFIERS", {5: None}, "E009", "css, js, html"),
        ("_MINIFIERS", {"js": "lightningcss"}, "E010", "lightningcss knows css, not js"),
        ("_MINIFIERS", {"css": ["jsmin", "tdewolff"]}, "E010", "jsmin knows js, not css"),
        ("_MINIFIERS", {"css": "closure!:/x.jar"}, "E010", "closure knows js, not css"),
        ("_MINIFIERS", {"html": "strip"}, "E010", "There are tdewolff, and"),
        ("_MINIFIERS", {"js": "static_test_helpers.not_callable"}, "E010", "7 cannot be called"),
        ("_MINIFIERS", {"js": "os.getcwd"}, "E010", "minify(text, kind)"),
        ("_MINIFIERS", {"js": "static_test_unimportable.minify"}, "E010", "out of luck"),
        ("_MINIFIERS", {"js": "yui"}, "E010", "needs a path"),
        ("_CLOSURE_COMPILER", "/etc/passwd", "E018", "neither a .jar nor a program"),
        ("_YUI_COMPRESSOR", "/etc", "E018", "is not a file"),
        ("_YUI_COMPRESSOR", ["java", "-jar", "x.jar"], "E018", "is no path"),
        # Where things lie.
        ("_MANIFEST_FILE", "/", "E014", "it is a folder"),
        ("_MANIFEST_FILE", "/tmp", "E014", "it is a folder"),
        ("_MANIFEST_FILE", "/no/such/folder/", "E014", "it is a folder"),
        ("_MANIFEST_FILE", "/etc/passwd/manifest.json", "E014", "'/etc/passwd' is no folder"),
        ("_COMPRESS", ["gz", "gz:3"], "E016", "'gz' and 'gz:3' are one format"),
        ("_COMPRESS", ["br", "br", "br:4"], "E016", "'br', 'br' and 'br:4' are one format"),
        (
            "_COMPRESS",
            ["gz", "br:1", "gz:3", "br:2"],
            "E016",
            "'gz' and 'gz:3' are one format; 'br:1' and 'br:2' are",
        ),
        # What makes names.
        ("_FILENAME_GENERATOR", "os.getcwd", "E008", "too many positional arguments"),
        ("_FILENAME_GENERATOR", "os.sep", "E008", "'/' cannot be called"),
        ("_FILENAME_GENERATOR", 5, "E008", "neither a function nor"),
        ("_FILENAME_GENERATOR", "static_test_unimportable.name", "E008", "out of luck"),
        ("_FILENAME_GENERATOR", "os.path.join", "W012", "TypeError"),
        ("_FILENAME_GENERATOR", "builtins.repr", "E008", "positional"),
        ("_FILENAME_GENERATOR", lambda parts, mtime: None, "W012", "None for '/js/site.js'"),
        ("_FILENAME_GENERATOR", lambda parts, mtime: "".join(parts), "W012", "a new name"),
        ("_FILENAME_GENERATOR", lambda parts, mtime: "/../x.js", "W012", "without '..'"),
        ("_COMBINE_FILENAMES_GENERATOR", "os.path.join", "W012", "f(names, max_length)"),
        ("_COMBINE_FILENAMES_GENERATOR", lambda names: "x", "E008", "too many positional arguments"),
        ("_COMBINE_FILENAMES_GENERATOR", lambda names, most, more: "x", "E008", "'more'"),
    ],
)
def test_what_would_go_wrong_in_silence(site, name, value, id, said):
    """Each is told of once, and by nothing else; a page goes on."""
    setattr(site.settings, f"DJANGO_STATIC{name}", value)
    (message,) = [message for message in run_checks() if message.id.startswith("django_static.")]
    assert message.id == f"django_static.{id}"
    assert f"DJANGO_STATIC{name}" in message.msg
    assert said in f"{message.msg} {message.hint}"
    assert message.hint
    assert f"{message.msg}{message.hint}".isprintable()
    assert message.is_serious() == id.startswith("E")
    site.write("a.js", "a( 1 )")
    site.write("a.css", "a { b: c }")
    page = site.render("{% slimfile '/a.js' %} {% slimfile '/a.css' %}")
    assert (page.count(".js"), page.count(".css")) == (1, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_NAME_PREFIX", "/für/immer"),
        ("_NAME_PREFIX", "/a%20b"),
        ("_NAME_PREFIX", "/a:b"),
        ("_MEDIA_URL", "//static.example.com:8080/a/b"),
        ("_MEDIA_URL", "HTTPS://Static.example.com"),
        ("_MEDIA_URL", "//[::1]:8000"),
        ("_MEDIA_URL", "http://bücher.example"),
        ("_MEDIA_URL", "/proxy/~me"),
        ("_MINIFIERS", {"css": ("lightningcss", "strip"), "js": [], "html": None}),
        ("_MINIFIERS", {"js": "builtins.str"}),
        ("_COMPRESS", ["gz:3", "br:4"]),
        ("_COMPRESS", []),
        ("_FILENAME_GENERATOR", lambda parts, mtime, extra=None: f"{parts[0]}-{mtime}{parts[1]}"),
        ("_FILENAME_GENERATOR", lambda *given: f"{given[0][0]}-{given[1]}{given[0][1]}"),
        ("_COMBINE_FILENAMES_GENERATOR", lambda names, max_length: f"/all/{len(names)}.js"),
    ],
)
def test_what_is_right(site, name, value):
    setattr(site.settings, f"DJANGO_STATIC{name}", value)
    assert found(site) == []


@pytest.mark.parametrize("name", ["FILENAME_GENERATOR", "COMBINE_FILENAMES_GENERATOR"])
@pytest.mark.parametrize(
    "value", ["no.such.thing", "static_test_unimportable.name", "static_test_helpers.nothing"]
)
@pytest.mark.parametrize("built", [False, True])
def test_a_page_whose_names_nobody_can_make(site, settings, name, value, built, caplog):
    """It goes on, and the log says why it has the names it was given."""
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = built
    setattr(settings, f"DJANGO_STATIC_{name}", value)
    site.write("a.js", "a( 1 )")
    assert site.render("{% slimfile '/a.js' %}") == "/a.js"
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert f"DJANGO_STATIC_{name} is '{value}', which cannot be imported: " in record.getMessage()
    for command in ("staticbuild", "staticclean", "staticreport"):
        with pytest.raises(CommandError, match=f"DJANGO_STATIC_{name} is '{value}'"):
            call_command(command, skip_checks=True)


def test_a_compressor_that_is_no_archive(site, tmp_path):
    path = tmp_path / "compiler.jar"
    path.write_text("this is none")
    site.settings.DJANGO_STATIC_CLOSURE_COMPILER = path
    (message,) = [each for each in run_checks() if each.id == "django_static.E018"]
    assert "is no Java archive" in message.msg
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Main-Class: x")
    assert found(site) == []
    script = tmp_path / "closure-compiler"
    script.write_text("#!/bin/sh")
    script.chmod(0o755)
    site.settings.DJANGO_STATIC_CLOSURE_COMPILER = str(script)
    assert found(site) == []


def test_a_manifest_in_a_folder_that_is_to_be_made(site, tmp_path):
    site.settings.DJANGO_STATIC_MANIFEST_FILE = tmp_path / "a" / "b" / "manifest.json"
    assert found(site) == []


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


OURS = "django_static.middleware.LinkHeaderMiddleware"
UPDATE, FETCH, BOTH = (
    f"django.middleware.cache.{name}"
    for name in ("UpdateCacheMiddleware", "FetchFromCacheMiddleware", "CacheMiddleware")
)
COMMON = "django.middleware.common.CommonMiddleware"


@pytest.mark.parametrize(
    ("middleware", "ids"),
    [
        ([OURS], []),
        ([UPDATE, COMMON, FETCH], []),
        ([UPDATE, OURS, COMMON, FETCH], []),
        ([UPDATE, COMMON, FETCH, OURS], []),
        ([BOTH, OURS], []),
        ([OURS, UPDATE, COMMON, FETCH], ["django_static.W013"]),
        ([COMMON, OURS, COMMON, BOTH], ["django_static.W013"]),
        (["static_test_middleware.Links", "static_test_middleware.Caching"], ["django_static.W013"]),
        (["static_test_middleware.factory", "static_test_middleware.Caching", OURS], []),
        ([OURS, "no.such.Middleware", 5, "nodots"], []),
        (None, []),
    ],
)
def test_links_below_the_cache(site, settings, middleware, ids):
    settings.MIDDLEWARE = middleware
    said = [message for message in checks.check_settings() if message.id == "django_static.W013"]
    assert [message.id for message in said] == ids
    if ids:
        first = next(entry for entry in middleware if "ink" in entry)
        assert repr(first) in said[0].msg
        assert said[0].hint.startswith(f"Move {first!r} below ")


@pytest.mark.parametrize("above", [False, True], ids=["below", "above"])
def test_what_the_warning_says_is_so(site, settings, above):
    """A page from the cache has the header where no warning is given, and has none where one is."""
    from django.core.cache import cache
    from django.core.handlers.base import BaseHandler
    from django.test import RequestFactory

    site.write("a.css", "a { b : c }")
    settings.ROOT_URLCONF = "static_test_middleware"
    settings.MIDDLEWARE = [OURS, UPDATE, FETCH] if above else [UPDATE, OURS, FETCH]
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "w013"}
    }
    cache.clear()
    handler = BaseHandler()
    handler.load_middleware()
    first, second = (handler.get_response(RequestFactory().get("/")) for _ in range(2))
    assert first.status_code == 200
    assert "Link" in first
    assert ("Link" in second) is not above
    assert ("django_static.W013" in [message.id for message in checks.check_settings()]) is above
