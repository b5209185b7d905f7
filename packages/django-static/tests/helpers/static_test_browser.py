"""A real browser, and a server for what it is to see."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIServer

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEEDS_CHROMIUM = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt install chromium)"),
    pytest.mark.timeout(300),
]


@contextmanager
def started() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    with playwright.sync_playwright() as api:
        browser = api.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def running(server: ThreadingHTTPServer | WSGIServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


@contextmanager
def files(prefix: str, saved: Path, *folders: Path) -> Iterator[int]:
    """What is published, and what the finders know: as it is in development, and with a lazy render.

    Args:
        prefix: what URLs begin with that are looked for in ``saved`` alone; all others begin with ``/static/``.
        folders: where these are looked for, the first that has it.
    """

    class Handler(Quiet):
        def translate_path(self, path: str) -> str:
            name = path.partition("?")[0].lstrip("/")
            if prefix and path.startswith(prefix):
                return str(saved / name)
            places = [folder / name.removeprefix("static/") for folder in folders]
            return str(next((place for place in places if place.exists()), places[-1]))

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port
