"""Save files of the storage so that they appear whole or not at all."""

from __future__ import annotations

import contextlib
import filecmp
import os
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles import finders
from django.core.management.base import CommandError

from . import placing
from .regular import naming

if TYPE_CHECKING:
    from .storage import StaticStorage

__all__ = ["Save", "refuse_to_replace", "saved"]

#: How Django saves a file: told its name and its content.
Save = Callable[[str, Any], object]


def saved(storage: StaticStorage, save: Save, name: str, content: Any, *, overwrite: bool) -> str:
    """Save a file in the way that is given, and tell its name: another one where there is such a file.

    Args:
        overwrite: replace a file of that name.

    Raises:
        OSError: it could not be written; what was there still is.
    """
    with _beside(storage, save, name, content) as temporary:
        if overwrite:
            os.replace(temporary, storage.path(name))  # noqa: PTH105
        else:
            while not _moved(temporary, storage.path(name)):
                name = storage.get_available_name(name)
    return os.path.relpath(storage.path(name), storage.location).replace("\\", "/")


def refuse_to_replace(storage: StaticStorage, name: str) -> None:
    """See to it that the original of a name, which says what is in the file, is what has that name already.

    Raises:
        CommandError: it is another one.
    """
    path, original = storage.path(name), finders.find(name)
    if os.path.islink(path) or not isinstance(original, str) or filecmp.cmp(path, original, shallow=False):  # noqa: PTH114
        return
    raise CommandError(
        f"{path} is not what {original} is, and by its name it would be: pages that have been sent may need it, so it is not "
        "replaced by a link. Run collectstatic without --link, which keeps it and publishes the original under another name; or "
        "remove it, if nobody needs it any more"
    )


@contextlib.contextmanager
def _beside(storage: StaticStorage, save: Save, name: str, content: Any) -> Iterator[str]:
    """The path of a file beside that of a name, with its content, mode and group; it is no longer there afterwards.

    What a killed process leaves of it is hidden from servers and finders, and removed by builds and by ``staticclean``.
    """
    folder = os.path.dirname(name)  # noqa: PTH120
    # Not with the other names of what is being made, which whoever holds the lock of builds may remove.
    beside = os.path.join(folder, f".{secrets.token_hex(8)}.collecting")  # noqa: PTH118
    temporary = storage.path(beside)
    try:
        with naming(storage.path(name)):
            save(beside, content)
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108


def _moved(temporary: str, path: str) -> bool:
    """Give a file the name it is to have, if there is none of that name.

    Raises:
        OSError: it cannot be moved.
    """
    try:
        placing.give(temporary, path)
    except FileExistsError:
        return False
    return True
