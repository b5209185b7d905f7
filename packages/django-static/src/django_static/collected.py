"""Publish what ``collectstatic`` has collected."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.core.management.base import CommandError

from .build import Build
from .conf import conf
from .management.at_work import progress_of_command
from .manifest import ManifestError
from .messages import Messages
from .own_output import sources_of_builds, without_published
from .plan import plan
from .resolver import reset
from .sizes import message
from .tree import Tree

if TYPE_CHECKING:
    from .storage import StaticStorage

__all__ = ["published"]

logger = logging.getLogger("django_static")


def published(
    collector: StaticStorage, paths: Mapping[str, tuple[Any, str]]
) -> Iterator[tuple[str, str, bool]]:
    """Publish; yields what :meth:`.storage.StaticStorage.post_process` does.

    A copy that was cut off, which ``collectstatic`` takes for one that has not changed, is made again.

    Raises:
        CommandError: a setting is wrong, or something could not be written; the old manifest stays.
    """
    location = collector.location

    def mend(name: str, original: Path) -> None:
        with original.open("rb") as content:
            collector.put(name, File(content))
        _log(logging.WARNING, [f"{name} was cut off in {location}, and was copied again"])

    files = [(name, _place(storage, path)) for name, (storage, path) in paths.items()]
    try:
        sources = sources_of_builds()
        work = plan(sources, remember=True)
        tree = Tree(sources, without_published(files, sources))
        build = Build(tree, conf.options(), conf.manifest_file, with_originals=False, mend=mend)
    except (ImportError, ManifestError, ValueError) as error:
        raise CommandError(message(error)) from error
    messages = Messages(work)
    _log(logging.ERROR, messages.failures())
    _log(logging.WARNING, messages.notes())
    try:
        with progress_of_command() as progress:
            summary = build.run(work.uses, progress)
    except (OSError, ValueError) as error:
        raise CommandError(message(f"{error}; the manifest is what it was before")) from error
    finally:
        _log(logging.WARNING, build.summary.problems)
    _log(logging.WARNING, messages.unforeseen())
    _log(logging.INFO, build.summary.notes)
    reset()
    prefix = os.path.join(location, "")  # noqa: PTH118 (what paths begin with)
    for name, path in summary.tree.items():
        is_below = path.startswith(prefix)
        yield name, path[len(prefix) :] if is_below else os.path.relpath(path, location), True


def _log(level: int, texts: Iterable[str]) -> None:
    for text in texts:
        logger.log(level, "%s", message(text))


def _place(storage: Any, path: str) -> str:
    """The path of a file that a finder has listed: that name leads nowhere else, so it need not be asked where to."""
    if getattr(type(storage), "path", None) is FileSystemStorage.path:
        return os.path.join(storage.location, path)  # noqa: PTH118 (thousands of files)
    found: str = storage.path(path)
    return found
