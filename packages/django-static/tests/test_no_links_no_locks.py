"""File systems that have neither hard links nor locks: names go to one of many all the same, and nobody's death keeps one."""

from __future__ import annotations

import errno
import os
import re
import threading
import time
from pathlib import Path

import pytest
from static_test_takers import CONTENTS, NAMES, Taking
from static_test_ways import leftovers

from django_static import output, placing
from django_static.placing import Found
from django_static.removal import leftovers as known_leftovers

WITHOUT = {"links": "EPERM", "locks": False}


@pytest.fixture
def poor(monkeypatch):
    def link(*given, **more):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(output, "fcntl", None)


@pytest.fixture
def taking(tmp_path, forks):
    return Taking(tmp_path, forks)


@pytest.mark.parametrize("killed", ["page", "staticbuild"])
@pytest.mark.parametrize("after", ["page", "staticbuild"])
@pytest.mark.parametrize("side", [0, 1], ids=["the same content", "another content"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_who_is_killed_leaves_no_empty_file(taking, killed, after, side, name):
    with taking.started(killed, 0, stop=[name, "before", False, ["replace"]], **WITHOUT) as process:
        assert process.stdout.readline() == "there\n"
        process.kill()
        process.wait(30)
    assert all(taking.contents().values())
    shown = taking.does(after, side, abandoned=0.2, **WITHOUT)
    taking.check(shown, CONTENTS[side])
    # The one who was killed had nothing yet under the name.
    named = [path for path in taking.files_of(CONTENTS[side]) if re.fullmatch(name, Path(path).name)]
    assert len(named) == 1
    assert [path for path in leftovers(taking.out) if path.endswith(".taking")] == []


def test_who_takes_long_is_waited_for(taking):
    """Up to a time at which nobody can be at it still."""
    stopped = taking.started("page", 0, stop=[NAMES["script"], "before", False, ["replace"]], **WITHOUT)
    with stopped as first, taking.started("page", 1, **WITHOUT) as second:
        assert first.stdout.readline() == "there\n"
        (token,) = taking.out.glob(".*.taking")
        taking.go_on(first)
        pages = [taking.ended(first), taking.ended(second)]
        assert not token.exists()
    for html, content in zip(pages, CONTENTS, strict=True):
        taking.check(html, content)
    assert leftovers(taking.root) == []


def test_of_many_one_gets_a_name(poor, tmp_path):
    target = tmp_path / "a.5.js"
    won: list[int] = []
    start = threading.Barrier(8)

    def give(number: int) -> None:
        temporary = tmp_path / f"{number}.tmp"
        temporary.write_text(str(number))
        start.wait()
        try:
            placing.give(str(temporary), str(target))
        except FileExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=give, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [target.read_text()] == [str(number) for number in won]
    assert leftovers(tmp_path) == sorted(str(tmp_path / f"{n}.tmp") for n in range(8) if n != won[0])


def test_what_is_abandoned_is_given_up(poor, tmp_path, monkeypatch):
    monkeypatch.setattr(placing, "_ABANDONED_SECONDS", 0.1)
    token = tmp_path / "x.taking"
    token.touch()
    start = time.monotonic()
    with placing._token(str(token)):
        assert time.monotonic() - start > 0.1
        assert token.exists()
    assert not token.exists()


def test_a_token_of_somebody_else_stays(tmp_path):
    """Of one who had been given up, and has not been killed."""
    token = tmp_path / "x.taking"
    with placing._token(str(token)):
        token.unlink()
        token.write_text("another's")
    assert token.read_text() == "another's"


def test_each_new_token_is_waited_for_anew(tmp_path, monkeypatch):
    """Many may want a name, each for a moment."""
    monkeypatch.setattr(placing, "_ABANDONED_SECONDS", 0.3)
    token, seen = tmp_path / "x.taking", []

    def hold() -> None:
        for number in range(4):
            with placing._token(str(token)):
                seen.append(number)
                time.sleep(0.2)

    others = [threading.Thread(target=hold) for _ in range(2)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join()
    assert len(seen) == 8
    assert not token.exists()


def test_what_cannot_be_moved_leaves_nothing(poor, tmp_path):
    with pytest.raises(FileNotFoundError):
        placing.give(str(tmp_path / "nothing.tmp"), str(tmp_path / "a.5.js"))
    assert list(tmp_path.iterdir()) == []


def test_damage_is_put_right(poor, tmp_path):
    target, temporary = tmp_path / "a.5.js", tmp_path / "x.tmp"
    target.write_text("cut")
    temporary.write_text("whole")
    placing.place(str(temporary), str(target), lambda: Found.WORSE, Found.WORSE)
    assert [path.name for path in tmp_path.iterdir()] == ["a.5.js"]
    assert target.read_text() == "whole"


def test_a_token_is_swept_up_when_it_is_old(tmp_path):
    old, new = tmp_path / f".{'0' * 16}.taking", tmp_path / f".{'1' * 16}.taking"
    for path in (old, new):
        path.touch()
    long_ago = time.time() - 4000
    os.utime(old, (long_ago, long_ago))
    assert list(known_leftovers([tmp_path])) == [str(old)]
