"""The file proxy: one for each process, of the settings."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from django.core.signals import setting_changed

from ..conf import PREFIX, conf
from .addresses import bare
from .pages import Proxy
from .store import StoreError
from .stores import store_of

__all__ = ["current", "file_proxy", "reset"]

logger = logging.getLogger("django_static")

_lock = threading.Lock()
_chosen: Proxy | None = None
#: What the parent of this process has been told of, and this process will not be told again.
_inherited: dict[str, str] = {}
_is_watching = False


def current() -> Proxy:
    """The proxy of the settings, made when it is first needed.

    Raises:
        StoreError: the settings do not name a store.
    """
    global _chosen, _is_watching
    chosen = _chosen
    if chosen is None:
        with _lock:
            if _chosen is None:
                options = conf.cdn
                made = Proxy(options, store_of(options), conf.manifest_file.parent, bare=_bare)
                while _inherited:
                    made(*_inherited.popitem())
                _chosen = made
                if not _is_watching:
                    _is_watching = True
                    setting_changed.connect(reset, dispatch_uid="django_static.cdn.reset")
                    if hasattr(os, "register_at_fork"):
                        os.register_at_fork(after_in_child=_after_fork)
            chosen = _chosen
    return chosen


def _bare(uri: str) -> str:
    return bare(uri, conf.sources().mounts)


def reset(**kwargs: Any) -> None:
    """Forget the settings and what is known, as a restart does; receives ``setting_changed``."""
    global _chosen
    _chosen = None


def _after_fork() -> None:
    """In a child of a fork: its parent's threads are not here, and their locks may be held for ever."""
    global _lock, _chosen
    _lock = threading.Lock()
    if _chosen is not None:
        _inherited.update(_chosen.taken)
        _chosen = None


def file_proxy(
    uri: str, new: bool = False, filepath: str | None = None, changed: bool = False, **kwargs: Any
) -> str:
    """``DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"``: files of ``DJANGO_STATIC_CDN_TYPES`` on a CDN.

    Prints the URL of the copy once it is there and answers, until then, and where that fails, the local one. Never
    raises, never waits.
    """
    if kwargs.get("disabled"):
        return uri
    try:
        return current()(uri, filepath if new or changed else None)
    except StoreError as error:
        _say_once(str(error))
    except Exception as error:  # noqa: BLE001 (a page never fails for what it is decorated with)
        _say_once(f"{type(error).__name__}: {error}")
    return uri


_said: set[str] = set()


def _say_once(message: str) -> None:
    if message not in _said:
        _said.add(message)
        logger.warning(
            "%s_FILE_PROXY django_static.cdn.file_proxy: %s; pages print the local URL", PREFIX, message
        )
