"""Whether everything that is referred to is there; nothing is published."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from . import blocks, import_maps
from .answers import Place, split_names
from .graph import components
from .inline import Mention
from .plan import Plan
from .reader import Reader
from .records import Options
from .sources import Source, SourceError, Sources, split_suffix
from .tree import Tree

__all__ = ["Checked", "check"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What templates lead to."""

    #: A line for each reference that leads nowhere.
    problems: list[str]
    #: The files that were reached, with those each refers to.
    reached: Mapping[Source, Sequence[Source]]
    #: A line for each file of which something is good to know, and no mistake.
    remarks: list[str]


def check(
    sources: Sources,
    options: Options,
    plan: Plan,
    *,
    ignore: Sequence[str] = (),
    inline: Iterable[Mention] = (),
    more: Iterable[Source] = (),
) -> Checked:
    """Follow every reference in templates, and in all they lead to.

    Args:
        ignore: glob patterns for names of templates and paths of files in which nothing is to be complained of.
        inline: what stands in style sheets and scripts inside templates.
        more: files that are used, too.
    """
    work = _Check(sources, options, ignore)
    found = [str(failure) for failure in plan.failed if not work.is_ignored(failure.template)]
    for use in plan.uses:
        if use.kind == "file":
            for name in split_names(use.value):
                work.name(name, use.place)
        elif use.kind == "modules":
            for _, name in import_maps.expanded(use.value, sources):
                work.name(name, use.place)
        elif use.kind == "block":
            for name in blocks.names(use.value):
                work.name(name, use.place)
    for place, path in plan.mentions:
        bare = split_suffix(path)[0]
        if bare and not bare.endswith("/"):  # what scripts put names behind
            work.name(sources.static_url + quote(bare), place)
    for mention in inline:
        work.name(mention.url, mention)
    if isinstance(sources, Tree):
        work.tree(sources)
    work.add(more)
    problems = work.follow()
    return Checked(list(dict.fromkeys([*found, *work.found, *problems])), work.reached, work.remarks)


class _Check:
    def __init__(self, sources: Sources, options: Options, ignore: Sequence[str]) -> None:
        self.found: list[str] = []
        self.remarks: list[str] = []
        self.reached: dict[Source, Sequence[Source]] = {}
        self._sources = sources
        self._reader = Reader(sources, options)
        self._ignore = ignore
        self._roots: dict[Source, None] = {}

    def name(self, name: str, place: Place | Mention) -> None:
        if self._sources.is_ours(name):
            try:
                self._roots[self._sources.find(name)] = None
            except SourceError as error:
                if not self.is_ignored(place.template):
                    self.found.append(f"{place}: {error}")

    def tree(self, tree: Tree) -> None:
        self._roots |= dict.fromkeys(tree.files.values())
        self.found += [str(error) for error in tree.refused.values()]

    def add(self, more: Iterable[Source]) -> None:
        self._roots |= dict.fromkeys(more)

    def follow(self) -> list[str]:
        """What is wrong in the files, and in those they refer to."""
        problems: list[str] = []

        def edges(source: Source) -> Sequence[Source]:
            try:
                part = self._reader.read(source)
            except OSError as error:
                problems.append(f"{source.path}: {error}")
                return ()
            if not self.is_ignored(str(source.path)):
                problems.extend([*part.problems, *part.notes])
                self.remarks += part.remarks
            self.reached[source] = targets = list(part.targets.values())
            return targets

        for _ in components(list(self._roots), edges):
            pass
        return problems

    def is_ignored(self, name: str) -> bool:
        """Whether a pattern meets the path of a file, or the name of a template with or without a slash before it."""
        return any(
            fnmatch.fnmatchcase(each, pattern) for each in (name, f"/{name}") for pattern in self._ignore
        )
