"""Do what a page of the documentation says, in the order in which it says it, and compare with what it shows.

    python docs/tests/page.py PAGE.md        (in an empty folder)

A fenced block is told what it is by its language, or by a Markdown comment (`% ...`) above it. In HTML that is invisible,
but for what a reader must know: the names of files and the URLs, which become captions (`docs/captions.py`).

    ```pycon                      a Python session; all of a page's share their names
    ```console                    lines beginning with `$ ` are run, the others are what they print
    % file PATH [MTIME]           the block is written to PATH; its modification time in epoch seconds
    % append PATH                 the block is added at the end of PATH
    % background PORT             the command of a console block is left running until the page ends, on a free port;
                                  it is waited for until something answers there
    % get URL                     the block is what the URL answers, within 30 seconds
    % not run: REASON             for the reader only

What is expected is compared as doctest does it: `...` stands for anything. A block of code that is neither run nor
excused is an error, so nothing in the documentation goes untried by oversight.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ILLUSTRATIONS = {"text", "toctree"}
WAIT_SECONDS = 90.0
SAVE_AGAIN_SECONDS = 10.0

_BLOCK = re.compile(
    r"(?:^% (?P<marker>[^\n]+)\n)?^```(?P<language>[\w{}-]*)[^\n]*\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class PageError(AssertionError):
    """What the page says is not so."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    marker: str
    language: str
    body: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, each with the line it begins in."""
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        yield Block(match["marker"] or "", match["language"].strip("{}"), match["body"], line)


class Page:
    """The state a page builds up: the names of its Python sessions and what runs in the background."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {"__name__": "__main__"}
        self.ports: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.saved: Path | None = None

    def do(self, block: Block) -> None:
        """One block; raises `PageError` where it does not hold."""
        verb, _, rest = block.marker.partition(" ")
        if block.marker.startswith("not run: ") or (not verb and block.language in ILLUSTRATIONS):
            return
        if verb in {"file", "append"}:
            self.write(verb, rest, block.body)
        elif verb == "background":
            self.start(rest, block.body)
        elif verb == "get":
            self.get(rest, block.body)
        elif verb:
            raise PageError(f"unknown marker {block.marker!r}")
        elif block.language == "pycon":
            self.session(block)
        elif block.language == "console":
            self.console(block.body)
        elif block.language not in {"eval-rst", "note", "tip", "warning"}:
            raise PageError(f"nothing says what this {block.language or 'plain'} block is for")

    def write(self, verb: str, target: str, body: str) -> None:
        name, _, mtime = target.partition(" ")
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if verb == "file" else "a") as file:
            file.write(body)
        if mtime:
            os.utime(path, (int(mtime), int(mtime)))
        else:
            self.saved = path

    def session(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.body, self.names, "page", None, block.line)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
        said: list[str] = []
        runner.run(test, out=said.append, clear_globs=False)
        self.names.update(test.globs)
        if runner.failures:
            raise PageError("".join(said))

    def console(self, body: str) -> None:
        for command, expected in commands(body):
            done = subprocess.run(
                command,
                shell=True,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=240,
                check=False,
            )
            if done.returncode:
                raise PageError(f"$ {command}\nended with {done.returncode}:\n{done.stdout}")
            compare(f"$ {command}", expected, done.stdout)

    def start(self, port: str, body: str) -> None:
        ((command, _),) = commands(body)
        self.stop(port)
        self.ports[port] = str(free_port())
        process = subprocess.Popen(
            self.real(command),
            shell=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.running[port] = process
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", int(self.ports[port])), 1),
            ):
                return
            time.sleep(0.05)
        raise PageError(f"$ {command}\nnothing answers on its port (exit code {process.poll()})")

    def get(self, url: str, expected: str) -> None:
        started = again = time.monotonic()
        got = ""
        while (now := time.monotonic()) < started + WAIT_SECONDS:
            # A development server restarts when a file changes: until then it shows what was. It answers before it has
            # looked for the first time, and what was saved in between it will never notice.
            if self.saved and now > again + SAVE_AGAIN_SECONDS:
                again = now
                self.saved.touch()
            try:
                with urllib.request.urlopen(self.real(url), timeout=60) as response:
                    got = response.read().decode()
            except urllib.error.HTTPError as error:
                got = error.read().decode()
            except OSError as error:
                got = f"{error}\n"
            if matches(self.real(expected), got):
                return
            time.sleep(0.1)
        compare(f"GET {url}", self.real(expected), got)

    def real(self, text: str) -> str:
        """The text with the ports that are really used."""
        for port, used in self.ports.items():
            text = text.replace(port, used)
        return text

    def stop(self, port: str) -> None:
        process = self.running.pop(port, None)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def close(self) -> None:
        """End what runs in the background."""
        for port in list(self.running):
            self.stop(port)


def commands(body: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it is to print."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def matches(expected: str, got: str) -> bool:
    """Whether a text is what was expected, where `...` stands for anything."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(expected, got, flags)


def compare(what: str, expected: str, got: str) -> None:
    """Raise `PageError` unless the texts match."""
    if not matches(expected, got):
        raise PageError(f"{what}\nexpected:\n{expected}\ngot:\n{got}")


def free_port() -> int:
    """Return a port for a server of a page: until this process ends nobody gets it who asks for any.

    It stays bound. On Linux a server may listen on it all the same, as both say SO_REUSEADDR; elsewhere it could not.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port: int = held.getsockname()[1]
    if sys.platform == "linux":
        held.detach()  # left open
    else:
        held.close()
    return port


def main(path: Path) -> int:
    """Do a page; prints what does not hold and returns the exit code."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    sys.path.insert(0, os.getcwd())
    page = Page()
    try:
        for block in blocks(path.read_text()):
            try:
                page.do(block)
            except PageError as error:
                print(f"{path.name}, line {block.line}: {error}", file=sys.stderr)
                return 1
    finally:
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
