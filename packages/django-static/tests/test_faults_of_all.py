"""All at once, and then something goes wrong: the storage, compressed siblings, a file proxy, integrity, source maps.

Whatever happens to a process, what pages print leads to whole files that are what their digests and siblings say.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
from pathlib import Path
from urllib.parse import urljoin

import brotli
import pytest
from static_test_forks import Forks, Process
from static_test_ways import leftovers

from django_static.manifest import Manifest
from django_static.references import css

SITE = Path(__file__).parent / "helpers" / "static_test_site.py"
#: Words that stand in the originals, one after another.
STATES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "last")
HOST = "https://cdn.example.net"


class All:
    """The site, run by processes of its own."""

    def __init__(self, root: Path, forks: Forks) -> None:
        self.root = root
        self.forks = forks
        self.out = root / "out"
        self.fill("one")

    def fill(self, what: str) -> None:
        for folder in ("css", "js", "i"):
            (self.root / "app" / folder).mkdir(parents=True, exist_ok=True)
        padding = "".join(f".{what}{n} {{ color: #{n:06x} }}\n" for n in range(200))
        self.write("css/a.css", f"a {{ b: url(../i/1.png) }}\n{padding}")
        self.write("css/b.css", f".{what} {{ b: url(../i/2.png) }}\n{padding}")
        self.write("js/a.js", "".join(f"window.{what}{n} = '{what} ' + {n}\n" for n in range(200)))
        for number in range(4):
            self.write(f"i/{number}.png", f"{what} {number}")

    def write(self, name: str, text: str) -> None:
        (self.root / "app" / name).write_text(text)

    def start(self, action: str, fault: str = "") -> Process:
        """A process that waits for a line before it does anything."""
        return self.forks.start(SITE, self.root, action, *filter(None, [fault]))

    def run(self, *given: tuple[str, str]) -> list[tuple[int, str]]:
        """What becomes of processes that begin at once: how each ended, and what it printed and complained of."""
        processes = [self.start(*each) for each in given]
        for process in processes:
            assert process.stdout.readline() == "ready\n", process.communicate()[1]
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        ended = [process.communicate(timeout=60) for process in processes]
        return [
            (process.returncode, out + errors)
            for process, (out, errors) in zip(processes, ended, strict=True)
        ]

    def succeed(self, action: str) -> str:
        ((code, said),) = self.run((action, ""))
        assert code == 0, said
        return said

    def kill(self, action: str, name: str) -> None:
        """Kill a process when a file of that name is about to appear."""
        process = self.start(action, f"stall:{name}")
        process.stdin.write("\n")
        process.stdin.flush()
        said = process.stdout.readline() + process.stdout.readline()
        process.kill()
        _, errors = process.communicate(timeout=30)
        assert said == "ready\nabout to appear\n", errors

    def whole(self, expected: str) -> str:
        """Check that all the manifest names, and all that leads to, is of one state of the originals."""
        manifest = Manifest.read(self.out / ".django-static" / "manifest.json")
        printed = [each for run in manifest.runs.values() for each in run]
        states: set[str] = set()
        for each in printed:
            data = self.data(each.public)
            states |= set(re.findall(rf"\b({'|'.join(STATES)})", data.decode()))
            if each.public.endswith((".css", ".js")):
                assert each.integrity == integrity(data)
            for url in re.findall(r"sourceMappingURL=(\S+?)(?:\s|$)", data.decode()):
                self.data(urljoin(each.public, url))
            if each.public.endswith(".css"):
                for reference in css.references(data.decode()):
                    assert self.data(urljoin(each.public, reference.url))
        assert len(printed) >= 7
        assert states == {expected}
        return expected

    def data(self, url: str) -> bytes:
        """The bytes behind a URL, which are those of its siblings."""
        path = self.out / url.removeprefix(HOST).removeprefix("/static/")
        data = path.read_bytes()
        gz, br = Path(f"{path}.gz"), Path(f"{path}.br")
        assert not gz.exists() or gzip.decompress(gz.read_bytes()) == data
        assert not br.exists() or brotli.decompress(br.read_bytes()) == data
        return data

    def shown(self, action: str, state: str) -> str:
        """What a page prints; each file of it is that of the other host, and what its digest says."""
        html = self.succeed(action)
        found = re.findall(r'(?:href|src)="([^"]+)" integrity="([^"]+)" crossorigin', html)
        assert len(found) == 2
        for url, digest in found:
            assert url.startswith(HOST)
            assert digest == integrity(self.data(url))
            assert state in self.data(url).decode()
        return html


def integrity(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


@pytest.fixture
def everything(tmp_path, forks):
    tmp_path.chmod(0o755)
    return All(tmp_path, forks)


#: When a build is killed: before the first file, among siblings, before what pages go by, and in what comes after it.
MOMENTS = {
    "staticbuild": (".png", ".css", ".gz", ".br", "manifest.json", "records.json", "seal.json"),
    "collectstatic": (".css", ".br", "manifest.json"),
}


@pytest.mark.parametrize("action", MOMENTS)
def test_killed_again_and_again(everything, action):
    """None of the builds ends, and each has other originals than the one before."""
    everything.succeed(action)
    current = everything.whole("one")
    for moment, state in zip(MOMENTS[action], STATES[1:], strict=False):
        everything.fill(state)
        everything.kill(action, moment)
        if moment in ("records.json", "seal.json"):
            current = state
        everything.whole(current)
    everything.shown("shown", current)
    everything.fill("last")
    everything.succeed(action)
    everything.whole("last")
    # In the cache, which other builds share, only time can tell what a killed one has left.
    assert [path for path in leftovers(everything.root) if "/compressed/" not in path] == []


@pytest.mark.parametrize("action", MOMENTS)
def test_no_room(everything, action):
    everything.succeed(action)
    everything.whole("one")
    everything.fill("two")
    everything.write("i/3.png", "two " * 10_000)
    for fault, said in (("full", "File too large"), ("nobody", "Permission denied")):
        if os.geteuid() and fault == "nobody":
            everything.out.chmod(0o500)
        ((code, errors),) = everything.run((action, fault))
        everything.out.chmod(0o755)
        assert code
        assert said in errors
        everything.whole("one")
    everything.shown("shown", "one")
    everything.succeed(action)
    everything.whole("two")
    assert leftovers(everything.root) == []


@pytest.mark.parametrize("fault", ["full", "nobody"])
def test_no_room_for_a_page(everything, fault):
    """It prints what it was given, and the next process what it should."""
    if os.geteuid() and fault == "nobody":
        everything.out.mkdir(mode=0o500)
    everything.write("css/a.css", "".join(f".one{n} {{ color: #{n:06x} }}\n" for n in range(4000)))
    ((code, html),) = everything.run(("page", fault))
    assert code == 0, html
    assert f'href="{HOST}/static/css/a.css"' in html
    assert "integrity" not in html.partition("css/a.css")[0]
    if everything.out.exists():
        everything.out.chmod(0o755)
    everything.shown("page", "one")


def test_builds_and_collections_at_once(everything):
    ended = everything.run(("staticbuild", ""), ("collectstatic", ""), ("staticbuild", ""))
    assert [code for code, _ in ended] == [0, 0, 0], ended
    everything.whole("one")
    assert leftovers(everything.root) == []


def test_eight_pages_after_one_that_was_killed(everything):
    everything.kill("page", ".css")
    ended = everything.run(*[("page", "")] * 8)
    assert {code for code, _ in ended} == {0}, ended
    (html,) = {html for _, html in ended}
    # What they have published is what a build publishes.
    everything.succeed("staticbuild")
    everything.whole("one")
    assert everything.shown("shown", "one") == html
    assert leftovers(everything.root) == []
