"""A full disk is told of with the file that there was no room for."""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from django_static import output, placing
from django_static.history import History
from django_static.manifest import Manifest
from django_static.regular import naming


@contextmanager
def no_room() -> Iterator[None]:
    """For a moment this process may write no more than a few bytes to a file: to the system a kind of full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


WRITERS = {
    "a published file": lambda folder: placing.write(folder / "a.css", b"x" * 99, folder / "state", 5),
    "a file of a build": lambda folder: output.fill(f"{folder}/a.css", b"x" * 99),
    "a record": lambda folder: output.store(folder / "a.json", ["x" * 99]),
    "the manifest": lambda folder: Manifest({}, {}, {}, {}).write(folder / "manifest.json"),
    "the history": lambda folder: History(folder).add({"x" * 99: 1}),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_the_file_is_named(tmp_path, write):
    with pytest.raises(OSError, match=r"File too large: '/") as caught, no_room():
        write(tmp_path)
    assert os.fspath(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("error", "name"), [(OSError(errno.EIO, "x"), None), (OSError(errno.ENOSPC, "x", "b"), "b")]
)
def test_what_may_be_of_another_file_is_left_as_it_is(error, name):
    with pytest.raises(OSError, match="x") as caught, naming("a"):
        raise error
    assert caught.value.filename == name
