"""The list of all files, made by another process while this one looks through the templates: neither needs the other."""

from __future__ import annotations

from typing import Self

from .aside import Aside
from .plan import all_sources
from .sources import Sources
from .tree import Listed, Tree, are_folders

__all__ = ["Listing"]


class Listing:
    """The sources with every file the finders know; a context manager, which ends the other process."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._aside: Aside[Listed, None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._aside is not None:
            self._aside.close()

    def begin(self) -> None:
        """Let another process begin, unless a finder may hold what two processes cannot share, such as a connection."""
        if are_folders():
            self._aside = Aside.start(lambda check: all_sources(self._sources).listed)

    def tree(self) -> Tree:
        """The sources, when all files have been listed.

        Raises:
            OSError: a finder cannot list its files.
        """
        listed = None if self._aside is None else self._aside.result()
        return all_sources(self._sources) if listed is None else Tree(self._sources, listed)
