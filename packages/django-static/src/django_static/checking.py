"""Whether everything that is referred to is there; nothing is published."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from . import blocks, import_maps
from .answers import split_names
from .graph import components
from .patterns import is_pattern
from .plan import Plan
from .reader import Reader
from .records import Options
from .sources import Source, SourceError, Sources
from .tree import Tree

__all__ = ["problems_of"]


def problems_of(sources: Sources, options: Options, plan: Plan, ignore: Sequence[str] = ()) -> list[str]:
    """A line for each reference in templates, and in all they lead to, that leads nowhere.

    Args:
        ignore: glob patterns for paths of files in which nothing is to be complained of.
    """
    check = _Check(sources, options, ignore)
    found = [f"{failure.template}: line {failure.line}: {failure.reason}" for failure in plan.failed]
    for use in plan.uses:
        if use.kind == "file":
            for name in split_names(use.value):
                check.name(name, str(use.place))
        elif use.kind == "modules":
            for name in import_maps.read(use.value).values():
                if not name.endswith("/") and not is_pattern(name):
                    check.name(name, str(use.place))
        elif use.kind == "block":
            for name in blocks.names(use.value):
                check.name(name, str(use.place))
    if isinstance(sources, Tree):
        check.tree(sources)
    return list(dict.fromkeys([*found, *check.found, *check.follow()]))


class _Check:
    def __init__(self, sources: Sources, options: Options, ignore: Sequence[str]) -> None:
        self.found: list[str] = []
        self._sources = sources
        self._reader = Reader(sources, options)
        self._ignore = ignore
        self._roots: dict[Source, None] = {}

    def name(self, name: str, place: str) -> None:
        if self._sources.is_ours(name):
            try:
                self._roots[self._sources.find(name)] = None
            except SourceError as error:
                self.found.append(f"{place}: {error}")

    def tree(self, tree: Tree) -> None:
        self._roots |= dict.fromkeys(tree.files.values())
        self.found += [str(error) for error in tree.refused.values()]

    def follow(self) -> list[str]:
        """What is wrong in the files, and in those they refer to."""
        problems: list[str] = []

        def edges(source: Source) -> Sequence[Source]:
            try:
                part = self._reader.read(source)
            except OSError as error:
                problems.append(f"{source.path}: {error}")
                return ()
            if not any(fnmatch.fnmatchcase(str(source.path), pattern) for pattern in self._ignore):
                problems.extend([*part.problems, *part.notes])
            return list(part.targets.values())

        for _ in components(list(self._roots), edges):
            pass
        return problems
