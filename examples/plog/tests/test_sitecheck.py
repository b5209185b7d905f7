"""The checker itself: a site that is right passes, and each fault is found."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from plog.htmlcheck import PageReader
from plog.sitecheck import MISSING, SiteChecker

PAGE = '<!DOCTYPE html><html lang="en"><head><title>x</title>{head}</head><body><main><h1>x</h1>{body}</main></body></html>'
POLICY = {"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff"}
KEPT = {**POLICY, "Cache-Control": "public, max-age=315360000"}


def faults(body="", head="", page=PAGE):
    reader = PageReader()
    reader.feed(page.format(head=head, body=body))
    reader.close()
    return reader.faults


def test_a_good_page():
    body = '<p id="a">x<br>y</p><label for="b">z</label><input id="b"><img src="/x" alt=""><h2>t</h2><a href="#a">u</a>'
    assert faults(body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p>x", "where <p> is open"),
        ("<p><em>x</p></em>", "</p> where <em> is open"),
        ("</div>", "</div> where <main> is open"),
        ("<p><div>x</div></p>", "<div> inside <p>"),
        ('<i id="a"></i><i id="a"></i>', "the id 'a' twice"),
        ('<i class="a" class="b"></i>', "attribute twice"),
        ('<i style="x"></i>', "<i style>: the policy forbids it"),
        ('<i onclick="x"></i>', "<i onclick>"),
        ("<script>x</script>", "inline <script>"),
        ("<style>x</style>", "inline <style>"),
        ('<img src="/x">', "has no alt"),
        ("<input>", "<input> has no label"),
        ('<label for="a">x</label>', "#a is named but not there"),
        ('<i aria-describedby="nope"></i>', "#nope is named but not there"),
        ("<h3>x</h3>", "<h3> follows <h1>"),
        ("<h1>x</h1>", "more than one <h1>"),
        ("<div/>", "does not close itself"),
    ],
)
def test_faults_of_a_page(body, fault):
    assert any(fault in found for found in faults(body)), faults(body)


@pytest.mark.parametrize(
    ("page", "fault"),
    [("", "no html"), (PAGE.replace("<!DOCTYPE html>", ""), "no doctype"), (PAGE.replace(' lang="en"', ""), "no lang"),
     (PAGE.replace("h1>", "h2>"), "no h1"), (PAGE.replace("main>", "div>"), "no main")],
)  # fmt: skip
def test_faults_of_the_frame(page, fault):
    assert any(fault in found for found in faults(page=page))


@pytest.fixture
def serve():
    """A site of given answers: path -> (status, type, headers, body)."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            html = PAGE.format(head="", body="").encode()
            status, kind, headers, body = answers.get(self.path, (404, "text/html", POLICY, html))
            self.send_response(status)
            for name, value in {**headers, "Content-Type": kind, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args): ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def run(site):
        answers.update(site)
        checker = SiteChecker(f"http://127.0.0.1:{server.server_port}/")
        checker.run()
        checker._connection.close()
        return {answer.path: answer for answer in checker.answers}

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


SHEET = "/cache-forever/css/a.1234567890.css"
PICTURE = "/cache-forever/img/b.1234567890.svg"


def good_site():
    page = PAGE.format(
        head=f'<link rel="stylesheet" href="{SHEET}">',
        body='<p id="x"><a href="/two#x">2</a> <a href="https://example.com/">3</a></p>',
    )
    css = b'@media print { a { background: url("../img/b.1234567890.svg") } } i { background: url(data:,x) }'
    return {
        "/": (200, "text/html", POLICY, page.encode()),
        "/two": (200, "text/html", POLICY, page.encode()),
        SHEET: (200, "text/css", KEPT, css),
        PICTURE: (200, "image/svg+xml", KEPT, b"<svg/>"),
    }


def test_everything_is_requested_once(serve):
    found = serve(good_site())
    assert set(found) == {"/", "/two", SHEET, PICTURE, *MISSING}
    assert all(answer.faults == [] for answer in found.values())
    assert "200" in found["/"].line()


@pytest.mark.parametrize(
    ("path", "change", "fault"),
    [
        pytest.param("/two", lambda s, k, h, b: (500, k, h, b), "status 500", id="status"),
        pytest.param("/two", lambda s, k, h, b: (s, "text/plain", h, b), "type 'text/plain'", id="page-type"),
        pytest.param("/two", lambda s, k, h, b: (s, k, {}, b), "Content-Security-Policy is ''", id="policy"),
        pytest.param("/two", lambda s, k, h, b: (s, k, h, b.replace(b"#x", b"#y")), "link to #y", id="fragment"),
        pytest.param("/two", lambda s, k, h, b: (s, k, h, b.replace(b"<p ", b"<p onclick=x ")), "forbids", id="html"),
        pytest.param(SHEET, lambda s, k, h, b: (s, k, h, b""), "empty", id="empty"),
        pytest.param(SHEET, lambda s, k, h, b: (s, "text/plain", h, b), "type", id="asset-type"),
        pytest.param(SHEET, lambda s, k, h, b: (s, k, POLICY, b), "not for ever", id="not-kept"),
        pytest.param(PICTURE, lambda s, k, h, b: (404, k, h, b), "status 404", id="asset-missing"),
        pytest.param("/nothing-here", lambda *_: (200, "text/html", POLICY, PAGE.format(head="", body="").encode()),
                     "status 200, not 404", id="soft-404"),
        pytest.param("/nothing-here", lambda *_: (404, "text/html", KEPT, PAGE.format(head="", body="").encode()),
                     "404 that is to be kept", id="kept-404"),
    ],
)  # fmt: skip
def test_faults_of_a_site(serve, path, change, fault):
    site = good_site()
    site[path] = change(*site.get(path, (404, "text/html", POLICY, b"")))
    found = serve(site)
    assert any(fault in text for text in found[path].faults), found[path].faults
    assert "wrong:" in found[path].line()


def test_an_unstamped_name_is_a_fault(serve):
    site = good_site()
    site["/"] = (200, "text/html", POLICY, site["/"][3].replace(SHEET.encode(), b"/css/a.css"))
    site["/css/a.css"] = (200, "text/css", KEPT, b"a{}")
    found = serve(site)
    assert "no time stamp" in found["/css/a.css"].faults[0]
