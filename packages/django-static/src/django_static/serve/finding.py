"""Find files by name where no manifest says where they are: in development, and where pages publish what they need."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

from .. import names

__all__ = ["Finding"]


class Finding:
    """Looks through the staticfiles finders, and for published names in the folders that hold nothing else."""

    def __init__(
        self,
        prefix: str,
        find: Callable[[str], str | None] | None,
        published: Sequence[tuple[str, str]] = (),
        hidden: Sequence[str] = (),
    ) -> None:
        """``prefix`` is the path of ``STATIC_URL``, or empty to ask no finder; ``published`` are folders by the path that
        leads there; ``hidden`` are the paths of files and folders that are never sent, with question marks for any
        character."""
        self._prefix = prefix
        self._find = find
        self._published = published
        self._hidden = [
            re.compile(f"{re.escape(path).replace(re.escape('?'), '.')}(?:/.*)?", re.DOTALL)
            for path in hidden
        ]

    def concerns(self, path: str) -> bool:
        """Whether a file of that path may have been published; the disk is not asked."""
        return names.has_mark(path) and any(path.startswith(prefix) for prefix, _ in self._published)

    def place(self, path: str) -> tuple[str, bool] | None:
        """Where the file of a URL's path may lie, decoded, and whether its name stands for one content for ever."""
        if self._find is not None and self._prefix and path.startswith(self._prefix):
            name = path.removeprefix(self._prefix)
            if _is_safe(name) and (found := self._find(name)) and not self._is_hidden(found):
                return found, False
        if names.has_mark(path):
            for prefix, folder in self._published:
                name = path.removeprefix(prefix)
                if path.startswith(prefix) and _is_safe(name):
                    place = os.path.join(folder, *name.split("/"))  # noqa: PTH118 (a string is wanted)
                    if os.path.isfile(place):  # noqa: PTH113
                        return place, True
        return None

    def _is_hidden(self, place: str) -> bool:
        # As it is written, and where links lead.
        wholes = {os.path.abspath(place), os.path.realpath(place)}  # noqa: PTH100 (links stay)
        return any(pattern.fullmatch(whole) for pattern in self._hidden for whole in wholes)


def _is_safe(name: str) -> bool:
    """Whether a name can only lead further down; hidden files, such as the records of builds, are none of its business."""
    if not name or "\0" in name or "\\" in name or ":" in name.partition("/")[0]:
        return False
    return not any(not part or part.startswith(".") for part in name.split("/"))
