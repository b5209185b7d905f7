"""Starts the demo, requests every page and every asset they name, says what is wrong with them, and stops it."""

from __future__ import annotations

import gzip
import http.client
import re
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

import tinycss2  # type: ignore[import-untyped]

from plog.htmlcheck import PageReader

__all__ = ["Answer", "SiteChecker", "check_demo"]

START_SECONDS = 120
STOP_SECONDS = 30
URL_LINE = re.compile(r"http://[\d.]+:\d+/")
FOREVER = "max-age=315360000"
STAMPED = re.compile(r"\.\d{10}\.\w+$")
# Every one of them has to be a page in the site's look that says 404.
MISSING = (
    "/nothing-here",
    "/oc-Nonsense",
    "/p999",
    "/?page=0",
    "/plog/no-such-post",
    "/cache-forever/css/screen.1.css",
)
TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "py": "text/x-python",
    "svg": "image/svg+xml",
}


@dataclass
class Answer:
    """What came back for one address; ``size`` is in bytes as transferred, ``took`` in seconds."""

    path: str
    status: int
    headers: dict[str, str]
    body: bytes
    size: int
    took: float
    faults: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]

    def line(self) -> str:
        faults = "".join(f"\n     wrong: {fault}" for fault in self.faults)
        return f"{self.status} {self.size:>9,} B {self.took * 1000:>7.1f} ms  {self.path}{faults}"


class SiteChecker:
    """Crawls a site from ``/`` and judges each answer. ``answers`` holds them in the order they came."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.answers: list[Answer] = []
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
        self._ids: dict[str, set[str]] = {}
        self._fragments: list[tuple[Answer, str, str]] = []

    @property
    def faults(self) -> int:
        return sum(len(answer.faults) for answer in self.answers)

    def run(self) -> None:
        """Request everything that can be reached, and some things that must not be there."""
        queue = deque([("/", "page")])
        seen = {"/"}
        while queue:
            path, expected = queue.popleft()
            answer = self.fetch(path)
            found = self.judge_page(answer) if expected == "page" else self.judge_asset(answer)
            for address, kind in found:
                if address not in seen:
                    seen.add(address)
                    queue.append((address, kind))
        for path in MISSING:
            self.judge_missing(self.fetch(path))
        for answer, path, fragment in self._fragments:
            if fragment not in self._ids.get(path, {fragment}):
                answer.faults.append(f"link to #{fragment}, which {path} does not have")

    def fetch(self, path: str) -> Answer:
        """GET one path as a browser would, with gzip."""
        started = time.perf_counter()
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = self._connection.getresponse()
        raw = response.read()
        took = time.perf_counter() - started
        headers = {name.lower(): value for name, value in response.getheaders()}
        body = gzip.decompress(raw) if headers.get("content-encoding") == "gzip" else raw
        answer = Answer(path, response.status, headers, body, len(raw), took)
        self.answers.append(answer)
        return answer

    def judge_page(self, answer: Answer) -> list[tuple[str, str]]:
        """Note what is wrong with a page; returns the pages and assets it leads to."""
        self._expect(answer, 200, "text/html")
        reader = self._read_html(answer)
        path = urlsplit(answer.path).path
        self._ids[answer.path] = reader.ids
        found = []
        for link in reader.links:
            address, fragment = urldefrag(urljoin(self.base + answer.path, link))
            if not address.startswith(self.base + "/"):
                continue
            local = address.removeprefix(self.base)
            if fragment:
                self._fragments.append((answer, local, fragment))
            # The form's address leads back to the post.
            if not local.endswith("/comment"):
                found.append((local, "asset" if local.startswith("/cache-forever/") else "page"))
        found += [(urljoin(path, asset), "asset") for asset in reader.assets]
        return found

    def judge_asset(self, answer: Answer) -> list[tuple[str, str]]:
        """Note what is wrong with an asset; returns the assets that it names itself."""
        extension = answer.path.rpartition(".")[2]
        self._expect(answer, 200, TYPES.get(extension, ""))
        if not STAMPED.search(answer.path):
            answer.faults.append("its name has no time stamp, so a browser may keep an old version")
        if FOREVER not in answer.headers.get("cache-control", ""):
            answer.faults.append(f"Cache-Control is {answer.headers.get('cache-control')!r}, not for ever")
        if answer.kind != "text/css":
            return []
        return [(urljoin(answer.path, url), "asset") for url in _css_urls(answer.body.decode())]

    def judge_missing(self, answer: Answer) -> None:
        """Note what is wrong with a page that has to say 404."""
        self._expect(answer, 404, "text/html")
        self._read_html(answer)
        if FOREVER in answer.headers.get("cache-control", ""):
            answer.faults.append("a 404 that is to be kept for ever")

    def _expect(self, answer: Answer, status: int, kind: str) -> None:
        if answer.status != status:
            answer.faults.append(f"status {answer.status}, not {status}")
        if not answer.body:
            answer.faults.append("empty")
        if answer.kind != kind:
            answer.faults.append(f"type {answer.kind!r}, not {kind!r}")
        policy = answer.headers.get("content-security-policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            answer.faults.append(f"Content-Security-Policy is {policy!r}")
        if answer.headers.get("x-content-type-options") != "nosniff":
            answer.faults.append("X-Content-Type-Options is not nosniff")

    def _read_html(self, answer: Answer) -> PageReader:
        reader = PageReader()
        reader.feed(answer.body.decode())
        reader.close()
        answer.faults += reader.faults
        return reader


def check_demo(command: list[str], port: int) -> int:
    """Run the demo on ``port``, check it, stop it; prints a line for each answer. Returns the exit code."""
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603
        try:
            base = _await_url(demo)
            if base is None:
                return demo.wait(STOP_SECONDS) or 1
            checker = SiteChecker(base)
            checker.run()
            for answer in checker.answers:
                _say(answer.line())
        finally:
            demo.send_signal(signal.SIGINT)
            try:
                code = demo.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                demo.kill()
                code = -1
    total = sum(answer.size for answer in checker.answers)
    _say(
        f"{len(checker.answers)} requests, {total:,} bytes, {checker.faults} wrong; the demo ended with {code}"
    )
    return 1 if checker.faults or code != 0 else 0


def _await_url(demo: subprocess.Popen[str]) -> str | None:
    """Pass on what the demo says until it names its address; None if it ends without."""
    assert demo.stdout is not None  # noqa: S101 (it is a pipe)
    for line in demo.stdout:
        _say(line.rstrip())
        match = URL_LINE.search(line)
        if match:
            return match[0]
    return None


def _css_urls(text: str) -> list[str]:
    """The addresses in a style sheet that a browser would fetch."""
    found: list[str] = []

    def walk(nodes: list[tinycss2.ast.Node]) -> None:
        for node in nodes:
            if node.type == "url":
                found.append(node.value)
            elif node.type == "function" and node.lower_name == "url":
                found.extend(item.value for item in node.arguments if item.type == "string")
            for inner in ("prelude", "content", "arguments"):
                walk(getattr(node, inner, None) or [])

    walk(tinycss2.parse_component_value_list(text))
    return [url for url in found if not url.startswith(("data:", "#"))]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
