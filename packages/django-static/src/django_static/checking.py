"""Whether everything that is referred to is there; nothing is published."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import blocks, joining, lists, mapped
from .answers import Place, split_names
from .graph import components
from .inline import Mention
from .messages import is_ignored
from .parts import Part
from .plan import Plan, all_sources
from .reader import Reader
from .records import Manner, Options
from .sources import Source, SourceError, Sources, split_suffix
from .stored import is_stored, name_of_static
from .summary import alike
from .tree import Tree
from .unserved import Unserved

__all__ = ["Checked", "check"]

#: How many names a line lists.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Checked:
    """What templates lead to."""

    #: A line for each reference that leads nowhere.
    problems: list[str]
    #: The files that were read, with those each refers to.
    read: Mapping[Source, Sequence[Source]]
    #: A line for each file of which something is good to know, and no mistake.
    remarks: list[str]
    #: Those of the files that templates and ``more`` lead to.
    reached: frozenset[Source]


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
        more: files that are used, too; they are followed, and nothing is complained of in what only they lead to.
    """
    work = _Check(sources, options, ignore)
    found = [str(failure) for failure in plan.failed if not work.is_ignored(failure.template)]
    for absence in plan.missing:
        work.complain(absence.reason, absence.place)
    for use in plan.uses:
        if use.kind == "file":
            work.listed(use.value, use.place)
        elif use.kind == "modules":
            for _, name in mapped.expanded(use.value, sources):
                work.name(name, use.place)
            for problem in mapped.empty(use.value, sources):
                work.complain(problem, use.place)
        elif use.kind == "block":
            for name in blocks.names(use.value):
                work.name(name, use.place)
    for place, path in plan.mentions:
        name = split_suffix(name_of_static(path, sources))[0]
        if name:
            work.static(path, name, place)
    for mention in inline:
        work.name(mention.url, mention)
    named = work.roots
    tree = work.tree(sources) if isinstance(sources, Tree) else ()
    problems = work.follow([*named, *tree])
    remarks = [*work.remarks, *_without_finder(work.read, sources)]
    same = alike({source.name: str(source.path) for source in work.read})
    remarks += [each for each in same if not work.is_ignored(each.about)]
    used = list(more)
    work.follow(used)
    reached = frozenset(
        source for ring in components([*named, *used], work.read.__getitem__) for source in ring
    )
    return Checked(list(dict.fromkeys([*found, *work.found, *problems])), work.read, remarks, reached)


class _Check:
    def __init__(self, sources: Sources, options: Options, ignore: Sequence[str]) -> None:
        self.found: list[str] = []
        self.remarks: list[str] = []
        self.read: dict[Source, Sequence[Source]] = {}
        self._sources = sources
        self._unserved = Unserved(sources, options)
        self._reader = Reader(sources, options)
        self._ignore = ignore
        self.roots: dict[Source, None] = {}
        #: Those below STATIC_URL; listed when it is asked for one.
        self._folders: frozenset[str] | None = None

    def name(self, name: str, place: Place | Mention) -> Source | None:
        """Take in the file of a name; None for another host, and with a complaint where there is none."""
        if not self._sources.is_ours(name):
            return None
        try:
            found = self._sources.find(name)
        except SourceError as error:
            self.complain(str(error), place)
            return None
        self.roots[found] = None
        if isinstance(place, Place):  # what stands inline is printed as it is
            is_ours = place.tag != "static" or is_stored()  # else Django prints it
            reason = self._unserved.why_printed(found) if is_ours else self._unserved.why(found)
            if reason:
                self.complain(reason, place)
        return found

    def listed(self, value: str, place: Place) -> None:
        """Look at what ``{% slimfile %}`` is handed: a name, or several of files that are to be one."""
        found = [source for source in (self.name(name, place) for name in split_names(value)) if source]
        reason = lists.unlike(found) if found else ""
        if len(found) > 1 and not reason:
            with contextlib.suppress(OSError):  # what cannot be read is told of for itself
                together = Manner.TOGETHER
                parts = [self._reader.read(each, manner=together, inline=True) for each in found]
                reason = joining.apart(parts)
                self.remarks += [str(part.notice(why)) for part, why in joining.lapses(parts) if not reason]
        if reason:
            self.complain(lists.refusal(value, reason), place)

    def static(self, path: str, name: str, place: Place) -> None:
        """Look at what ``{% static %}`` is handed; that may be a folder, in which a script finds its files."""
        if self._sources.has(name) or not self._is_folder(path):
            self.name(name, place)
        elif not self.is_ignored(place.template):
            self.remarks.append(f"{place}: {path!r} is a folder; what is put behind it is not looked at")

    def _is_folder(self, path: str) -> bool:
        if self._folders is None:
            try:
                self._folders = _folders_of(self._sources)
            except OSError:  # a finder does not get past a link that leads to itself
                self._folders = frozenset()
        return path in self._folders

    def complain(self, problem: str, place: Place | Mention) -> None:
        if not self.is_ignored(place.template):
            self.found.append(f"{place}: {problem}")

    def tree(self, tree: Tree) -> Iterable[Source]:
        self.found += [str(error) for error in tree.refused.values()]
        return tree.files.values()

    def follow(self, roots: Iterable[Source]) -> list[str]:
        """What is wrong in the files, and in those they refer to, as far as they have not been read."""
        problems: list[str] = []

        def edges(source: Source) -> Sequence[Source]:
            if source in self.read:
                return self.read[source]
            self.read[source] = ()
            try:
                part = self._reader.read(source)
            except OSError as error:
                problems.append(f"{source.path}: {error}")
                return ()
            if not self.is_ignored(str(source.path)):
                problems.extend([*part.problems, *part.notes])
                self.remarks += part.remarks
                problems.extend(self._unserved_by(part))
            self.read[source] = targets = list(part.targets.values())
            return targets

        for _ in components(list(roots), edges):
            pass
        return problems

    def _unserved_by(self, part: Part) -> Iterator[str]:
        """What a file that is served itself refers to, and that is not."""
        if self._unserved.why(part.source):
            return
        for reference in part.references:
            target = part.targets.get(reference.start)
            reason = "" if target is None else self._unserved.why(target)
            if reason:
                yield str(part.notice(reason, reference.line))

    def is_ignored(self, name: str) -> bool:
        return is_ignored(name, self._ignore)


def _without_finder(read: Iterable[Source], sources: Sources) -> Iterator[str]:
    """A line for originals that are in STATIC_ROOT alone: collectstatic may have copied them, or they are kept there."""
    if sources.static_root is None or sources.finders is None:
        return
    output = os.path.join(sources.static_root, "")  # noqa: PTH118 (what paths begin with)
    places = [os.path.join(place, "") for place in [*map(str, sources.roots), *sources.finders.locations()]]  # noqa: PTH118
    names = sorted(
        source.name
        for source in read
        if (path := str(source.path)).startswith(output) and not path.startswith(tuple(places))
    )
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        shown = ", ".join(names[:_SHOWN]) + more
        yield (
            f"in {sources.static_root} alone, where no staticfiles finder looks: {shown}; if an earlier collectstatic has left "
            "them there the originals are gone, and if they are kept there a folder of STATICFILES_DIRS is the place"
        )


def _folders_of(sources: Sources) -> frozenset[str]:
    """The names of the folders in which the finders have files, at any depth.

    Raises:
        OSError: a finder cannot list its files.
    """
    tree = sources if isinstance(sources, Tree) else all_sources(sources)
    found: set[str] = set()
    for name in tree.paths:
        folder = name.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)
