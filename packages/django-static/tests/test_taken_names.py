"""Processes that want one name for several contents, at one moment: one gets it, the others take another, and nothing that is
published is ever replaced."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from static_test_forks import Forks
from static_test_ways import leftovers

from django_static.manifest import Manifest

TAKING = Path(__file__).parent / "helpers" / "static_test_taking.py"
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


@pytest.fixture
def taking(tmp_path, forks):
    return Taking(tmp_path, forks)


#: Who wants a name first, and who gets it meanwhile; sites of other content unless the files are the same.
SAME = {"state": "state0", "files": "files0", "page": page("slim")}
PAIRS = {
    "a build, a page of the site": (("staticbuild", {}), ("page", SAME)),
    "a page, a build of the site": (("page", {}), ("staticbuild", SAME)),
    "a build, a page of another site": (("staticbuild", {}), ("page", {})),
    "a page, a build of another site": (("page", {}), ("staticbuild", {})),
    "two builds": (("staticbuild", {}), ("staticbuild", {})),
    "two pages without locks": (("page", {"locks": False}), ("page", {"locks": False})),
    "a build, collectstatic": (("staticbuild", {}), ("collectstatic", {})),
    "collectstatic, a build": (("collectstatic", {}), ("staticbuild", {})),
    "collectstatic, a page": (("collectstatic", {}), ("page", {})),
    "a page, collectstatic": (("page", {}), ("collectstatic", {})),
    "two collectstatic": (("collectstatic", {}), ("collectstatic", {})),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_who_comes_second_takes_another_name(taking, pair, name):
    taking.both(*pair, name)


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
@pytest.mark.parametrize("links", ["EPERM", "ENOTSUP", "EMLINK"])
@pytest.mark.parametrize(
    "pair", ["a build, a page of the site", "a page, a build of another site", "two builds"]
)
def test_on_file_systems_without_links(taking, pair, links, locks):
    first, second = ((action, {**more, "links": links, "locks": locks}) for action, more in PAIRS[pair])
    taking.both(first, second, NAMES["script"])


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_build_that_fails_takes_back_only_what_it_has_made(taking, name):
    with taking.started("staticbuild", 0, stop=[name, "before"], fails=True) as process:
        assert process.stdout.readline() == "there\n"
        shown = taking.does("staticbuild", 1)
        before = taking.contents()
        taking.go_on(process)
        assert "No space left" in taking.ended(process)
    assert taking.contents().items() >= taking.files_of("two").items()
    assert taking.contents().keys() <= before.keys()
    taking.check(shown, "two")


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_clean_up_after_a_killed_build_removes_only_what_that_has_made(taking, name, where):
    with taking.started("staticbuild", 0, stop=[name, where]) as process:
        assert process.stdout.readline() == "there\n"
        process.kill()
        process.wait(30)
    shown = taking.does("staticbuild", 1)
    taking.does("staticclean", 0)
    taking.check(shown, "two")
    assert taking.files_of("one") == {}
    taking.check(taking.does("staticbuild", 0), "one")
    taking.check(shown, "two")
    assert leftovers(taking.root) == []


def test_a_build_leaves_the_links_of_pages_alone(taking):
    """A page that was sent says what is behind them."""
    linked = {"DJANGO_STATIC_USE_SYMLINK": True}
    shown = taking.does("page", 0, settings=linked)
    assert any(path.is_symlink() for path in taking.out.iterdir())
    before = taking.contents()
    other = taking.does("staticbuild", 0, settings=linked, page=page("slim"))
    assert taking.contents().items() >= before.items()
    taking.check(shown, "one")
    taking.check(other, "one")


def test_the_second_process_of_a_build(taking):
    """It publishes a script as it is, while the first one publishes it minified."""
    folder = taking.root / "files0"
    for number in range(400):
        (folder / f"{number}.txt").write_text("text")
    script = folder / "long.js"
    script.write_text(SCRIPT * 10)
    os.utime(script, (WHEN, WHEN))
    text = "{% slimfile '/static/long.js' %}"
    plain = taking.out / "long.1600000000.js"
    with taking.started("staticbuild", 0, stop=[re.escape(plain.name), "before", True], page=text) as process:
        assert process.stdout.readline() == "there\n"
        deadline = time.monotonic() + 60
        while not plain.exists():
            assert time.monotonic() < deadline
            time.sleep(0.001)
        slim = plain.read_bytes()
        taking.go_on(process)
        assert taking.ended(process) == f"/static/{plain.name}"
    (other,) = taking.out.glob("long.1600000000-*.js")
    assert plain.read_bytes() == slim != script.read_bytes() == other.read_bytes()
    served = Manifest.read(taking.root / "state0" / "manifest.json").files
    assert {f"/static/{plain.name}", f"/static/{other.name}"} <= served.keys()
