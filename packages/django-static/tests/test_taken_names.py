"""Processes that want one name for several contents, at one moment: one gets it, the others take another, and nothing that is
published is ever replaced."""

from __future__ import annotations

import os
import re
import time

import pytest
from static_test_takers import NAMES, SCRIPT, WHEN, Taking, page
from static_test_ways import leftovers

from django_static.manifest import Manifest


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
