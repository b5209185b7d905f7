"""Find files by name where no manifest says where they are: in development, and where pages publish what they need."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from re import Pattern
from typing import NamedTuple

from .. import names
from .pages import Pages

__all__ = ["Finding", "Publishing"]


class Publishing(NamedTuple):
    """How pages publish by themselves."""

    #: Folders by the path that leads there.
    folders: Sequence[tuple[str, str]]
    pages: Pages
    #: Finds base names that are kept.
    hashed_names: Pattern[str]
    #: Whether a function of the site makes names, which may be any.
    has_generator: bool
    #: Whether what is published comes before what finders find: not where that is to be seen at once when it is edited.
    comes_first: bool
    #: Those of the folders that hold uploads, too.
    with_uploads: frozenset[str] = frozenset()


class Finding:
    """Looks through the staticfiles finders, and for published names in the folders that pages publish to."""

    def __init__(
        self,
        prefix: str,
        find: Callable[[str], str | None] | None,
        publishing: Publishing | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        """``prefix`` is the path of ``STATIC_URL``, or empty to ask no finder; ``hidden`` are the paths of files and folders
        that are never sent, with question marks for any character."""
        self._prefix = prefix
        self._find = find
        self._publishing = publishing
        self._hidden = [
            re.compile(f"{re.escape(path).replace(re.escape('?'), '.')}(?:/.*)?", re.DOTALL)
            for path in hidden
        ]

    def concerns(self, path: str) -> bool:
        """Whether a file of that path may have been published; the disk is not asked."""
        given = self._publishing
        if given is None or not any(path.startswith(prefix) for prefix, _ in given.folders):
            return False
        return given.has_generator or names.has_mark(path) or names.is_hashed(path, given.hashed_names)

    def place(self, path: str) -> tuple[str, bool] | None:
        """Where the file of a URL's path may lie, decoded, and whether its name stands for one content for ever."""
        given = self._publishing
        is_kept = given is not None and names.is_hashed(path, given.hashed_names)
        if given is not None and is_kept and given.comes_first:
            place = self._published(path, given, is_kept=True)
            if place:
                return place, True
        if self._find is not None and self._prefix and path.startswith(self._prefix):
            name = path.removeprefix(self._prefix)
            if _is_safe(name) and (found := self._find(name)) and not self._is_hidden(found):
                return found, False
        place = "" if given is None else self._published(path, given, is_kept=is_kept)
        return (place, True) if place else None

    @staticmethod
    def _published(path: str, given: Publishing, *, is_kept: bool) -> str:
        """Where a published file of that path lies; empty if there is none."""
        has_mark = names.has_mark(path)
        if not (has_mark or is_kept or given.has_generator):
            return ""
        for prefix, folder in given.folders:
            name = path.removeprefix(prefix)
            if path.startswith(prefix) and _is_safe(name):
                place = os.path.join(folder, *name.split("/"))  # noqa: PTH118 (a string is wanted)
                if os.path.isfile(place):  # noqa: PTH113
                    is_told = has_mark or (is_kept and folder not in given.with_uploads)
                    if is_told or given.pages.have(place):
                        return place
        return ""

    def _is_hidden(self, place: str) -> bool:
        # As it is written, and where links lead.
        wholes = {os.path.abspath(place), os.path.realpath(place)}  # noqa: PTH100 (links stay)
        return any(pattern.fullmatch(whole) for pattern in self._hidden for whole in wholes)


def _is_safe(name: str) -> bool:
    """Whether a name can only lead further down; hidden files, such as the records of builds, are none of its business."""
    if not name or "\0" in name or "\\" in name or ":" in name.partition("/")[0]:
        return False
    return not any(not part or part.startswith(".") for part in name.split("/"))
