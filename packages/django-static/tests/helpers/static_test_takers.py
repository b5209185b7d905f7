"""A folder that receives files of two contents, and processes that publish there; see :mod:`static_test_taking`."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from static_test_forks import Forks
from static_test_ways import leftovers

TAKING = Path(__file__).parent / "static_test_taking.py"
WHEN = 1_600_000_000
#: Of both the same number of bytes.
CONTENTS = ("one", "two")
SCRIPT = "function  f ( aaa ) { return aaa + '{}' ; }\n" * 30
SHEET = "a  { b : url( p.png ) ; c : '{}' }\n" * 30
#: A name by time of the script, the sheet, and the picture that the sheet refers to.
NAMES = {"script": r"a\.1600000000\.js", "sheet": r"a\.1600000000\.css", "picture": r"p\.1600000000\.png"}


def page(tag: str) -> str:
    block = '<script src="/static/a.js"></script><i></i><link rel="stylesheet" href="/static/a.css">'
    return f"{{% {tag}all %}}{block}{{% end{tag}all %}}"


class Taking:
    """A folder that receives files, and processes that publish there."""

    def __init__(self, root: Path, forks: Forks) -> None:
        self.root = root
        self.out = root / "out"
        self.forks = forks
        for number, content in enumerate(CONTENTS):
            self.fill(f"files{number}", content)

    def fill(self, folder: str, content: str) -> None:
        files = {"a.js": SCRIPT, "a.css": SHEET, "p.png": "picture {}"}
        for name, text in files.items():
            path = self.root / folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.replace("{}", content))
            os.utime(path, (WHEN, WHEN))

    @contextmanager
    def started(self, action: str, side: int, **more: Any) -> Iterator[Any]:
        """A process that has been told to begin."""
        spec = {"root": str(self.root), "action": action, "settings": {}, "page": page("static")}
        spec |= {"state": f"state{side}", "files": f"files{side}"} | more
        with self.forks.start(TAKING, json.dumps(spec)) as process:
            try:
                assert process.stdout.readline() == "ready\n", process.communicate(60)
                self.go_on(process)
                yield process
            finally:
                process.kill()

    @staticmethod
    def go_on(process: Any) -> None:
        process.stdin.write("\n")
        process.stdin.flush()

    @staticmethod
    def ended(process: Any) -> str:
        out, errors = process.communicate(120)
        assert (process.returncode, errors) == (0, ""), errors
        said: str = json.loads(out.splitlines()[-1])
        return said

    def does(self, action: str, side: int, **more: Any) -> str:
        with self.started(action, side, **more) as process:
            return self.ended(process)

    def both(self, first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]], name: str) -> None:
        """One stops where it gives a file its name, another does all of its work, the one goes on."""
        with self.started(first[0], 0, stop=[name, "before"], **first[1]) as process:
            assert process.stdout.readline() == "there\n", process.communicate(60)
            shown = self.does(second[0], 1, **second[1])
            before = self.contents()
            self.go_on(process)
            pages = [self.ended(process), shown]
        after = self.contents()
        assert {path: after.get(path) for path in before} == before
        for html, content in zip(pages, self.wanted(first, second), strict=True):
            self.check(html, content)
        assert leftovers(self.root) == []

    @staticmethod
    def wanted(*sides: tuple[str, dict[str, Any]]) -> list[str]:
        return [CONTENTS[int(more.get("files", f"files{n}")[-1])] for n, (_, more) in enumerate(sides)]

    def contents(self) -> dict[str, bytes]:
        """What is published under names of ours."""
        found = self.out.rglob("*.1600000000*")
        return {str(path): path.read_bytes() for path in found}

    def files_of(self, content: str) -> dict[str, bytes]:
        """Those of a site that are not compressed."""
        return {path: data for path, data in self.contents().items() if content.encode() in data}

    def check(self, html: str, content: str) -> None:
        """What a page loads is what its site has, and what its attributes and the compressed siblings say."""
        loaded = re.findall(r'(?:src|href)="/static/([^"]+)" integrity="sha384-([^"]+)"', html)
        assert len(loaded) == 2, html
        for url, digest in loaded:
            data = (self.out / url).read_bytes()
            assert content.encode() in data, url
            assert base64.b64encode(hashlib.sha384(data).digest()).decode() == digest, url
            for picture in re.findall(rb"url\(\s*([^)\s]+)", data):
                assert (self.out / picture.decode()).read_text() == f"picture {content}"
        for path in self.out.rglob("*.gz"):
            assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()
