"""``manage.py staticnginx``: real servers with its configurations send what the manifest says, as it should be sent."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import quote, unquote

import brotli
import pytest
import static_test_servers as servers
from django.core.management import CommandError, call_command
from static_test_marks import NAMES as MARKED

from django_static.cdn.addresses import public_of
from django_static.conf import conf
from django_static.content_types import CONTENT_TYPES
from django_static.manifest import Manifest
from django_static.names import quoted
from django_static.webservers import modules, nginx
from django_static.webservers.modules import Modules
from django_static.webservers.site import ConfigError, Mount, Site

FOREVER = "max-age=315360000"
EXPIRES = "Thu, 31 Dec 2037 23:55:55 GMT"
NAMES = {
    "css/site.css": ("a { color: red } /* ä */\n" * 50, "text/css; charset=utf-8"),
    "js/site.js": ("window.answer = function () { return 42 };\n" * 50, "text/javascript; charset=utf-8"),
    "js/module.mjs": ("export const answer = 42;\n" * 50, "text/javascript; charset=utf-8"),
    "js/code.wasm": (b"\0asm" + b"\1\0\0\0" * 200, "application/wasm"),
    "data/list.json": ('{"a": [' + "1," * 300 + "1]}", "application/json"),
    "img/logo.svg": (
        "<svg xmlns='http://www.w3.org/2000/svg'>" + "<g/>" * 200 + "</svg>",
        "image/svg+xml",
    ),
    "img/logo.png": (b"\x89PNG" + bytes(range(256)) * 9, "image/png"),
    "img/a b.webp": (b"RIFF" + bytes(500), "image/webp"),
    "img/100% ä日本.avif": (b"avif" + bytes(500), "image/avif"),
    'img/it\'s "q" (1) [2] {3} $x#?&+=@!~^,*.gif': (b"GIF89a" + bytes(500), "image/gif"),
    "fonts/text.woff2": (b"wOF2" + bytes(range(256)), "font/woff2"),
}


def printed(*arguments: str) -> str:
    output = StringIO()
    call_command("staticnginx", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def published(site, tmp_path):
    """A site whose files are published in a folder of their own, with compressed siblings."""
    tmp_path.chmod(0o755)
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "pub lished/cache-forever")
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
    site.settings.DJANGO_STATIC_COMPRESS = ["gz", "br", "zst"]
    site.settings.DJANGO_STATIC_FINGERPRINT = "hash"
    for name, (content, _) in NAMES.items():
        site.write(name, content, 1269174558)
    site.settings.DJANGO_STATIC_BUNDLES = {"staticfile": [f"/{quote(name)}" for name in NAMES]}
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    return site


def files_of(site) -> dict[str, tuple[Path, str]]:
    """The published files and content types, by URL."""
    manifest = Manifest.read(conf.manifest_file)
    found = {}
    for name, (_, kind) in NAMES.items():
        (url,) = [
            printed.public
            for key, (printed,) in manifest.runs.items()
            if key.endswith((f"\n/{name}", f"\n/{quote(name)}"))
        ]
        place = manifest.files[url].partition(":")[2]
        folder = conf.save_prefix or site.media
        found[url] = (folder / place, kind)
    assert len(found) == len(NAMES)
    return found


@pytest.fixture(params=["nginx", "caddy"])
def server(request, published, tmp_path):
    """Each server with the whole configuration the command prints."""
    port = servers.free_port()
    arguments = ["--whole", "--listen", f"127.0.0.1:{port}", "--server-name", "127.0.0.1"]
    if request.param == "caddy":
        servers.caddy_program()
        with servers.caddy(tmp_path / "server", printed(*arguments, "--caddy"), port) as running:
            running.name, running.encodings = "caddy", ("zstd", "br", "gzip")
            yield running
    else:
        servers.nginx_program()
        with servers.nginx(tmp_path / "server", printed(*arguments), port) as running:
            running.name = "nginx"
            found = modules.installed().encodings
            running.encodings = tuple("br" if name == "brotli" else name for name in found)
            yield running


SUFFIXES = {"gzip": ".gz", "br": ".br", "zstd": ".zst", "": ""}


def test_every_file_in_every_encoding(published, server):
    files = files_of(published)
    compressed = 0
    for url, (path, kind) in files.items():
        tags, sizes = set(), set()
        for encoding in ("", *server.encodings):
            answer = server.get(url, **({"Accept_Encoding": encoding} if encoding else {}))
            sibling = path.with_name(path.name + SUFFIXES[encoding])
            is_there = bool(encoding) and sibling.exists()
            compressed += is_there
            assert answer.status == 200, url
            assert answer.all("Content-Encoding") == (encoding if is_there else ""), url
            assert answer.body == (sibling if is_there else path).read_bytes(), url
            assert answer.all("Content-Type") == kind, url
            assert answer.all("Cache-Control") == f"{FOREVER}, public, immutable"
            assert answer.all("Expires") == EXPIRES
            assert answer.all("X-Content-Type-Options") == "nosniff"
            assert answer.all("Access-Control-Allow-Origin") == ("*" if url.endswith(".woff2") else "")
            if is_there:
                assert "Accept-Encoding" in answer.all("Vary")
            if is_there or not encoding:
                tags.add(answer.all("ETag"))
                sizes.add(len(answer.body))
        assert "" not in tags
        # Both servers make it of time and size: of two encodings it differs where their sizes do.
        assert len(tags) == len(sizes)
    assert compressed >= 5 * len(server.encodings)


def test_what_browsers_ask_for(published, server):
    """The best of what a browser takes, and bytes that are those of the file."""
    (url,) = [url for url in files_of(published) if "site." in url and url.endswith(".css")]
    answer = server.get(url, Accept_Encoding="gzip, deflate, br, zstd")
    assert answer.all("Content-Encoding") == server.encodings[0]
    plain = files_of(published)[url][0].read_bytes()
    assert zlib.decompress(server.get(url, Accept_Encoding="gzip").body, 31) == plain
    if "br" in server.encodings:
        assert brotli.decompress(server.get(url, Accept_Encoding="br").body) == plain


def test_conditional_requests(published, server):
    for url, (path, _) in files_of(published).items():
        first = server.get(url)
        again = server.get(url, If_None_Match=first.all("ETag"))
        assert (again.status, again.body) == (304, b"")
        assert again.all("ETag") == first.all("ETag")
        assert again.all("Cache-Control") == f"{FOREVER}, public, immutable"
        assert server.get(url, If_Modified_Since=first.all("Last-Modified")).status == 304
        other = server.get(url, If_None_Match='"other"')
        assert (other.status, other.body) == (200, path.read_bytes())
        head = server.get(url, "HEAD")
        assert (head.status, head.body, head.all("Content-Length")) == (200, b"", str(path.stat().st_size))


@pytest.mark.parametrize(
    ("given", "start", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=-7", -7, None), ("bytes=100-", 100, None)],
)
def test_ranges(published, server, given, start, stop):
    for url, (path, _) in files_of(published).items():
        content = path.read_bytes()
        answer = server.get(url, Range=given)
        assert (answer.status, answer.body) == (206, content[slice(start, stop)])
        assert answer.all("Content-Range").endswith(f"/{len(content)}")
    assert server.get(url, Range=f"bytes={len(content)}-").status == 416


@pytest.mark.parametrize(
    "path",
    [
        "/cache-forever/css/site.000000000000.css",
        "/cache-forever/nowhere/x.1269174558.png",
        "/cache-forever/.django-static/manifest.json",
        "/cache-forever/.django-static/",
        "/cache-forever/%2edjango-static/manifest.json",
        "/cache-forever/",
        "/cache-forever/css/",
        "/cache-forever/css",
    ],
)
def test_what_is_not_there_is_not_remembered(published, server, path):
    answer = server.get(path)
    assert (answer.status, answer.all("Cache-Control"), answer.all("Expires")) == (404, "no-store", "")
    assert b"format" not in answer.body


def test_nothing_but_a_file_is_kept(published, server, tmp_path):
    """What cannot be read during a deployment, or is asked for in a way that is none, may be right in a moment."""
    url, (path, _) = next((url, found) for url, found in files_of(published).items() if url.endswith(".js"))
    long = f"/cache-forever/{'a' * 300}.1269174558.js"
    loop = path.with_name("loop.1269174558.js")
    loop.symlink_to(loop.name)
    try:
        asked = [
            server.get(url, "POST"),
            server.get(long),
            server.get(f"{url}/"),
            server.get("/cache-forever/js/loop.1269174558.js"),
        ]
    finally:
        loop.unlink()
    path.chmod(0)
    try:
        if os.geteuid() != 0:  # whom no mode keeps out
            asked.append(server.get(url))
            assert asked[-1].status == 403
    finally:
        path.chmod(0o644)
    for answer in asked:
        assert answer.status >= 300
        assert "immutable" not in answer.all("Cache-Control")
        assert answer.all("Expires") == ""
    assert server.get(url).all("Expires") == EXPIRES


@pytest.mark.parametrize(
    "path", ["/cache-forever/../secret", "/cache-forever/%2e%2e/secret", "/cache-forever/..%2fsecret"]
)
def test_nothing_outside_of_the_folder(published, server, path, tmp_path):
    (tmp_path / "pub lished/secret").write_text("secret")
    assert b"secret" not in server.get(path).body


# Settings


def layout(site, tmp_path, **given) -> str:
    for name, value in given.items():
        setattr(site.settings, name, value)
    return printed("--modules", "none")


def test_a_folder_of_their_own(site, tmp_path):
    text = layout(
        site,
        tmp_path,
        DJANGO_STATIC_SAVE_PREFIX="/tmp/cache-forever",
        DJANGO_STATIC_NAME_PREFIX="/cache-forever",
    )
    block = text[text.index("location ^~") :]
    assert block.startswith(
        'location ^~ "/cache-forever/" {\n    root "/tmp";\n    expires max;\n    access_log off;\n'
    )
    assert text.count("location ^~") == 2


def test_several_roots_and_folders(site, tmp_path):
    other = tmp_path / "other"
    for folder in (site.media / "css", site.media / ".hidden", other / "css", other / "js"):
        folder.mkdir(parents=True)
    text = layout(
        site, tmp_path, DJANGO_STATIC_MEDIA_ROOTS=[str(site.media), str(other), "/nowhere"], MEDIA_URL="/up/"
    )
    starts = ("location ^~", "    root", "    alias", "    try_files")
    found = [line for line in text.splitlines() if line.startswith(starts)]
    assert [line for line in found if "return" not in line] == [
        'location ^~ "/css/" {',
        '    root "/";',
        f'    try_files "{site.media}/css/$django_static_rest" "{other}/css/$django_static_rest" @django_static_gone;',
        'location ^~ "/js/" {',
        f'    root "{other}";',
        "    try_files $uri @django_static_gone;",
        'location ^~ "/up/" {',
        f'    alias "{site.media}/";',
        "    try_files $uri @django_static_gone;",
    ]
    assert 'if ($uri ~ "^/css/(?<django_static_rest>.+)$") { }' in text
    assert text.count("(?<django_static_rest>") == 1
    text = layout(site, tmp_path, DJANGO_STATIC_NAME_PREFIX="/x")
    assert 'location ^~ "/x/" {\n    root "/";\n    expires $django_static_expires;' in text
    places = (str(site.media), str(other), "/nowhere")
    tried = " ".join(f'"{place}/$django_static_rest"' for place in places)
    assert f"    try_files {tried} @django_static_gone;" in text
    assert 'location ^~ "/css/"' not in text
    text = layout(site, tmp_path, DJANGO_STATIC_NAME_PREFIX="", DJANGO_STATIC_SAVE_PREFIX=str(other))
    assert f'location ^~ "/js/" {{\n    root "{other}";\n    expires max;' in text


def test_a_folder_of_another_name(site, tmp_path):
    text = layout(
        site, tmp_path, DJANGO_STATIC_SAVE_PREFIX="/srv/out", DJANGO_STATIC_NAME_PREFIX="/cache-forever"
    )
    assert 'location ^~ "/cache-forever/" {\n    alias "/srv/out/";' in text


def test_the_snippet_changes_with_nothing_but_the_settings(site, tmp_path):
    given = {"DJANGO_STATIC_SAVE_PREFIX": "/tmp/x", "DJANGO_STATIC_NAME_PREFIX": "/x"}
    assert layout(site, tmp_path, **given) == layout(site, tmp_path, **given)
    assert '\nset $django_static_origin "*";\n' not in layout(site, tmp_path, **given)
    assert '\nset $django_static_origin "*";\n' in layout(
        site, tmp_path, DJANGO_STATIC_MEDIA_URL="//s.example.com"
    )


@pytest.mark.parametrize("static", ["https://static.example.com/s/", "//static.example.com/s/"])
def test_other_origins_use_what_static_url_has_on_another_host(site, tmp_path, static):
    given = {"DJANGO_STATIC_SAVE_PREFIX": "/tmp/x", "DJANGO_STATIC_NAME_PREFIX": "/x", "STATIC_URL": static}
    assert '\nset $django_static_origin "*";\n' in layout(site, tmp_path, **given)
    assert "\n        header Access-Control-Allow-Origin *\n" in printed("--caddy")


def _content(kind: str, site, tmp_path, *arguments: str):
    port = servers.free_port()
    extra = ["--whole", "--listen", f"127.0.0.1:{port}", "--server-name", "_", *arguments]
    if kind == "caddy":
        return servers.caddy(tmp_path / "server", printed(*extra, "--caddy"), port)
    return servers.nginx(tmp_path / "server", printed(*extra), port)


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_beside_the_originals_only_fingerprints_are_for_ever(site, tmp_path, kind):
    getattr(servers, f"{kind}_program")()
    tmp_path.chmod(0o755)
    site.settings.STATIC_ROOT = str(tmp_path / "collected")
    (tmp_path / "collected/admin").mkdir(parents=True)
    (tmp_path / "collected/admin/base.css").write_text("a{}")
    (tmp_path / "collected/admin/base.1269174558.css").write_text("b{}")
    site.write("css/a b.css", "a { b : c }", 1269174558)
    site.write("css/v.3.css", "version three", 1269174558)
    url = site.render('{% staticfile "/css/a b.css" %}')
    assert url == "/css/a%20b.1269174558.css"
    with _content(kind, site, tmp_path) as server:
        for path, is_forever in (
            (url, True),
            ("/css/a%20b.css", False),
            ("/css/v.3.css", False),
            ("/static/admin/base.1269174558.css", True),
            ("/static/admin/base.css", False),
            ("/media/css/a%20b.1269174558.css", True),
        ):
            answer = server.get(path)
            assert answer.status == 200, path
            control = answer.all("Cache-Control")
            assert control == (f"{FOREVER}, public, immutable" if is_forever else "no-cache"), path
            assert answer.all("Expires") == (EXPIRES if is_forever else ""), path
        gone = server.get("/css/a%20b.1269174559.css")
        assert (gone.status, gone.all("Cache-Control")) == (404, "no-store")


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_what_both_servers_take_for_published_is_what_we_do(site, tmp_path, kind):
    getattr(servers, f"{kind}_program")()
    tmp_path.chmod(0o755)
    site.settings.STATIC_ROOT = str(tmp_path / "collected")
    for name in MARKED:
        path = tmp_path / "collected" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    with _content(kind, site, tmp_path) as server:
        found = {name: server.get(f"/static/{quote(name)}") for name in MARKED}
    assert {name: answer.all("Cache-Control") != "no-cache" for name, answer in found.items()} == MARKED
    for answer in found.values():
        is_kept = answer.all("Cache-Control") == f"{FOREVER}, public, immutable"
        assert answer.status == 200
        assert answer.all("Expires") == (EXPIRES if is_kept else "")
        assert is_kept or answer.all("Cache-Control") == "no-cache"


#: Names, and who of nginx and Caddy refuses one as a folder, as a prefix of URLs, and as a folder that URLs begin with.
ODD = {
    "für": "",
    "日本": "",
    "a b": "",
    "a;b": "",
    "a#b": "",
    "a&b": "",
    "a<b": "",
    "a(1)^+=@!~,|": "",
    "a{b": "caddy: folder prefix top",
    "a`b": "caddy: folder prefix top",
    "a?b": "caddy: prefix top",
    "a*b": "caddy: prefix top",
    "a[b]": "caddy: prefix top",
    "100%": "caddy: prefix top",
    "$uri": "nginx: folder prefix top",
    "{$HOME}": "nginx: folder prefix top; caddy: folder prefix top",
    "a'b": "nginx: folder prefix top; caddy: folder prefix top",
    'a"b': "nginx: folder prefix top; caddy: folder prefix top",
    "a\\b": "nginx: folder prefix top; caddy: folder prefix top",
    "a\tb": "nginx: folder prefix top; caddy: folder prefix top",
}


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
@pytest.mark.parametrize("part", ["folder", "prefix", "top"])
@pytest.mark.parametrize("name", ODD)
def test_odd_folders_and_prefixes(site, tmp_path, kind, part, name):
    """What a tag prints is sent, or there is no configuration, and a word what to do."""
    getattr(servers, f"{kind}_program")()
    tmp_path.chmod(0o755)
    site.settings.MEDIA_URL = ""
    original = "/a b.png"
    if part == "top":
        original = f"/{quote(name)}/a b.png"
    else:
        site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / (name if part == "folder" else "x") / "out")
        site.settings.DJANGO_STATIC_NAME_PREFIX = f"/{name}" if part == "prefix" else "/x"
    site.write(f"{name}/a b.png" if part == "top" else "a b.png", b"png", 1269174558)
    url = site.render("{% staticfile name %}", name=original)
    assert url == quoted(unquote(url))  # as it can be in any page, and be asked of any store
    if any(each.startswith(kind) and part in each for each in ODD[name].split("; ")):
        said = {"folder": "symbolic link", "prefix": "another prefix", "top": "NAME_PREFIX"}[part]
        with pytest.raises(CommandError, match=said):
            printed(*(["--caddy"] if kind == "caddy" else []))
        return
    with _content(kind, site, tmp_path) as server:
        answer = server.get(url)
    assert (answer.status, answer.body) == (200, b"png")


@pytest.mark.parametrize(
    ("prefix", "url"),
    [
        ("/cache-forever", "/cache-forever/a.1269174558.png"),
        ("für/immer/", "/f%C3%BCr/immer/a.1269174558.png"),
        ("/f%C3%BCr", "/f%C3%BCr/a.1269174558.png"),
        ("/100%", "/100%25/a.1269174558.png"),
        ("/100%25", "/100%25/a.1269174558.png"),
        ("/a?b#c", "/a%3Fb%23c/a.1269174558.png"),
        ("/a'\"&<>b", "/a%27%22%26%3C%3Eb/a.1269174558.png"),
    ],
)
def test_a_prefix_is_part_of_a_url(site, prefix, url):
    site.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    site.write("a.png", b"png", 1269174558)
    site.write("b.css", "a { b: url(a.png) }", 1269174558)
    assert site.render('{% staticfile "/a.png" %}') == url
    assert f"url({url.rpartition('/')[2]})" in site.text(
        site.render('{% slimfile "/b.css" %}').rpartition("/")[2]
    )
    assert public_of(site.media / "a.1269174558.png", conf) == url


@pytest.mark.parametrize("prefix", ["/a//b", "/a/../b", "/./a"])
def test_a_prefix_that_is_no_path(site, prefix):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = prefix
    for arguments in ([], ["--caddy"]):
        with pytest.raises(CommandError, match="leave out of a path; choose another prefix"):
            printed(*arguments)


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
@pytest.mark.parametrize("mark", ["\n", '"', "'", "\\", "\r", "\x7f", "{$HOME}", "$uri"])
@pytest.mark.parametrize("name", ["STATIC_ROOT", "DJANGO_STATIC_SAVE_PREFIX", "DJANGO_STATIC_NAME_PREFIX"])
def test_hostile_settings(site, kind, name, mark):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/cache-forever"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
    value = f"/srv/x{mark}; evil on; #"
    setattr(site.settings, name, value)
    options = ["--caddy"] if kind == "caddy" else []
    if kind == "caddy" and mark == "$uri":
        assert "evil" in printed(*options)  # it is nothing but a name there
        return
    output = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("staticnginx", *options, stdout=output)
    assert output.getvalue() == ""
    assert "cannot be in a path or prefix" in str(raised.value)
    assert ("another prefix" if name.endswith("NAME_PREFIX") else "symbolic link") in str(raised.value)
    assert name in str(raised.value) or name.endswith("NAME_PREFIX")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--upstream", "unix:x"], "absolute path"),
        (["--upstream", "unix:/x y"], "absolute path"),
        (["--upstream", "unix:/x;"], "absolute path"),
        (["--upstream", "localhost"], "neither unix:/path nor host:port"),
        (["--upstream", "localhost:80; evil"], "neither"),
        (["--listen", "http"], "no port"),
        (["--listen", "80;"], "no port"),
        (["--listen", "99999"], "no port up to 65535"),
        (["--listen", "127.0.0.1:0"], "no port up to 65535"),
        (["--upstream", "localhost:65536"], "host:port, up to 65535"),
        (["--server-name", "a b"], "server name"),
        (["--server-name", "a;"], "server name"),
        (["--modules", "gzip,rar"], "zstd, brotli, gzip"),
        (["--modules", "nonezstd"], "zstd, brotli, gzip"),
        (["--caddy", "--protocol", "uwsgi"], "uwsgi"),
        (["--caddy", "--whole", "--protocol", "uwsgi"], "uwsgi"),
        (["--protocol", "fastcgi"], "invalid choice|fastcgi"),
    ],
)
def test_arguments_that_are_refused(site, arguments, said):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/cache-forever"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
    with pytest.raises(CommandError, match=said):
        printed(*arguments)


def test_a_protocol_that_is_none():
    with pytest.raises(ConfigError, match="neither http nor uwsgi"):
        Site((Mount("/x/", "/tmp/x", True, "X"),), protocol="fastcgi").check()


def test_nothing_to_send(site):
    site.settings.MEDIA_URL = ""
    with pytest.raises(CommandError, match="publish something first"):
        printed()


def test_a_prefix_that_is_a_pattern_for_caddy(site):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/a*b"
    with pytest.raises(CommandError, match="pattern for Caddy"):
        printed("--caddy")
    assert 'location ^~ "/a*b/"' in printed()


@pytest.mark.parametrize(
    ("hosts", "arguments", "line"),
    [
        (["example.com", ".example.org"], [], "server_name example.com .example.org;"),
        (["*"], [], "server_name ~.;"),
        (["example.com", "*"], [], "server_name ~.;"),
        (["example.com"], ["--server-name", "other.example.com"], "server_name other.example.com;"),
    ],
)
def test_server_names(site, hosts, arguments, line):
    site.settings.ALLOWED_HOSTS = hosts
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    assert f"    {line}\n" in printed("--server", *arguments)


@pytest.mark.parametrize(
    ("hosts", "urls", "arguments", "names", "foreign"),
    [
        (["example.com"], ("//static.example.com", ""), [], "example.com static.example.com", ""),
        (
            ["www.example.com"],
            ("", "https://static.example.com:8000/s/"),
            [],
            "www.example.com static.example.com",
            "",
        ),
        (["Example.com"], ("//STATIC.example.com", ""), [], "Example.com static.example.com", ""),
        ([".example.com"], ("//static.example.com", ""), [], ".example.com", ""),
        (["example.com"], ("//example.com", "//example.com/s/"), [], "example.com", ""),
        (["*"], ("//static.example.com", ""), [], "~.", ""),
        (["example.com"], ("//d1.cloudfront.net", ""), [], "example.com", "d1.cloudfront.net"),
        (["example.com"], ("//notexample.com", ""), [], "example.com", "notexample.com"),
        (["localhost"], ("//static.localhost", ""), [], "localhost", "static.localhost"),
        (
            ["example.com"],
            ("//static.example.com", "//static.example.com/s/"),
            ["--server-name", "other.example.com"],
            "other.example.com",
            "static.example.com",
        ),
    ],
)
def test_hosts_that_pages_name(site, hosts, urls, arguments, names, foreign):
    """What is below a domain of the site is its own; where another leads only its owner knows, and Caddy would want a certificate."""
    site.settings.ALLOWED_HOSTS = hosts
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    site.settings.DJANGO_STATIC_MEDIA_URL, static = urls
    site.settings.STATIC_URL = static or "/static/"
    text, caddyfile = printed("--server", *arguments), printed("--caddy", "--whole", *arguments)
    assert f"    server_name {names};\n" in text
    addresses = re.search(r"^(?:http://:80|[^#\n]+) \{$", caddyfile, re.MULTILINE)
    assert addresses is not None
    assert (foreign in addresses[0]) is (not foreign)
    for each in (text, caddyfile):
        assert re.findall(r"# Pages name (\S+), too: .*--server-name (\S+)\.\n", each) == (
            [(foreign, foreign)] if foreign else []
        )


@pytest.mark.parametrize(
    ("hosts", "listen", "line"),
    [
        (["example.com"], "80", "example.com {"),
        (["example.com", ".example.org"], "443", "example.com, example.org, *.example.org {"),
        ([".example.org", "example.org"], "8080", "http://example.org:8080, http://*.example.org:8080 {"),
        (["example.com", ".example.org", "*"], "80", "http://:80 {"),
        ([], "8080", "http://:8080 {"),
        ([], "443", ":443 {"),
        (["*"], "127.0.0.1:443", ":443 {"),
    ],
)
def test_the_site_addresses_of_caddy(site, hosts, listen, line):
    site.settings.ALLOWED_HOSTS = hosts
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    text = printed("--caddy", "--whole", "--listen", listen)
    assert f"\n{line}\n" in f"\n{text}"
    assert ("DNS challenge" in text) is ("*." in line)


def test_a_domain_and_those_below_it_are_sent_by_caddy(site, tmp_path):
    servers.caddy_program()
    tmp_path.chmod(0o755)
    site.settings.ALLOWED_HOSTS = [".example.com"]
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out")
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    site.write("a.png", b"png", 1269174558)
    url = site.render('{% staticfile "/a.png" %}')
    port = servers.free_port()
    text = printed("--caddy", "--whole", "--listen", f"127.0.0.1:{port}")
    with servers.caddy(tmp_path / "server", text, port) as server:
        for host in ("example.com", "www.example.com"):
            assert server.get(url, Host=f"{host}:{port}").body == b"png"


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_a_port_is_one_of_ipv4_and_of_ipv6(published, tmp_path, kind):
    """Where there is no IPv6 nginx wants a line less, which is said in the one before; Caddy finds out by itself."""
    getattr(servers, f"{kind}_program")()
    port = servers.free_port()
    text = printed(
        "--whole", "--listen", str(port), "--server-name", "_", *(["--caddy"] if kind == "caddy" else [])
    )
    assert (f"does not start with this line: remove it, or give --listen 0.0.0.0:{port}.\n" in text) == (
        kind == "nginx"
    )
    url = next(iter(files_of(published)))
    for hosts in [["127.0.0.1", "::1"], ["127.0.0.1"]]:
        if "::1" not in hosts:
            text = text.replace(f"        listen [::]:{port};\n", "")
        elif not _has_ipv6():
            continue
        with getattr(servers, kind)(tmp_path / f"server{len(hosts)}", text, port) as running:
            for running.address in hosts:
                assert running.get(url).status == 200, running.address


@pytest.mark.parametrize(
    ("listen", "lines"),
    [
        ("80", ["listen 80;", "listen [::]:80;"]),
        ("8080", ["listen 8080;", "listen [::]:8080;"]),
        ("443", ["listen 443;", "listen [::]:443;"]),
        ("0.0.0.0:80", ["listen 0.0.0.0:80;"]),
        ("[::]:80", ["listen [::]:80;"]),
        ("127.0.0.1:8080", ["listen 127.0.0.1:8080;"]),
        ("example.com:80", ["listen example.com:80;"]),
    ],
)
def test_where_nginx_listens(site, listen, lines):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(site.media)
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    text = printed("--server", "--listen", listen, "--modules", "none")
    assert re.findall(r"^ *(listen .*)$", text, re.MULTILINE) == lines


def test_https_wants_certificates(site):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    assert "    # HTTPS: 443 ssl, with ssl_certificate and" in printed("--server", "--listen", "443")
    assert "HTTPS:" not in printed("--server", "--listen", "8443")


# The application behind it


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.path} {self.headers['Host']} {self.headers['X-Forwarded-Proto']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *args: object) -> None:
        pass


class _UnixServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@pytest.fixture(params=["unix", "tcp"])
def application(request, tmp_path):
    """A page behind the server, and where it listens."""
    if request.param == "unix":
        place = f"{tmp_path}/app.sock"
        running = _UnixServer(place, _Page)
        name = f"unix:{place}"
    else:
        running = HTTPServer(("127.0.0.1", 0), _Page)
        name = f"127.0.0.1:{running.server_port}"
    with running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield name
        running.shutdown()
        thread.join(30)


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_pages_come_from_the_application(published, tmp_path, application, kind):
    getattr(servers, f"{kind}_program")()
    with _content(kind, published, tmp_path, "--upstream", application) as server:
        answer = server.get("/page?x=1", Host="127.0.0.1")
        assert (answer.status, answer.body) == (200, b"/page?x=1 127.0.0.1 http")
        url = next(iter(files_of(published)))
        assert server.get(url).status == 200


def test_the_uwsgi_protocol(published, tmp_path):
    """What nginx says in it: a header with the length, then names and values (uWSGI's own description)."""
    servers.nginx_program()
    place = f"{tmp_path}/uwsgi.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        heard: dict[bytes, bytes] = {}

        def answer() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as stream:
                head = stream.read(4)
                packet = stream.read(int.from_bytes(head[1:3], "little"))
                pieces = []
                while packet:
                    size = int.from_bytes(packet[:2], "little")
                    pieces.append(packet[2 : 2 + size])
                    packet = packet[2 + size :]
                heard.update(zip(pieces[::2], pieces[1::2], strict=True))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with _content(
            "nginx", published, tmp_path, "--upstream", f"unix:{place}", "--protocol", "uwsgi"
        ) as server:
            got = server.get("/a%20b?x=1")
        thread.join(30)
    assert got.body == b"page"
    assert heard[b"PATH_INFO"] == b"/a b"
    assert heard[b"QUERY_STRING"] == b"x=1"
    assert heard[b"REQUEST_METHOD"] == b"GET"


# As printed in 2010


def source_config(port: int, blocks: str) -> str:
    return (
        "events {}\nhttp {\n types { text/css css; text/javascript js; image/png png; }\n"
        f"server {{\n listen 127.0.0.1:{port};\n{blocks}\n}}\n}}\n"
    )


@pytest.mark.parametrize("with_prefix", [False, True])
def test_the_blocks_of_the_post(site, tmp_path, with_prefix):
    servers.nginx_program()
    tmp_path.chmod(0o755)
    for name in ("css/a.css", "js/a.js", "img/a.png"):
        site.write(name, "x", 1269174558)
    if with_prefix:
        site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "cache-forever")
        site.settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
        blocks = f"location ^~ /cache-forever/  {{\n root {tmp_path};\n expires max;\n access_log off;\n}}"
    else:
        blocks = "\n".join(
            f"location ^~ /{name}/  {{\n root {site.media};\n expires max;\n access_log off;\n}}"
            for name in ("css", "js", "img")
        )
    port = servers.free_port()
    with servers.nginx(tmp_path / "server", source_config(port, blocks), port) as server:
        for name in ("css/a.css", "js/a.js", "img/a.png"):
            url = site.render(f'{{% staticfile "/{name}" %}}')
            assert url.startswith("/cache-forever/") == with_prefix
            answer = server.get(url)
            assert (answer.status, answer.body) == (200, b"x")
            assert answer.all("Cache-Control") == FOREVER
            assert answer.all("Expires") == EXPIRES


# Modules


@pytest.mark.parametrize(
    ("told", "encodings"),
    [
        ("configure arguments: --with-http_gzip_static_module", ("gzip",)),
        ("configure arguments: --prefix=/nowhere", ()),
        (
            "configure arguments: --add-module=/build/ngx_brotli --with-http_gzip_static_module",
            ("brotli", "gzip"),
        ),
        ("configure arguments: --add-module=../zstd-nginx-module", ("zstd",)),
        ("", ()),
    ],
)
def test_what_nginx_tells(told, encodings):
    assert modules.read(told) == Modules(encodings)


def test_modules_in_a_folder(tmp_path):
    module = tmp_path / "ngx_http_brotli_static_module.so"
    module.write_bytes(b"")
    assert modules.read(f"--modules-path={tmp_path} --x") == Modules(("brotli",), (str(module),))


def test_no_nginx_at_all(tmp_path, site):
    assert modules.installed("no-such-nginx") is None
    silent = tmp_path / "silent"
    silent.write_bytes(b"\0")
    silent.chmod(0o755)
    assert modules.installed(str(silent)) is None
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"

    text = nginx.snippet(Site((Mount("/x/", "/tmp/x", True, "X"),)), None)
    assert "see --modules" in text
    assert "_static on" not in text


def test_modules_that_are_said(site):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = "/tmp/x"
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/x"
    assert "brotli_static on;\n    gzip_static on;\n    gzip_vary on;\n" in printed(
        "--modules", "gzip,brotli"
    )
    assert "_static on" not in printed("--modules", "none")


def test_the_brotli_module_of_debian_is_loaded(published):
    if not Path(servers.BROTLI).exists():
        pytest.skip("there is no brotli module: apt-get install libnginx-mod-http-brotli-static")
    found = modules.installed()
    assert found.encodings == ("brotli", "gzip")
    assert found.files[0].endswith("ngx_http_brotli_static_module.so")
    assert f'load_module "{found.files[0]}";' in printed("--whole")
    assert "load_module" not in printed("--server")


def nginx_says(tmp_path: Path, text: str) -> str:
    """What ``nginx -t`` prints about a configuration."""
    place = tmp_path / "nginx.conf"
    place.write_text(text)
    more = f"pid {tmp_path}/pid; error_log stderr;"
    command = [servers.nginx_program(), "-t", "-p", str(tmp_path), "-c", str(place), "-g", more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr


def test_nginx_itself_finds_no_fault_with_it(published, tmp_path):
    text = printed("--whole", "--listen", "127.0.0.1:1", "--upstream", "unix:/run/x.sock")
    said = nginx_says(tmp_path, text)
    assert "syntax is ok" in said
    assert "[warn]" not in said


def test_two_sites_of_one_machine(published, tmp_path):
    """A file for each in sites-enabled: nginx refuses two upstreams of one name."""
    names = []
    for number, host in enumerate(["example.com", "www.example.org", "_"]):
        arguments = (
            "--server-name",
            host,
            "--listen",
            "127.0.0.1:1",
            "--upstream",
            f"unix:/run/{number}.sock",
        )
        text = printed("--server", "--modules", "gzip", *arguments)
        (tmp_path / f"{number}.conf").write_text(text)
        names += re.findall(r"upstream (\w+)", text)
    assert len(set(names)) == 3
    assert names[0].startswith("django_static_example_com_")
    whole = f'events {{}} http {{ include "{tmp_path}/[0-9].conf"; }}'
    assert "syntax is ok" in nginx_says(tmp_path, whole)


@pytest.mark.parametrize("hosts", [["*"], []])
def test_any_host_is_any_host_beside_others(published, tmp_path, hosts):
    """Beside a default server, as Debian has one, and beside sites with names; of two such sites the first is asked."""
    servers.nginx_program()
    published.settings.ALLOWED_HOSTS = hosts
    port = servers.free_port()
    place = f"127.0.0.1:{port}"
    ours = printed("--server", "--listen", place, "--modules", "none")
    assert "    # Any host is taken that no other server on this port has by its name." in ours
    second = printed("--server", "--listen", place, "--modules", "none", "--upstream", "127.0.0.1:8001")
    default = f"server {{ listen {place} default_server; server_name _; return 410; }}"
    named = "".join(
        f"server {{ listen {place}; server_name {name}; return 418; }}"
        for name in ("other.example.com", "*.example.org")
    )
    text = f"events {{}}\nhttp {{\n{default}\n{named}\n{ours}\n{second}\n}}\n"
    (tmp_path / "said").mkdir()
    assert "[warn]" not in nginx_says(tmp_path / "said", text)
    url = next(iter(files_of(published)))
    with servers.nginx(tmp_path / "server", text, port) as server:
        for host in ("example.com", "127.0.0.1", "[::1]", "localhost:80", "a.b.example.net"):
            assert server.get(url, Host=host).status == 200, host
            assert server.get("/page", Host=host).status == 502, host  # the application, which is not there
        for host in ("other.example.com", "www.example.org"):
            assert server.get(url, Host=host).status == 418, host


def test_any_host_is_any_host_beside_others_for_caddy(published, tmp_path):
    servers.caddy_program()
    published.settings.ALLOWED_HOSTS = ["*"]
    port = servers.free_port()
    ours = printed("--caddy", "--whole", "--listen", f"127.0.0.1:{port}")
    assert "# Any host is taken that no other server" in ours
    other = f"http://other.example.com:{port} {{\n    bind 127.0.0.1\n    respond 418\n}}\n"
    url = next(iter(files_of(published)))
    with servers.caddy(tmp_path / "server", ours + other, port) as server:
        assert server.get(url, Host="example.com").status == 200
        assert server.get(url, Host="other.example.com").status == 418


def test_types_are_said_once():
    suffixes = [suffix for each in CONTENT_TYPES.values() for suffix in each]
    assert len(suffixes) == len(set(suffixes))
