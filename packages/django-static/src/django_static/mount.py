"""A setting that means another URL where the site lies below a path, and the names that begin with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .names import spellings

__all__ = ["Mount", "at_mount"]


class Mount(NamedTuple):
    """A setting that means another URL where the site lies below a path."""

    #: ``STATIC_URL`` or ``MEDIA_URL``.
    setting: str
    #: As templates have it, ``/static/``, and what it is here: ``/app/static/``; percent-encoded or not, as the setting is.
    written: str
    here: str

    @classmethod
    def of(cls, setting: str, written: str, here: str) -> tuple[Mount, ...]:
        """That of a setting as it is written and as it is here; none where it means the same everywhere."""
        if not written or written.startswith(("/", "http:", "https:")):
            return ()
        return (cls(setting, f"/{written}", here),)


def at_mount(mounts: Sequence[Mount]) -> Callable[[str], str]:
    """What makes of a name as it is written that which it is here, however each is encoded."""
    known = [(each, spellings(each.written), spellings(each.here)) for each in mounts]

    def mounted(name: str) -> str:
        for _, _, here in known:
            if name.startswith(here):
                return name
        for mount, written, _ in known:
            for spelling in written:
                if name.startswith(spelling):
                    return mount.here + name[len(spelling) :]
        return name

    return mounted
