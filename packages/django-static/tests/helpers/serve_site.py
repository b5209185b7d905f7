"""A site that is built ahead and served by ours, and clients that ask the two edges without a server between."""

from __future__ import annotations

import asyncio
import email
import email.policy
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

from django.contrib.staticfiles import finders
from django.core.management import call_command

from django_static import resolver
from django_static.conf import conf
from django_static.manifest import Manifest
from django_static.serve import asgi, wsgi

CSS = "body { background: url(../img/logo.png) }\n" + "p { color : red ; }\n" * 200
JS = "function greet(name) { return 'Hello ' + name; }\n" * 100
OLD = 1_600_000_000


@dataclass
class Reply:
    status: int
    #: By name in small letters; a field that was sent twice fails.
    headers: dict[str, str]
    body: bytes

    @property
    def parts(self) -> list[tuple[str, bytes]]:
        """``Content-Range`` and content of each part."""
        if not self.headers.get("content-type", "").startswith("multipart/byteranges"):
            return [(self.headers["content-range"], self.body)]
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + self.body, policy=email.policy.HTTP)
        return [(part["content-range"], part.get_payload(decode=True)) for part in message.iter_parts()]


def fields_of(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        assert name.lower() not in found, f"{name} was sent twice"
        found[name.lower()] = value
    return found


class WsgiClient:
    name = "wsgi"

    def __init__(self, app: Any, *, has_wrapper: bool = False) -> None:
        self.server = app
        self.app = validator(app)
        self._has_wrapper = has_wrapper

    def ask(
        self, target: str, method: str = "GET", fields: dict[str, str] | None = None, root: str = ""
    ) -> Reply:
        path = unquote_to_bytes(target).decode("latin-1")
        environ: dict[str, Any] = {"QUERY_STRING": ""}
        setup_testing_defaults(environ)
        environ |= {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.removeprefix(root),
            "SCRIPT_NAME": root,
        }
        if self._has_wrapper:
            environ["wsgi.file_wrapper"] = FileWrapper
        for name, value in (fields or {}).items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        taken: list[Any] = []
        body = self.app(environ, lambda *given: taken.append(given) or (lambda data: None))
        try:
            data = b"".join(body)
        finally:
            body.close()
        ((status, headers),) = [given[:2] for given in taken]
        return Reply(int(status.split()[0]), fields_of(headers), data)


class AsgiClient:
    name = "asgi"

    def __init__(self, app: Any, *, extensions: dict[str, Any] | None = None) -> None:
        self.app = app
        self._extensions = extensions or {}

    def ask(
        self, target: str, method: str = "GET", fields: dict[str, str] | None = None, root: str = ""
    ) -> Reply:
        return asyncio.run(self.ask_async(target, method, fields, root))

    async def ask_async(
        self, target: str, method: str = "GET", fields: dict[str, str] | None = None, root: str = ""
    ) -> Reply:
        raw = target.encode("latin-1")
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in (fields or {}).items()
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "method": method,
            "path": unquote_to_bytes(raw).decode("utf-8", "replace"),
            "raw_path": raw,
            "root_path": root,
            "query_string": b"",
            "headers": [(b"host", b"localhost"), *headers],
            "extensions": self._extensions,
        }
        sent: list[Any] = []
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, *bodies = sent
        assert start["type"] == "http.response.start"
        data = b""
        for number, message in enumerate(bodies):
            if message["type"] == "http.response.pathsend":
                data += Path(message["path"]).read_bytes()
            else:
                assert message["type"] == "http.response.body"
                assert message.get("more_body", False) == (number < len(bodies) - 1)
                data += message["body"]
        pairs = [(name.decode("ascii"), value.decode("latin-1")) for name, value in start["headers"]]
        assert all(name == name.lower() for name, _ in pairs)
        return Reply(start["status"], fields_of(pairs), data)


def wsgi_app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("299 App", [("Content-Type", "text/plain")])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"the app"]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        await send({"type": f"app.{scope['type']}"})
        return
    await send({"type": "http.response.start", "status": 299, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"the app"})


class Site:
    """Settings, files and builds."""

    def __init__(self, settings: Any, root: Path) -> None:
        self.settings = settings
        self.root = root
        self.source = root / "source"
        self.source.mkdir(exist_ok=True)
        self.static = root / "static"
        settings.STATIC_URL = "/static/"
        settings.STATIC_ROOT = str(self.static)
        settings.STATICFILES_DIRS = [str(self.source)]
        settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
        settings.MEDIA_ROOT = ""
        settings.DEBUG = False
        settings.DJANGO_STATIC = True
        settings.DJANGO_STATIC_FINGERPRINT = "mtime"
        settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
        settings.TEMPLATES = []
        finders.get_finder.cache_clear()
        resolver.reset()

    def write(self, name: str, content: str | bytes, mtime: float = OLD) -> Path:
        import os

        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (mtime, mtime))
        return path

    def usual(self) -> None:
        """One of each: with siblings, referring, a picture, nothing, large, a font, odd names."""
        self.write("css/site.css", CSS)
        self.write("js/site.js", JS)
        self.write("img/logo.png", b"\x89PNG\r\n" + bytes(range(256)))
        self.write("empty.bin", b"")
        self.write("large.bin", bytes(range(256)) * 4000)
        self.write("font.woff2", b"wOF2" + b"\x07" * 90)
        self.write("ä b%2e.txt", "odd")

    def build(self) -> Manifest:
        call_command("staticbuild", "--all", stdout=StringIO(), stderr=StringIO(), skip_checks=True)
        resolver.reset()
        return Manifest.read(conf.manifest_file)

    def url(self, name: str) -> str:
        """What a file is published as."""
        stem, _, ending = name.rpartition(".")
        start = "/static/" + quote(stem) + "."
        found = [
            url
            for url, served in Manifest.read(conf.manifest_file).served.items()
            if served.is_lasting and url.startswith(start) and url.endswith(f".{ending}")
        ]
        assert len(found) == 1, (name, found)
        return found[0]

    def file(self, url: str) -> Path:
        from urllib.parse import unquote

        return self.static / unquote(url.removeprefix("/static/"))

    def clients(self, **options: Any) -> list[WsgiClient | AsgiClient]:
        return [
            WsgiClient(wsgi.StaticServer(wsgi_app, **options)),
            AsgiClient(asgi.StaticServer(asgi_app, **options)),
        ]
