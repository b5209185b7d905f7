"""The ids of documents that are written in bulk: unlike any other, of this second, and not those of another process."""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId

from mongokit.ids import new_id


def test_they_are_object_ids_of_now_in_order():
    before = datetime.now(UTC).replace(microsecond=0)
    made = [new_id() for _ in range(3)]
    assert all(type(each) is ObjectId for each in made)
    assert all(before <= each.generation_time <= before + timedelta(minutes=5) for each in made)
    counters = [int.from_bytes(each.binary[9:]) for each in made]
    assert [(one - counters[0]) % 2**24 for one in counters] == [0, 1, 2]


def test_they_are_of_another_source_than_those_of_pymongo():
    assert new_id().binary[4:9] == new_id().binary[4:9] != ObjectId().binary[4:9]


def test_the_counter_begins_again(monkeypatch):
    from itertools import count

    from mongokit import ids

    monkeypatch.setattr(ids, "_source", ids._Source(os.getpid(), 0x0102030405 << 24, count(2**24 - 1)))
    assert [new_id().binary[4:].hex() for _ in range(2)] == ["0102030405ffffff", "0102030405000000"]


def test_threads_get_none_twice():
    made: list[list[ObjectId]] = [[] for _ in range(8)]

    def make(into: list[ObjectId]) -> None:
        into += [new_id() for _ in range(2000)]

    threads = [threading.Thread(target=make, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({each for into in made for each in into}) == 8 * 2000


@pytest.mark.skipif(not hasattr(os, "fork"), reason=f"{sys.platform} has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_child_of_a_fork_has_a_source_of_its_own():
    mine = new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, new_id().binary)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        theirs = answer.read()
    assert os.waitpid(child, 0)[1] == 0
    assert len(theirs) == 12
    assert theirs[4:9] != mine.binary[4:9] == new_id().binary[4:9]
