"""``manage.py staticnginx`` where a setting is a host and nothing else: it gets a server that has nothing but files."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
import static_test_servers as servers
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command

from django_static.conf import conf
from django_static.manifest import Manifest
from django_static.places import Places
from django_static.sources import split_host
from django_static.webservers.domains import Domains, domains

FOREVER = "max-age=315360000, public, immutable"
HOST = "static.example.com"
MEDIA = "media.example.com"

both = pytest.mark.parametrize("kind", ["nginx", "caddy"])


@pytest.fixture
def apart(site, tmp_path):
    """A site whose static files have a host of their own; some lie at its top, some in a folder that pages have, too."""
    tmp_path.chmod(0o755)
    settings = site.settings
    settings.ALLOWED_HOSTS = ["example.com", "www.example.com"]
    settings.STATIC_URL = f"https://{HOST}/"
    settings.STATIC_ROOT = str(tmp_path / "collected")
    settings.STATICFILES_DIRS = [str(tmp_path / "app")]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.MEDIA_ROOT = ""
    settings.MEDIA_URL = ""
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    settings.DJANGO_STATIC_COMPRESS = ["gz"]
    settings.TEMPLATES = []
    finders.get_finder.cache_clear()
    for name in ("css/a.css", "favicon.ico", "admin/css/base.css", "css/100% ä#.css", "media/up/a.css"):
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"p {{ color: red }} /* {name} */\n" * 50)
    yield site
    finders.get_finder.cache_clear()


def printed(*arguments: str) -> str:
    output = StringIO()
    call_command("staticnginx", *arguments, stdout=output, skip_checks=True)
    return output.getvalue()


def running(kind: str, tmp_path: Path, *more: str):
    getattr(servers, f"{kind}_program")()
    port = servers.free_port()
    arguments = ["--whole", "--listen", f"127.0.0.1:{port}", *more]
    text = printed(*arguments, *(["--caddy"] if kind == "caddy" else ["--modules", "gzip"]))
    return getattr(servers, kind)(tmp_path / "server", text, port)


def built() -> tuple[dict[str, Path], set[str]]:
    """Where the files are that a build tells of, by URL; and which of these are for ever."""
    call_command("staticbuild", all=True, verbosity=0, skip_checks=True, stdout=StringIO())
    manifest, places = Manifest.read(conf.manifest_file), Places.of(conf.sources(), conf.save_prefix)
    found = {url: Path(places.path(each.place)) for url, each in manifest.served.items()}
    return found, {url for url, each in manifest.served.items() if each.is_lasting}


@both
@pytest.mark.parametrize("prefix", ["", "/forever"])
@pytest.mark.parametrize("save", [False, True], ids=["beside", "saved"])
def test_all_of_the_host_is_static_files(apart, tmp_path, kind, prefix, save):
    apart.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    if save:
        apart.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "published")
    files, lasting = built()
    if save:  # originals lie where collectstatic brings them
        call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    assert len(lasting) == 5
    assert len(files) == 10
    with running(kind, tmp_path) as server:
        for url, place in files.items():
            host, path = split_host(url)
            # A prefix stands instead of the host.
            assert host == ("" if prefix and url in lasting else f"https://{HOST}"), url
            if not host:
                assert server.get(path, Host="example.com").body == place.read_bytes(), url
            answer = server.get(path, Host=HOST)
            assert (answer.status, answer.body) == (200, place.read_bytes()), url
            assert answer.all("Cache-Control") == (FOREVER if url in lasting else "no-cache")
            assert answer.all("Access-Control-Allow-Origin") == "*"
            packed = server.get(path, Host=HOST, Accept_Encoding="gzip")
            if url in lasting:
                assert packed.body == place.with_name(f"{place.name}.gz").read_bytes()
            # The application has what it had, whatever files are called; it is not there.
            if host:
                assert server.get(path, Host="example.com").status == 502, url
        for path in ("/", "/css", "/css/", "/page/", "/none.css", "/.django-static/manifest.json"):
            answer = server.get(path, Host=HOST)
            assert (answer.status, answer.all("Cache-Control")) == (404, "no-store"), path
        for path in ("/", "/page/", "/admin/"):
            assert server.get(path, Host="www.example.com").status == 502


@both
def test_uploads_have_a_host_of_their_own(apart, tmp_path, kind):
    """And that of static files may be the same one, or all URLs begin with one."""
    settings = apart.settings
    settings.MEDIA_ROOT = str(apart.media)
    apart.write("up/b.css", "up { a: b }\n", 1269174558)
    apart.write("top.css", "top { a: b }\n", 1269174558)
    for number, (static, media, own) in enumerate(
        [
            (f"https://{HOST}/", f"https://{MEDIA}/", ""),
            ("/static/", f"//{MEDIA}/", ""),
            (f"//{HOST}/", f"//{HOST}/", ""),
            (f"//{HOST}/", f"//{HOST}/media/", ""),
            (f"//{HOST}/", "/media/", ""),
            ("/static/", "/media/", f"//{MEDIA}"),
            (f"//{HOST}/", f"//{MEDIA}/", "//cdn.example.com/"),
            (f"//{HOST}/", "/media/", f"//{HOST}/site"),
        ]
    ):
        for save in ("", str(tmp_path / f"published{number}")):
            settings.STATIC_URL, settings.MEDIA_URL, settings.DJANGO_STATIC_MEDIA_URL = static, media, own
            settings.DJANGO_STATIC_SAVE_PREFIX = save
            names = [
                f"{static}favicon.ico",
                f"{static}css/a.css",
                f"{media}up/b.css",
                f"{media}top.css",
                *(["/top.css", "/up/b.css"] if own else []),
            ]
            settings.DJANGO_STATIC_BUNDLES = {"staticfile": names}
            apart.restart()
            call_command("staticbuild", verbosity=0, skip_checks=True, stdout=StringIO())
            manifest, places = (
                Manifest.read(conf.manifest_file),
                Places.of(conf.sources(), conf.save_prefix),
            )
            urls = [printed.public for run in manifest.runs.values() for printed in run]
            assert len(urls) == len(names)
            folder = tmp_path / f"{number}{bool(save)}"
            folder.mkdir()
            with running(kind, folder) as server:
                for url in urls:
                    host, path = split_host(url)
                    answer = server.get(path, Host=host.partition("//")[2] or "example.com")
                    place = Path(places.path(manifest.files[url]))
                    assert (answer.status, answer.body) == (200, place.read_bytes()), (number, url)
                    assert answer.all("Cache-Control") == FOREVER
                assert server.get("/page", Host="example.com").status == 502


def test_a_snippet_tells_where_the_rest_is(apart):
    for arguments in ([], ["--caddy"]):
        with pytest.raises(CommandError, match=f"STATIC_URL is all of {HOST}.*--whole prints it"):
            printed(*arguments)
        apart.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
        apart.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
        text = printed(*arguments)
        assert text.startswith(
            f"# STATIC_URL is all of {HOST}, which needs a server of its own: --whole prints"
        )
        assert '"/x/' in text
        apart.settings.DJANGO_STATIC_SAVE_PREFIX = apart.settings.DJANGO_STATIC_NAME_PREFIX = ""


@pytest.mark.parametrize("hosts", [["example.com"], [".example.com"], ["example.com", HOST], ["*"]])
def test_the_names_of_both(apart, hosts):
    apart.settings.ALLOWED_HOSTS = hosts
    names = re.findall(r"server_name (.*);", printed("--server", "--modules", "none"))
    assert names == ["~." if hosts == ["*"] else hosts[0], HOST]
    blocks = re.findall(r"^(\S.*) \{$", printed("--caddy", "--whole"), re.MULTILINE)
    assert len(blocks) == 2
    assert blocks[1] == (f"http://{HOST}:80" if hosts == ["*"] else HOST)
    assert HOST not in blocks[0]


@pytest.mark.parametrize(
    "url", ["https://example.com/", "https://www.example.com/", "https://d1.example.net/"]
)
def test_a_host_that_may_have_something_else(apart, url):
    """The application's own, or one that is nobody knows where: what is to be done is said, and nothing hidden."""
    apart.settings.STATIC_URL = url
    host = url.strip("/").rpartition("/")[2]
    for arguments in (["--server"], ["--caddy", "--whole"], []):
        with pytest.raises(CommandError, match=f"STATIC_URL is all of {host}, which is not served here"):
            printed(*arguments)
    if "example.net" in url:
        text = printed("--server", "--server-name", "example.com", "--server-name", host)
        assert re.findall(r"server_name (.*);", text) == ["example.com", host]


@pytest.mark.parametrize(
    ("given", "allowed", "host", "expected"),
    [
        ([], ["example.com"], HOST, Domains(("example.com",), (), (HOST,))),
        ([], ["example.com"], "d1.example.net", Domains(("example.com",), ("d1.example.net",), ())),
        ([], ["example.com", "example.net"], "example.net", Domains(("example.com",), (), ("example.net",))),
        ([], ["Static.Example.com", "example.com"], HOST, Domains(("example.com",), (), (HOST,))),
        ([], [".example.com"], "example.com", Domains((".example.com",), (), ())),
        ([], ["example.com"], "example.com", Domains(("example.com",), (), ())),
        (
            [],
            ["example.com", ".example.com"],
            "example.com",
            Domains(("example.com", ".example.com"), (), ()),
        ),
        ([HOST], ["example.com"], HOST, Domains((HOST,), (), ())),
        (["example.com"], ["*"], HOST, Domains(("example.com",), (HOST,), ())),
        ([], [], HOST, Domains(("_",), (), (HOST,))),
    ],
)
def test_whose_a_host_is(given, allowed, host, expected):
    assert domains(given, allowed, [f"//{host}/", ""], [host]) == expected
