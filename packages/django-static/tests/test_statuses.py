"""What may be kept for ever, by status: nginx and Caddy with the configuration that is printed for them, and our own server."""

from __future__ import annotations

from io import StringIO
from typing import NamedTuple

import pytest
import static_test_servers as servers
from django.core.management import call_command
from serve_site import AsgiClient, WsgiClient

from django_static.serve import asgi, wsgi

#: ``Expires`` is what ``expires max`` says, too; ours leaves it out, as it says nothing to those who know the other.
FOREVER = {
    "nginx": ("max-age=315360000, public, immutable", "Thu, 31 Dec 2037 23:55:55 GMT"),
    "caddy": ("max-age=315360000, public, immutable", "Thu, 31 Dec 2037 23:55:55 GMT"),
    "wsgi": ("max-age=315360000, public, immutable", ""),
    "asgi": ("max-age=315360000, public, immutable", ""),
}
FILE = "/forever/css/site.1269174558.css"


class Said(NamedTuple):
    status: int
    #: Cache-Control and Expires.
    kept: tuple[str, str]
    #: ETag and Last-Modified.
    tag: str
    date: str


@pytest.fixture(params=["nginx", "caddy", "wsgi", "asgi"])
def ask(request, site, tmp_path):
    """Each server, of files below ``/forever/``; what it does not answer itself is 599."""
    kind = request.param
    tmp_path.chmod(0o755)
    site.settings.DJANGO_STATIC_SAVE_PREFIX = str(tmp_path / "out" / "forever")
    site.settings.DJANGO_STATIC_NAME_PREFIX = "/forever"
    site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    site.settings.DJANGO_STATIC_BUNDLES = {"staticfile": ["/css/site.css", "/css/gone.css", "/a.pipe"]}
    for name in ("css/site.css", "css/gone.css", "a.pipe"):
        site.write(name, "p { color: red }\n" * 99, 1269174558)
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    (tmp_path / "out/forever/css/gone.1269174558.css").unlink()
    if kind in ("wsgi", "asgi"):
        client = (
            WsgiClient(wsgi.StaticServer(wsgi_application))
            if kind == "wsgi"
            else AsgiClient(asgi.StaticServer(asgi_application))
        )

        def ask_ours(path, method, fields):
            reply = client.ask(path, method, {name.lower(): value for name, value in fields.items()})
            fields = ("cache-control", "expires", "etag", "last-modified")
            cache, expires, tag, date = (reply.headers.get(name, "") for name in fields)
            return Said(reply.status, (cache, expires), tag, date)

        yield kind, ask_ours
        return
    getattr(servers, f"{kind}_program")()
    port = servers.free_port()
    output = StringIO()
    call_command(
        "staticnginx",
        *("--whole", "--listen", f"127.0.0.1:{port}", "--server-name", "_"),
        *(["--caddy"] if kind == "caddy" else []),
        stdout=output,
    )
    with getattr(servers, kind)(tmp_path / "server", output.getvalue(), port) as server:

        def ask_theirs(path, method, fields):
            answer = server.get(
                path, method, **{name.replace("-", "_"): each for name, each in fields.items()}
            )
            names = ("Cache-Control", "Expires", "ETag", "Last-Modified")
            cache, expires, tag, date = map(answer.all, names)
            return Said(answer.status, (cache, expires), tag, date)

        yield kind, ask_theirs


def wsgi_application(environ, start_response):
    start_response("599 Not Ours", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []


async def asgi_application(scope, receive, send):
    await send({"type": "http.response.start", "status": 599, "headers": []})
    await send({"type": "http.response.body", "body": b""})


#: What is asked, and with what status nginx, Caddy and ours answer; a plus for what may be kept for ever.
TABLE = {
    "a file": ("GET", FILE, {}, "200+ 200+ 200+"),
    "its head": ("HEAD", FILE, {}, "200+ 200+ 200+"),
    "a part": ("GET", FILE, {"Range": "bytes=1-5"}, "206+ 206+ 206+"),
    "several parts": ("GET", FILE, {"Range": "bytes=1-5,9-10"}, "206+ 206+ 206+"),
    # True for ever of a file that never changes; nginx has said how long it keeps before it looks at ranges.
    "no part": ("GET", FILE, {"Range": "bytes=99999-"}, "416+ 416 416"),
    "what one has": ("GET", FILE, {"If-None-Match": "ETAG"}, "304+ 304+ 304+"),
    "what one has had since": ("GET", FILE, {"If-Modified-Since": "DATE"}, "304+ 304+ 304+"),
    "only another one": ("GET", FILE, {"If-Match": '"other"'}, "412 412 412"),
    "only an older one": (
        *("GET", FILE, {"If-Unmodified-Since": "Thu, 01 Jan 2009 00:00:00 GMT"}),
        "412 412 412",
    ),
    "the one that one has": ("GET", FILE, {"If-Match": "ETAG"}, "200+ 200+ 200+"),
    "any that there is": ("GET", FILE, {"If-Match": "*"}, "200+ 200+ 200+"),
    "any that there is not": ("GET", "/forever/css/gone.1269174558.css", {"If-Match": "*"}, "404 404 404"),
    "the same by a weak tag": ("GET", FILE, {"If-Match": "WEAK"}, "412 412 412"),
    "one since the date": ("GET", FILE, {"If-Unmodified-Since": "DATE"}, "200+ 200+ 200+"),
    "what one has by a weak tag": ("GET", FILE, {"If-None-Match": "WEAK"}, "304+ 304+ 304+"),
    "any but none": ("GET", FILE, {"If-None-Match": "*"}, "304+ 304+ 304+"),
    "a tag counts before a date": (
        *("GET", FILE, {"If-None-Match": '"other"', "If-Modified-Since": "DATE"}),
        "200+ 200+ 200+",
    ),
    "both conditions on tags": ("GET", FILE, {"If-Match": "ETAG", "If-None-Match": "ETAG"}, "304+ 304+ 304+"),
    "the rest of what one has": ("GET", FILE, {"Range": "bytes=5-", "If-Range": "ETAG"}, "206+ 206+ 206+"),
    "the rest by its date": ("GET", FILE, {"Range": "bytes=5-", "If-Range": "DATE"}, "206+ 206+ 206+"),
    "the rest of another": ("GET", FILE, {"Range": "bytes=5-", "If-Range": '"other"'}, "200+ 200+ 200+"),
    "the rest by a weak tag": ("GET", FILE, {"Range": "bytes=5-", "If-Range": "WEAK"}, "200+ 200+ 200+"),
    "the rest of an older one": (
        *("GET", FILE, {"Range": "bytes=5-", "If-Range": "Thu, 01 Jan 2009 00:00:00 GMT"}),
        "200+ 200+ 200+",
    ),
    "no part of another": ("GET", FILE, {"Range": "bytes=99999-", "If-Range": '"other"'}, "200+ 200+ 200+"),
    "no coding at all": ("GET", FILE, {"Accept-Encoding": "identity;q=0"}, "200+ 200+ 406"),
    "to write": ("POST", FILE, {}, "405 405 405"),
    "to remove": ("DELETE", FILE, {}, "405 405 405"),
    "what can be asked": ("OPTIONS", FILE, {}, "405 405 204"),
    "what never was": ("GET", "/forever/css/other.1269174558.css", {}, "404 404 404"),
    "another version": ("GET", "/forever/css/site.1269174559.css", {}, "404 404 404"),
    "what has vanished": ("GET", "/forever/css/gone.1269174558.css", {}, "404 404 404"),
    "the head of that": ("HEAD", "/forever/css/gone.1269174558.css", {}, "404 404 404"),
    "a folder": ("GET", "/forever/css", {}, "404 404 599"),
    "a folder with a slash": ("GET", "/forever/css/", {}, "404 404 599"),
    "all of them": ("GET", "/forever/", {}, "404 404 599"),
    "a file as a folder": ("GET", f"{FILE}/", {}, "404 308 599"),
    "a file in a file": ("GET", f"{FILE}/x", {}, "404 400 599"),
    "records": ("GET", "/forever/.django-static/manifest.json", {}, "404 404 599"),
    "a NUL": ("GET", "/forever/css/site%00.1269174558.css", {}, "400 400 404"),
    "a name that is too long": ("GET", f"/forever/{'a' * 300}.1269174558.css", {}, "404 400 404"),
}


def test_what_is_kept_for_ever(ask):
    kind, said = ask
    place = {"nginx": 0, "caddy": 1}.get(kind, 2)
    forever = FOREVER[kind]
    first = said(FILE, "GET", {})
    known = {"ETAG": first.tag, "WEAK": f"W/{first.tag}", "DATE": first.date}
    found, wanted = {}, {}
    for name, (method, path, fields, statuses) in TABLE.items():
        given = {field: known.get(value, value) for field, value in fields.items()}
        answer = said(path, method, given)
        found[name] = f"{answer.status}{'+' if answer.kept == forever else ''}"
        wanted[name] = statuses.split()[place]
        if answer.kept != forever:
            assert answer.kept[0] in ("no-store", ""), name
            assert answer.kept[1] == "", name
            # What caches may keep unless it is said (RFC 9110, 15.1).
            assert answer.kept[0] == "no-store" or answer.status not in (200, 206, 301, 308, 404, 410), name
    assert found == wanted
