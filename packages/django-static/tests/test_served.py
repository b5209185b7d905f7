"""Before and after, as a browser gets them: the same content, and forever-cacheable from a real nginx."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import static_test_servers as servers

from django_static.minify import verify
from django_static.references import css

PAGE = """<!DOCTYPE html>
<html><head>
%(open)s
<link rel="stylesheet" href="/css/screen.css">
<link rel="stylesheet" href="/css/typo.css">
<link rel="stylesheet" href="/css/print.css" media="print">
%(close)s
%(open)s
<script src="/js/lib.js"></script>
<script src="/js/site.js"></script>
%(close)s
</head><body><img src="%(logo)s">
<script>%(inline)swindow.onload = function() {
   dostuff();
};%(endinline)s</script>
</body></html>"""
BEFORE = PAGE % {"open": "", "close": "", "logo": "/img/logo.png", "inline": "", "endinline": ""}
AFTER = PAGE % {
    "open": "{% slimall %}",
    "close": "{% endslimall %}",
    "logo": '{% staticfile "/img/logo.png" %}',
    "inline": "{% slimcontent %}",
    "endinline": "{% endslimcontent %}",
}


@pytest.fixture
def pages(site) -> tuple[str, str]:
    site.write(
        "css/screen.css", "@import 'base.css';\nbody { background : url('../img/logo.png') ; }", 1269174100
    )
    site.write("css/base.css", "html { margin : 0px ; }", 1269174100)
    site.write("css/typo.css", "p { font-weight : bold ; }", 1269174558)
    site.write("css/print.css", "img { display : none ; }", 1269178381)
    site.write("js/lib.js", "function dostuff() {\n  return 'it  is' ;\n}\n", 1269198100)
    site.write("js/site.js", "(function() {\n  var count = 1 ;\n  dostuff(count) ;\n})()", 1269198161)
    site.write("img/logo.png", b"\x89PNG", 1269170122)
    return site.render(BEFORE), site.render(AFTER)


class _Browser(HTMLParser):
    """Gathers what a page loads, in its order, resolved to content."""

    def __init__(self, html: str, media: Path) -> None:
        super().__init__()
        self.media = media
        self.styles: list[tuple[str | None, str]] = []
        self.scripts: list[str] = []
        self.images: list[bytes] = []
        self.inline = False
        self.feed(html)
        self.close()

    def bytes(self, url: str) -> bytes:
        return (self.media / unquote(urlsplit(url).path).lstrip("/")).read_bytes()

    def style(self, url: str) -> str:
        """A style sheet with its imports in their place and its images as their content."""
        text = self.bytes(url).decode()
        imports = {rule.url: self.style(urljoin(url, rule.url)) for rule in css.read(text).imports}
        head = "\n".join(imports.values())
        for rule in reversed(css.read(text).imports):
            text = text[: rule.start] + text[rule.end :]
        for reference in reversed(css.references(text)):
            content = self.bytes(urljoin(url, reference.url)).hex()
            text = f"{text[: reference.start]}'{content}'{text[reference.end :]}"
        return f"{head}\n{text}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link":
            self.styles.append((values.get("media"), self.style(values["href"] or "")))
        elif tag == "script" and values.get("src"):
            self.scripts.append(self.bytes(values["src"] or "").decode())
        elif tag == "img":
            self.images.append(self.bytes(values["src"] or ""))
        self.inline = tag == "script" and not values.get("src")

    def handle_data(self, data: str) -> None:
        if self.inline:
            self.scripts.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inline = False


def _merged(styles: list[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    merged: list[tuple[str | None, str]] = []
    for media, text in styles:
        if merged and merged[-1][0] == media:
            merged[-1] = (media, f"{merged[-1][1]}\n{text}")
        else:
            merged.append((media, text))
    return merged


def test_the_same_page_before_and_after(site, pages):
    before, after = (_Browser(page, site.media) for page in pages)
    assert len(before.styles) == 3
    assert len(after.styles) == 2
    assert before.images == after.images
    first, second = _merged(before.styles), _merged(after.styles)
    assert [media for media, _ in first] == [media for media, _ in second]
    for (_, one), (_, two) in zip(first, second, strict=True):
        assert verify.difference(one, two, "css") == ""
    assert verify.difference(";\n".join(before.scripts), ";\n".join(after.scripts), "js") == ""
    assert "dostuff()" in after.scripts[-1]


def test_every_published_name_in_the_page_is_there(site, pages):
    assert pages[0].count(".126") == 0
    for name in (
        "/css/screen_typo.1269174558.css",
        "/css/print.1269178381.css",
        "/js/lib_site.1269198161.js",
    ):
        assert name in pages[1]
        assert (site.media / name.lstrip("/")).exists()
    assert '<img src="/img/logo.1269170122.png">' in pages[1]


def _nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[int]:
    """The location block of the source, in a server with all its files in a folder of its own."""
    binary = _nginx()
    if binary is None:
        pytest.skip("there is no nginx: apt-get install nginx-light")
    port = servers.free_port()
    folder = tmp_path / "nginx"
    (folder / "logs").mkdir(parents=True)
    paths = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; error_log {folder}/logs/error.log;
events {{}}
http {{
    {paths}
    access_log off;
    types {{ text/css css; text/javascript js; image/png png; }}
    server {{
        listen 127.0.0.1:{port};
        location ^~ /cache-forever/ {{
            root {tmp_path};
            expires max;
            access_log off;
        }}
    }}
}}
""")
    tmp_path.chmod(0o755)
    command = [binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "user root;"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 90
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_nginx_serves_published_files_for_ever(site, tmp_path, nginx):
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "cache-forever")
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/cache-forever"
    site.write("css/a.css", "a { b : url(../img/a b.png) }", 5)
    site.write("css/b.css", "b { c : url('../img/a b.png') }", 6)
    site.write("img/a b.png", b"\x89PNG", 4)
    html = site.slimall("<link rel=stylesheet href=/css/a.css><link rel=stylesheet href=/css/b.css>")
    url = html.split('"')[1]
    assert url == "/cache-forever/css/a_b.6.css"
    image = urljoin(url, css.references((tmp_path / url.lstrip("/")).read_text())[-1].url)
    for path, kind, body in ((url, "text/css", None), (image, "image/png", b"\x89PNG")):
        connection = http.client.HTTPConnection("127.0.0.1", nginx, timeout=60)
        connection.request("GET", path)
        response = connection.getresponse()
        data = response.read()
        connection.close()
        assert response.status == 200, path
        assert response.getheader("Content-Type") == kind
        assert response.getheader("Expires") == "Thu, 31 Dec 2037 23:55:55 GMT"
        assert response.getheader("Cache-Control") == "max-age=315360000"
        assert body is None or data == body
