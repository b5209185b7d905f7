"""Bring files to their published place: whole or not at all, and never over another content.

What is written gets a temporary name in the same folder, and then a second one: that fails where there is a file already,
so that of several processes which want one name at once one gets it, whoever they are. The temporary name goes.
"""

# Here names are strings: builds bring thousands of files to their places.
# ruff: noqa: PTH105, PTH108, PTH118

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

from . import names, output
from .regular import naming
from .sources import signature

__all__ = ["Found", "compare", "give", "is_cut", "link", "place", "write"]

#: Seconds that another process may take to give a file its name.
_PATIENCE_SECONDS = 30
#: What nobody takes to look at a name and to move a file to it.
_ABANDONED_SECONDS = 10.0
_POLL_SECONDS = 0.01
#: What tells this machine, or container, from others that share a folder.
_HOST = os.uname().nodename if hasattr(os, "uname") else ""
#: How often a name may be free and taken in turn before that is nobody's removing any more.
_ATTEMPTS = 100


class Found(Enum):
    """What stands under a name, for somebody who wants it for a content."""

    NOTHING = 1
    SAME = 2
    #: Another content: for that the name stands.
    OTHER = 3
    #: What may be replaced: the same content behind a link, a link that leads nowhere, the file itself when it was damaged.
    WORSE = 4


def write(path: Path, data: bytes, state: Path, timeout: float) -> bool:
    """Publish bytes under a name; False when the name already stands for other bytes, which are left alone.

    Raises:
        OSError: full disk, read-only folder, a lock that was not released in time.
    """

    def create(temporary: Path) -> None:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with naming(temporary), os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    return _place(path, create, lambda: compare(str(path), len(data), lambda: data), state, timeout)


def link(path: Path, original: Path, state: Path, timeout: float, *, symlink: bool) -> bool:
    """Publish an original unchanged, as a symbolic link or as a copy; False when the name stands for another file.

    Raises:
        OSError: as for :func:`write`, and when the original is gone.
    """

    def create(temporary: Path) -> None:
        if symlink:
            whole = original.absolute()
            beside = whole.parent == path.absolute().parent
            with contextlib.suppress(OSError, NotImplementedError):  # no links there: copy
                temporary.symlink_to(whole.name if beside else whole)
                return
        with naming(temporary), original.open("rb") as source, temporary.open("xb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())

    def look() -> Found:
        if symlink and path.is_symlink() and path.exists() and path.samefile(original):
            return Found.SAME
        found = compare(str(path), original.stat().st_size, original.read_bytes)
        return Found.SAME if found is Found.WORSE and symlink and path.exists() else found

    return _place(path, create, look, state, timeout)


def compare(path: str, size: int, content: Callable[[], bytes]) -> Found:
    """Look at what stands under a name, for a content of that many bytes.

    Raises:
        OSError: it cannot be read.
    """
    if not os.path.lexists(path):
        return Found.NOTHING
    try:
        is_same = os.stat(path).st_size == size and Path(path).read_bytes() == content()  # noqa: PTH116
    except FileNotFoundError:
        return Found.WORSE if os.path.islink(path) else Found.NOTHING  # noqa: PTH114
    if not is_same:
        return Found.OTHER
    return Found.WORSE if os.path.islink(path) else Found.SAME  # noqa: PTH114


def is_cut(path: str, size: int, content: Callable[[], bytes]) -> bool:
    """Whether a plain file is how a content of that many bytes begins, and no more of it.

    Raises:
        OSError: it cannot be read.
    """
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode) or status.st_size >= size:
        return False
    return content().startswith(Path(path).read_bytes())


def place(temporary: str, target: str, look: Callable[[], Found], found: Found) -> Found:
    """Move a finished file, or link, to its name, unless that stands for something else; nobody sees half of it.

    ``found`` is what was found there last, and ``look`` looks again. Returns what was there when it was decided: the file has
    been moved if that is ``NOTHING`` or ``WORSE``, else it is where it was.

    Raises:
        OSError: it could not be moved.
    """
    for _ in range(_ATTEMPTS):
        if found is Found.NOTHING:
            with contextlib.suppress(FileExistsError):
                give(temporary, target)
                return found
        elif found is Found.WORSE:
            # Those who replace something wait for one another. Nobody else does, so that it is still the same.
            with _turn(target):
                if look() is Found.WORSE:
                    os.replace(temporary, target)
                    return found
        else:
            return found
        found = look()
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)


def _place(
    path: Path, create: Callable[[Path], None], look: Callable[[], Found], state: Path, timeout: float
) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = names.digest(str(path))[:16]
    with output.locked(state / f"{mark}.lock", timeout) as held:
        found = look()
        if found in (Found.SAME, Found.OTHER):
            return found is Found.SAME
        # Under the lock a temporary file of that name can only be what a killed process left; processes with another
        # folder of state have other locks, and so other names; so have containers in which that has the same path.
        own = "" if held else f"-{os.getpid()}-{threading.get_ident()}"
        temporary = path.with_name(f".{names.digest(str(state), str(path), _HOST)[:16]}{own}.tmp")
        temporary.unlink(missing_ok=True)
        try:
            create(temporary)
            return place(str(temporary), str(path), look, found) is not Found.OTHER
        finally:
            temporary.unlink(missing_ok=True)


def give(temporary: str, target: str) -> None:
    """Let a file have a name that nothing else has, and no other.

    Raises:
        FileExistsError: something has it.
        OSError: it could not be moved.
    """
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError, AttributeError):
        # There are no such links here (FAT, some network drives, Android); if it is something else, it is so again.
        _give_in_turn(temporary, target)
    else:
        # If it cannot be removed it is swept up like those of killed processes.
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _give_in_turn(temporary: str, target: str) -> None:
    """As :func:`give`, where a file cannot have two names for a moment.

    The name itself is not taken first, by an empty file: whoever is killed then would leave that under it.
    """
    with _turn(target):
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
        os.replace(temporary, target)


@contextlib.contextmanager
def _turn(target: str) -> Iterator[None]:
    """Wait for others who look at a name and then change what it stands for, whatever folder they keep their records in."""
    folder, name = os.path.split(target)
    mark = names.digest(name)[:16]
    with contextlib.ExitStack() as stack:
        if not stack.enter_context(output.locked(Path(folder, f".{mark}.lock"), _PATIENCE_SECONDS)):
            stack.enter_context(_token(os.path.join(folder, f".{mark}.taking")))
        yield


@contextlib.contextmanager
def _token(path: str) -> Iterator[None]:
    """Where there are no locks: have a file that only one process can make, until the end.

    One that stays for :data:`_ABANDONED_SECONDS` is that of a process that was killed, and is removed.

    Raises:
        OSError: it could not be made.
    """
    seen, since = None, time.monotonic()
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            now = signature(path)
            if now is None or now != seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > _ABANDONED_SECONDS:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
            time.sleep(_POLL_SECONDS)
            continue
        break
    os.close(handle)
    own = signature(path)
    try:
        yield
    finally:
        if signature(path) == own:  # else somebody has given this process up
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
