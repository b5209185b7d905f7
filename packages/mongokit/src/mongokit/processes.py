"""What happens to connections, units of work and servers when their process forks, and what is looked at once in each process."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["unforked", "warn_of_original", "watch_forks"]


class Forked(Protocol):
    """What has to know that it is in the child of a fork."""

    def _mongokit_after_fork(self) -> None: ...


_watched: weakref.WeakValueDictionary[int, Forked] = weakref.WeakValueDictionary()
_once = threading.Lock()
_watching = False
_looked = False


def watch_forks(one: Forked, login: str | None = None) -> None:
    """Remember who is to be told in the child of a fork. By id, as clients of the same server are equal.

    :param login: the module that PyMongo would import when it logs in first. A child that is forked while another thread
        does would wait for the end of that import for ever, as that thread is not in it.
    """
    global _watching
    if login is not None:
        importlib.import_module(login)
    with _once:
        if not _watching and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_once.acquire, after_in_parent=_once.release, after_in_child=_tell)
            _watching = True
        _watched[id(one)] = one


@contextmanager
def unforked() -> Iterator[None]:
    """Let no other thread fork meanwhile, if anybody watches forks: for what must not be copied half done, and is short."""
    with _once:
        yield


def _tell() -> None:
    _once.release()
    for one in list(_watched.values()):
        one._mongokit_after_fork()


def warn_of_original() -> None:
    """Warn, once per process, when the abandoned distribution whose files lie among ours is installed."""
    global _looked
    if _looked:
        return
    _looked = True
    try:
        version = importlib.metadata.version("mongokit")
    except importlib.metadata.PackageNotFoundError:
        return
    warnings.warn(
        f"the abandoned distribution mongokit {version} is installed beside slimstack-mongokit, and both have files in "
        "the folder mongokit/. Remove both, then install ours: pip uninstall mongokit slimstack-mongokit; "
        "pip install slimstack-mongokit",
        RuntimeWarning,
        stacklevel=3,
    )
