"""``manage.py staticnginx`` and ``StaticServer`` where URLs lead to several folders, or to what is nobody's business."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
import static_test_servers as servers
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command
from django.urls import get_script_prefix, set_script_prefix
from serve_site import AsgiClient, WsgiClient, asgi_app, wsgi_app

from django_static import checks
from django_static.conf import conf
from django_static.manifest import Manifest
from django_static.places import Places
from django_static.serve import asgi, wsgi
from django_static.sources import split_host

STAMP = 1269174558
FOREVER = "max-age=315360000, public, immutable"


def printed(*arguments: str, **options: object) -> str:
    output = StringIO()
    call_command("staticnginx", *arguments, stdout=output, **options)
    return output.getvalue()


def running(kind: str, tmp_path: Path, **options: object):
    getattr(servers, f"{kind}_program")()
    tmp_path.chmod(0o755)
    port = servers.free_port()
    arguments = ["--whole", "--listen", f"127.0.0.1:{port}", "--server-name", "_"]
    text = printed(*arguments, *(["--caddy"] if kind == "caddy" else []), **options)
    return getattr(servers, kind)(tmp_path / "server", text, port)


both = pytest.mark.parametrize("kind", ["nginx", "caddy"])


@pytest.fixture
def collected(site, tmp_path):
    """A site with its own folder for what is published, and none for its URLs; the rest is collected as ever."""
    site.settings.MEDIA_URL = ""
    site.settings.STATIC_ROOT = str(tmp_path / "collected")
    site.settings.STATICFILES_DIRS = [str(tmp_path / "app")]
    site.settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "published")
    site.settings.DJANGO_STATIC_COMPRESS = ["gz"]
    finders.get_finder.cache_clear()
    for name in ("css/a.css", "css/100% ä?#&;.css"):
        for folder in ("app", "collected"):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("p { color: red }\n" * 50)
    yield site
    finders.get_finder.cache_clear()


NAMES = ("/static/css/a.css", f"/static/{quote('css/100% ä?#&;.css')}")


@both
@pytest.mark.parametrize("is_first", [True, False], ids=["configured first", "published first"])
def test_what_is_published_below_static_url_hides_nothing(collected, tmp_path, kind, is_first):
    """In whatever order the commands are run."""
    urls: list[str] = []

    def publish() -> None:
        urls.extend(collected.render("{% slimfile name %}", name=name) for name in NAMES)

    if not is_first:
        publish()
    with running(kind, tmp_path) as server:
        if is_first:
            publish()
        assert (tmp_path / "published/static/css").is_dir()
        for url, name in zip(urls, NAMES, strict=True):
            ours, plain = server.get(url), server.get(name)
            assert (ours.status, ours.all("Cache-Control")) == (200, FOREVER), url
            assert ours.all("Content-Type") == "text/css; charset=utf-8"
            assert (plain.status, plain.all("Cache-Control")) == (200, "no-cache"), name
            assert plain.body == (tmp_path / "app/css/a.css").read_bytes()
            assert server.get(url, Range="bytes=2-4").body == ours.body[2:5]
        for path in ("/static/", "/static/css", "/static/css/", "/static/none.css", f"{NAMES[0]}/"):
            answer = server.get(path)
            assert answer.status in (404, 308), path
            assert "immutable" not in answer.all("Cache-Control")
        for path in ("/static/../published/x", "/static/%2e%2e/app/css/a.css", "/static/.django-static/x"):
            assert server.get(path).status in (400, 404, 502)


@both
def test_siblings_are_found_in_each_folder(collected, tmp_path, kind):
    url = collected.render(f'{{% slimfile "{NAMES[0]}" %}}')
    place = tmp_path / "published" / url[1:]
    place.with_name(f"{place.name}.gz").write_bytes(b"ours")
    (tmp_path / "collected/css/a.css.gz").write_bytes(b"theirs")
    with running(kind, tmp_path, modules="gzip") as server:
        for path, body in ((url, b"ours"), (NAMES[0], b"theirs")):
            answer = server.get(path, Accept_Encoding="gzip")
            assert (answer.body, answer.all("Content-Encoding")) == (body, "gzip")
        # One that has vanished is done without, and one that comes is used.
        place.with_name(f"{place.name}.gz").unlink()
        answer = server.get(url, Accept_Encoding="gzip")
        assert (answer.body, answer.all("Content-Encoding")) == (place.read_bytes(), "")


@both
def test_uploads_stay_beside_what_is_published_of_them(collected, tmp_path, kind):
    collected.settings.MEDIA_URL = "/media/"
    collected.write("up/a.png", b"picture", STAMP)
    assert 'location ^~ "/media/"' not in printed("--modules", "none")  # it may be the application's
    url = collected.render('{% staticfile "/media/up/a.png" %}')
    assert url == f"/media/up/a.{STAMP}.png"
    with running(kind, tmp_path) as server:
        assert server.get(url).body == b"picture"
        assert server.get("/media/up/a.png").body == b"picture"


@both
def test_several_roots_are_asked_one_after_the_other(site, tmp_path, kind):
    site.settings.MEDIA_URL = ""
    other = tmp_path / "other"
    (other / "css").mkdir(parents=True)
    (other / "css/b.css").write_text("b { c: d }")
    site.write("css/a.css", "a { b: c }", STAMP)
    site.settings.DJANGO_STATIC_MEDIA_ROOTS = [str(site.media), str(other)]
    for prefix in ("", "/forever"):
        site.settings.DJANGO_STATIC_NAME_PREFIX = prefix
        site.restart()
        urls = [site.render("{% slimfile name %}", name=name) for name in ("/css/a.css", "/css/b.css")]
        with running(kind, tmp_path) as server:
            assert [server.get(url).body for url in urls] == [b"a{b:c}", b"b{c:d}"]
            assert server.get(f"{prefix}/css/c.css").status == 404
        shutil.rmtree(tmp_path / "server")


@pytest.mark.parametrize("edge", ["wsgi", "asgi"])
@pytest.mark.parametrize("is_ahead", [False, True], ids=["lazy", "ahead"])
def test_our_server_finds_both(collected, tmp_path, edge, is_ahead):
    collected.settings.DJANGO_STATIC_USE_MANIFEST_FILE = is_ahead
    if is_ahead:
        collected.settings.TEMPLATES = []
        call_command("staticbuild", "--all", stdout=StringIO(), stderr=StringIO())
        collected.restart()
    server = (
        WsgiClient(wsgi.StaticServer(wsgi_app)) if edge == "wsgi" else AsgiClient(asgi.StaticServer(asgi_app))
    )
    for name in NAMES:
        assert server.ask(name).status == 200
    from django_static import staticfile

    for name in NAMES:
        url = staticfile(name)
        assert url != name
        reply = server.ask(url)
        assert (reply.status, "immutable" in reply.headers["cache-control"]) == (200, True)
        assert server.ask(name).status == 200


# Hosts with paths


@both
@pytest.mark.parametrize("prefix", ["", "/forever"])
@pytest.mark.parametrize("is_apart", [False, True], ids=["beside", "apart"])
@pytest.mark.parametrize(
    ("own", "static", "media"),
    [
        ("", "//static.example.com/site/", "https://media.example.com/ups/"),
        ("", "https://static.example.com/site/static/", "//static.example.com/site/"),
        ("//static.example.com/site", "/static/", "/media/"),
        ("https://static.example.com/the%20site/b", "static/", ""),
        ("//static.example.com/site", "//static.example.com/site/static/", "/media/"),
    ],
    ids=["their own", "one in the other", "all", "all, encoded", "twice"],
)
def test_each_url_that_pages_print_has_a_location(
    collected, tmp_path, kind, prefix, is_apart, own, static, media
):
    """Whatever host it has: what the manifest says is where the server looks."""
    settings = collected.settings
    settings.STATIC_URL, settings.MEDIA_URL, settings.DJANGO_STATIC_MEDIA_URL = static, media, own
    settings.DJANGO_STATIC_NAME_PREFIX = prefix
    if not is_apart:
        settings.DJANGO_STATIC_SAVE_PREFIX = ""
    settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    settings.TEMPLATES = []
    collected.write("css/own.css", "own { a: b }\n", STAMP)
    collected.write("up/a.css", "up { a: b }\n", STAMP)
    names = [
        f"{conf.sources().static_url}css/a.css",
        "/css/own.css",
        f"{media}up/a.css" if media else "/up/a.css",
    ]
    settings.DJANGO_STATIC_BUNDLES = {"slimfile": names}
    call_command("staticbuild", verbosity=0, skip_checks=True)
    manifest, places = Manifest.read(conf.manifest_file), Places.of(conf.sources(), conf.save_prefix)
    urls = [printed.public for run in manifest.runs.values() for printed in run]
    assert len(urls) == 3
    with running(kind, tmp_path, skip_checks=True) as server:
        for url in urls:
            path = split_host(url)[1]
            assert not own or path.startswith(f"{split_host(own)[1]}{prefix}/")
            answer = server.get(path, Host="static.example.com")
            assert (answer.status, answer.all("Cache-Control")) == (200, FOREVER), url
            assert answer.body == Path(places.path(manifest.files[url])).read_bytes()
            assert server.get(path.replace(".css", "x.css")).all("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    ("static", "is_said"), [("https://s.example.com/", True), ("//s.example.com/a/", False), ("/a/", False)]
)
def test_a_host_that_is_all_static_files_is_not_served_with_the_application(collected, static, is_said):
    """It would have a location for `/admin/`, which is the application's elsewhere."""
    collected.settings.STATIC_URL = static
    (Path(collected.settings.STATIC_ROOT) / "admin").mkdir()
    collected.write("img/a.png", b"png")
    (Path(collected.settings.DJANGO_STATIC_SAVE_PREFIX) / "img").mkdir(parents=True)
    for arguments in (["--server", "--modules", "none"], ["--whole", "--caddy"]):
        text = printed(*arguments, skip_checks=True)
        assert ("STATIC_URL is all of s.example.com" in text) == is_said
        assert '"/admin/' not in text


# An application behind the uwsgi protocol

APPLICATION = """
def application(environ, start_response):
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "wsgi.url_scheme", "REMOTE_ADDR")
    said = [environ[name] for name in names] + [environ["wsgi.input"].read().decode()]
    body = "|".join(said).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


def _uwsgi_programs() -> list[str]:
    """uWSGI where it is installed; what nginx says to it is tested without it, too (test_the_uwsgi_protocol)."""
    found = shutil.which("uwsgi", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return [found] if found else []


@pytest.mark.parametrize("program", [*_uwsgi_programs(), None], ids=lambda each: "uWSGI" if each else "none")
def test_uwsgi_itself_understands_what_nginx_says(site, tmp_path, program):
    servers.nginx_program()
    tmp_path.chmod(0o755)
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    site.write("a.png", b"png", STAMP)
    url = site.render('{% staticfile "/a.png" %}')
    place, port = tmp_path / "app.sock", servers.free_port()
    (tmp_path / "app.py").write_text(APPLICATION)
    arguments = ("--listen", f"127.0.0.1:{port}", "--server-name", "_", "--upstream", f"unix:{place}")
    text = printed("--whole", *arguments, "--protocol", "uwsgi")
    with contextlib.ExitStack() as stack:
        if program is not None:
            log = stack.enter_context((tmp_path / "uwsgi.log").open("wb"))
            command = [program, "--uwsgi-socket", str(place), "--wsgi-file", "app.py", "--need-app"]
            application = subprocess.Popen(
                [*command, "--die-on-term"], cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT
            )
            stack.callback(application.wait, 30)
            stack.callback(application.terminate)
        server = stack.enter_context(servers.nginx(tmp_path / "server", text, port))
        deadline = time.monotonic() + 60
        while program is not None and server.get("/").status == 502:
            assert application.poll() is None, (tmp_path / "uwsgi.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        got = server.get("/pages/a%20b%C3%A4/?x=1&y=%26", Host="example.com")
        if program is None:
            assert got.status == 502
        else:
            said = "GET|/pages/a b\u00c3\u00a4/|x=1&y=%26|example.com|http|127.0.0.1|"
            assert (got.status, got.body.decode()) == (200, said)
        assert server.get(url).body == b"png"


# The path of the whole site


@pytest.fixture
def below(site, tmp_path):
    """A site below ``/app/``; Django makes that of an empty MEDIA_URL."""
    before = get_script_prefix()
    site.settings.FORCE_SCRIPT_NAME = "/app"
    set_script_prefix("/app/")
    site.settings.MEDIA_URL = ""
    site.settings.STATIC_URL = "static/"
    site.settings.STATIC_ROOT = str(tmp_path / "collected")
    (tmp_path / "collected").mkdir()
    (tmp_path / "collected/a.css").write_text("a { }")
    yield site
    set_script_prefix(before)


@pytest.mark.parametrize("media", ["", "/app/", "/", "/app"])
def test_the_whole_site_is_no_folder(below, media):
    below.settings.MEDIA_URL = media
    below.write("a.png", b"png")
    assert conf.sources().media_url == ""
    assert conf.sources().static_url == "/app/static/"
    text = printed("--modules", "none")
    assert 'location ^~ "/app/static/"' in text
    assert 'location ^~ "/app/"' not in text


@both
@pytest.mark.parametrize("protocol", ["http", "uwsgi"])
def test_how_the_application_is_started_is_said(below, kind, protocol):
    """Nothing else can: a web server that took the path away would break those that do so themselves."""
    arguments = (
        ["--server", "--caddy"]
        if kind == "caddy"
        else ["--server", "--modules", "none", "--protocol", protocol]
    )
    text = printed(*arguments)
    assert "# gunicorn -e SCRIPT_NAME=/app, or\n" in text
    assert "# uwsgi --mount /app=mysite.wsgi:application --manage-script-name." in text
    below.settings.FORCE_SCRIPT_NAME = "/a\n}\nb"
    assert "SCRIPT_NAME=/a%0A%7D%0Ab, or" in printed(*arguments)
    below.settings.FORCE_SCRIPT_NAME = None
    assert "SCRIPT_NAME" not in printed(*arguments).replace("uwsgi_param SCRIPT_NAME", "")


@pytest.mark.parametrize("program", [*_uwsgi_programs(), None], ids=lambda each: "uWSGI" if each else "none")
def test_that_command_starts_the_application(below, tmp_path, program):
    """As it is printed: the path is taken off, and pages come by way of nginx."""
    servers.nginx_program()
    tmp_path.chmod(0o755)
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite/__init__.py").write_text("")
    (tmp_path / "mysite/wsgi.py").write_text(APPLICATION.replace('"PATH_INFO"', '"SCRIPT_NAME", "PATH_INFO"'))
    place, port = tmp_path / "app.sock", servers.free_port()
    arguments = ("--listen", f"127.0.0.1:{port}", "--server-name", "_", "--upstream", f"unix:{place}")
    text = printed("--whole", *arguments, "--protocol", "uwsgi")
    (command,) = re.findall(r"# uwsgi (--mount .*?)\. Under ASGI", text)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(servers.nginx(tmp_path / "server", text, port))
        if program is None:
            assert server.get("/app/page").status == 502
            return
        log = stack.enter_context((tmp_path / "uwsgi.log").open("wb"))
        application = subprocess.Popen(
            [program, "--uwsgi-socket", str(place), *command.split(), "--need-app", "--die-on-term"],
            cwd=tmp_path,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        stack.callback(application.wait, 30)
        stack.callback(application.terminate)
        deadline = time.monotonic() + 60
        while server.get("/app/").status == 502:
            assert application.poll() is None, (tmp_path / "uwsgi.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        got = server.get("/app/a%20b/?x=1", Host="example.com")
        assert (got.status, got.body) == (200, b"GET|/app|/a b/|x=1|example.com|http|127.0.0.1|")
        assert server.get("/app/static/a.css").status == 200


@pytest.mark.parametrize("static", ["", "/app/"])
def test_nor_is_it_for_static_files(below, static):
    below.settings.STATIC_URL = static
    assert conf.sources().static_url == ""
    with pytest.raises(CommandError, match="no published files"):
        printed(skip_checks=True)


@both
@pytest.mark.parametrize("save", [False, True])
def test_what_is_published_below_the_site_leaves_the_site_alone(below, tmp_path, kind, save):
    if save:
        below.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
    else:
        below.write("app/page/x.css", "x { y: z }", STAMP)
    url = below.render('{% slimfile "/app/static/a.css" %}')
    assert url.startswith("/app/static/a.")
    with running(kind, tmp_path) as server:
        assert server.get(url).status == 200
        assert server.get("/app/static/a.css").status == 200
        assert server.get("/app/").status == 502  # the application, which is not there
        assert server.get("/app/x/").status == 502


# The manifest among the files


@pytest.mark.parametrize(
    ("place", "is_wrong"),
    [
        ("media/manifest.json", True),
        ("media/a/manifest.json", True),
        ("out/manifest.json", True),
        ("collected/manifest.json", True),
        ("out/.django-static/m.json", False),
        ("out/a/.django-static/b/m.json", False),
        ("manifest.json", False),
        ("output/manifest.json", False),
    ],
)
def test_a_manifest_that_everybody_may_read_is_an_error(site, tmp_path, place, is_wrong):
    site.settings.STATIC_ROOT = str(tmp_path / "collected")
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
    site.settings.DJANGO_STATIC_MANIFEST_FILE = tmp_path / place
    found = [each for each in checks.check_settings() if each.id == "django_static.E024"]
    assert bool(found) == is_wrong
    assert all(str(tmp_path / place) in each.msg and ".django-static" in each.hint for each in found)


def test_a_manifest_that_is_no_path_is_told_of_once(site):
    site.settings.DJANGO_STATIC_MANIFEST_FILE = 5
    ids = [each.id for each in checks.check_settings() if "MANIFEST" in each.msg]
    assert ids == ["django_static.E014"]


@pytest.mark.parametrize(
    ("prefix", "is_wrong"),
    [
        ("/a/../b", True),
        ("/..", True),
        ("./a", True),
        ("/a/%2e%2E/b", True),
        ("/a..b", False),
        ("/a/...", False),
        ("/forever", False),
    ],
)
def test_a_prefix_that_browsers_change(site, prefix, is_wrong):
    site.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    assert ("django_static.E023" in [each.id for each in checks.check_settings()]) == is_wrong


RECORDS = (
    "manifest.json",
    "manifest.json.former",
    "manifest.json.served",
    "seal.json",
    "records.json",
    "cdn-0a1b2c3d.json",
    "builds/1.json",
    "compressed/x/y",
)


@both
@pytest.mark.parametrize("inside", ["", "m n/"])
@pytest.mark.parametrize("name_prefix", ["/forever", ""])
@pytest.mark.parametrize("through", ["no link", "a link to the folder", "a link to the manifest's"])
def test_records_among_the_files_are_not_sent(collected, tmp_path, kind, inside, name_prefix, through):
    """Whatever the check says: it is only read. Nor where one setting goes by a link, as `current -> releases/5`."""
    collected.settings.DJANGO_STATIC_NAME_PREFIX = name_prefix
    published = tmp_path / "published"
    folder = published / ("" if name_prefix else "static") / inside
    published.mkdir()
    (tmp_path / "link").symlink_to(published)
    if through == "a link to the folder":
        collected.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "link")
    place = tmp_path / "link" / folder.relative_to(published) if through.endswith("'s") else folder
    collected.settings.DJANGO_STATIC_MANIFEST_FILE = str(place / "manifest.json")
    assert "django_static.E024" in [each.id for each in checks.check_settings()]
    start = f"{name_prefix or '/static'}/{quote(inside)}"
    for name in (*RECORDS, "other.json", "buildsx", "cdn-0a1b2c3d4.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("secret")
    with running(kind, tmp_path, skip_checks=True) as server:
        for name in RECORDS:
            answer = server.get(f"{start}{name}")
            assert (answer.status, answer.all("Cache-Control")) == (404, "no-store"), name
            assert b"secret" not in answer.body
        for name in ("other.json", "buildsx", "cdn-0a1b2c3d4.json"):
            assert server.get(f"{start}{name}").body == b"secret", name


@pytest.mark.parametrize("through", ["app", "link"])
def test_our_server_does_not_send_them_either(collected, tmp_path, through):
    (tmp_path / "link").symlink_to(tmp_path / "app")
    collected.settings.DJANGO_STATIC_MANIFEST_FILE = str(tmp_path / through / "manifest.json")
    for name in (*RECORDS, "other.json"):
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "app" / name).write_text("secret")
    server = WsgiClient(wsgi.StaticServer(wsgi_app))
    assert server.ask("/static/other.json").body == b"secret"
    for name in RECORDS:
        reply = server.ask(f"/static/{name}")
        assert reply.status in (299, 404), name
        assert b"secret" not in reply.body
