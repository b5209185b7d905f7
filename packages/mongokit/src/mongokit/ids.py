"""New ids for many documents: the same as PyMongo's, for half the time.

An ObjectId is the second, five bytes by chance that are the process's own, and a counter
(https://github.com/mongodb/specifications/blob/master/source/bson-objectid/objectid.md). The five bytes here are not those of
PyMongo in this process, so the two never give the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from struct import Struct
from time import time
from typing import NamedTuple

from bson import ObjectId

__all__ = ["id_maker", "new_id"]

_pack = Struct(">IQ").pack


class _Source(NamedTuple):
    pid: int
    process: int
    """The five bytes, where they stand among the last eight."""
    counter: count[int]


_source = _Source(0, 0, count())
"""Of no process: the first that asks makes its own, and so does the child of a fork."""


def new_id() -> ObjectId:
    """Return an ObjectId that nobody else has."""
    # As of id_maker(), written out: to make the function would take a third of the time.
    pid, process, counter = _source
    if pid != os.getpid():
        _, process, counter = _renewed()
    return ObjectId(_pack(int(time()) & 0xFFFFFFFF, process | next(counter) & 0xFFFFFF))


def id_maker() -> Callable[[], ObjectId]:
    """Return what makes such ids, for many at a time: it must not be called in the child of a fork.

    In which process it is, an id would ask for a fifth of its time.
    """
    pid, process, counter = _source
    if pid != os.getpid():
        _, process, counter = _renewed()

    def make() -> ObjectId:
        return ObjectId(_pack(int(time()) & 0xFFFFFFFF, process | next(counter) & 0xFFFFFF))

    return make


def _renewed() -> _Source:
    # Two threads that come first each make one: both are good, and one of them stays.
    global _source
    made = _source = _Source(os.getpid(), _by_chance(5) << 24, count(_by_chance(3)))
    return made


def _by_chance(size: int) -> int:
    return int.from_bytes(os.urandom(size))
