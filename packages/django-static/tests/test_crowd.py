"""Eight workers that render the same and other pages at once, on an empty target and after edits, with builds and clean-ups
among them: what anybody prints leads to whole files, and nobody ever sees half of one."""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
from pathlib import Path
from urllib.parse import urljoin

import pytest
from static_test_forks import Forks
from static_test_ways import leftovers

from django_static.manifest import Manifest
from django_static.names import has_mark
from django_static.references import css, js

#: Twelve processes at once, on a machine that may have other work.
pytestmark = pytest.mark.timeout(600)

CROWD = Path(__file__).parent / "helpers" / "static_test_crowd.py"
#: Of each text, and of each picture.
LINES, PIECES = 300, 20_000
WORKERS = tuple(map(str, range(8)))


class Crowd:
    """A site, and processes that use it at once."""

    def __init__(self, root: Path, fingerprint: str, forks: Forks) -> None:
        self.root = root
        self.forks = forks
        self.out = root / "out"
        self.fingerprint = fingerprint
        self.journal = root / "journal"
        #: The contents that were seen under each published name.
        self.seen: dict[str, set[bytes]] = {}

    def fill(self, word: str, mtime: int) -> None:
        texts = {
            **{f"i/{name}.png": f"{word} picture {name} " * PIECES for name in "12"},
            **{f"css/{name}.css": self.text(f".{word}{name}{{}} {{ b: url(../i/1.png) }}") for name in "abc"},
            **{f"js/{name}.js": self.text(f"{word}{name}({{}})") for name in "abc"},
            "js/m.js": self.text(f"{word}m({{}})", "import './n.js'"),
            "js/n.js": self.text(f"{word}n({{}})", "export let n"),
        }
        for name, text in texts.items():
            path = self.root / "media" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            os.utime(path, (mtime, mtime))

    @staticmethod
    def text(line: str, first: str = "") -> str:
        return "\n".join([first, *(line.replace("{}", str(n), 1) for n in range(LINES))])

    def run(self, *actions: str) -> list[dict[str, str]]:
        """What each of these prints, that begin at once."""
        environment = {**os.environ, "STATIC_TEST_JOURNAL": str(self.journal)}
        processes = [
            self.forks.start(CROWD, self.root, self.fingerprint, action, environment=environment)
            for action in actions
        ]
        is_over = threading.Event()
        watcher = threading.Thread(target=self.watch, args=(is_over,))
        watcher.start()
        try:
            for process in processes:
                process.stdin.write("\n")
                process.stdin.flush()
            ended = [process.communicate(timeout=240) for process in processes]
        finally:
            for process in processes:
                process.kill()
            is_over.set()
            watcher.join(60)
        assert {process.returncode for process in processes} == {0}, ended
        assert not [errors for _, errors in ended if errors]
        return [json.loads(out) for out, _ in ended if out]

    def watch(self, is_over: threading.Event) -> None:
        """See all that a web server could send."""
        while True:
            last = is_over.is_set()
            for path in self.files():
                try:
                    self.seen.setdefault(str(path), set()).add(path.read_bytes())
                except FileNotFoundError:
                    continue  # a clean-up was quicker
            if last:
                return

    def files(self) -> list[Path]:
        """What is published, with its compressed siblings."""
        found = self.out.rglob("*")
        return [
            path
            for path in found
            if has_mark(path.name.removesuffix(".gz")) and ".django-static" not in path.parts
        ]

    def whole(self, printed: str, word: str) -> int:
        """How many published files a page leads to, each of them right."""
        urls = re.findall(r"/forever/[\w./-]+", printed)
        assert urls
        assert not re.findall(r"[\"' ]/(?!forever)", printed)
        pending, seen = urls, set()
        while pending:
            url = pending.pop()
            if url in seen:
                continue
            seen.add(url)
            path = self.out / url.removeprefix("/forever/")
            text = path.read_text()
            assert text.count(word) in ((PIECES,) if path.suffix == ".png" else (LINES, 2 * LINES)), url
            if path.suffix != ".png":
                reader = css if path.suffix == ".css" else js
                pending += [urljoin(url, each.url) for each in reader.references(text)]
        return len(seen)

    def check(self) -> None:
        """Nobody has seen another content under a name than that which stands for it; all siblings are those of their files."""
        assert {name for name, contents in self.seen.items() if len(contents) > 1} == set()
        for path in self.files():
            if path.suffix == ".gz":
                assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()
        assert leftovers(self.root) == []


@pytest.fixture(params=["mtime", "hash"])
def crowd(request, tmp_path, forks):
    made = Crowd(tmp_path, request.param, forks)
    made.fill("one", 1_000_000_001)
    return made


def test_on_an_empty_target(crowd):
    (shown, *others) = crowd.run(*WORKERS)
    assert others == [shown] * 7
    assert sum(crowd.whole(html, "one") for html in shown.values()) > len(shown) + 6
    # The five texts of either kind that pages want minified, one after another: each once, by whoever was first.
    work = crowd.journal.read_text().splitlines()
    assert sorted(line.split()[0] for line in work) == ["css"] * 5 + ["js"] * 5
    (again,) = crowd.run("0")
    assert again == shown
    # And not again by who comes later.
    assert crowd.journal.read_text().splitlines() == work
    crowd.check()


def test_with_builds_and_clean_ups_among_them(crowd):
    for number, word in enumerate(("one", "two")):
        crowd.fill(word, 1_000_000_001 + number)
        shown = crowd.run(
            *WORKERS[:4], "staticbuild", "staticclean", *WORKERS[4:], "staticbuild", "staticclean"
        )
        assert shown == [shown[0]] * 8
        for html in shown[0].values():
            crowd.whole(html, word)
        manifest = Manifest.read(crowd.out / ".django-static/manifest.json")
        for run in manifest.runs.values():
            for each in run:
                crowd.whole(each.public, word)
    crowd.check()
    crowd.run("staticclean")
    for html in shown[0].values():
        crowd.whole(html, "two")
    assert [path for path in crowd.files() if path.suffix != ".gz" and "one" in path.read_text()] == []
