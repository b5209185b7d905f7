"""What happens to connections when their process forks, and what is looked at once in each process."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import threading
import warnings
import weakref
from typing import Protocol

__all__ = ["warn_of_original", "watch_forks"]


class Reopened(Protocol):
    """A connection, which begins anew in the child of a fork."""

    def _mongokit_after_fork(self) -> None: ...


_connections: weakref.WeakValueDictionary[int, Reopened] = weakref.WeakValueDictionary()
_once = threading.Lock()
_watching = False
_looked = False


def watch_forks(connection: Reopened, login: str) -> None:
    """Remember a connection for the child of a fork. By id, as clients of the same server are equal.

    :param login: the module that PyMongo would import when it logs in first. A child that is forked while another thread
        does would wait for the end of that import for ever, as that thread is not in it.
    """
    global _watching
    importlib.import_module(login)
    with _once:
        if not _watching and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_once.acquire, after_in_parent=_once.release, after_in_child=_reopen)
            _watching = True
        _connections[id(connection)] = connection


def _reopen() -> None:
    _once.release()
    for connection in list(_connections.values()):
        connection._mongokit_after_fork()


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
