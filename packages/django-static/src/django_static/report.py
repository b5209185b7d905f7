"""What a site loads, before and after: gathered from its templates, its files and the last build."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import retention
from .checking import check
from .compress import FORMATS
from .inline import Mention
from .last_build import LastBuild, Published
from .manifest import ManifestError
from .places import STATE_FOLDER
from .plan import Plan
from .recorded import Unreadable
from .records import Options
from .report_loads import Load, Template, templates
from .scan import Unknown
from .sources import Source, Sources, signature
from .tree import Tree

__all__ = ["Known", "Load", "Published", "Report", "Template", "gather"]

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Known:
    """An original."""

    name: str
    path: str
    size: int


@dataclass
class Report:
    """All that the page shows."""

    templates: list[Template] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    unreferenced: list[Known] = field(default_factory=list)
    #: Files with the same bytes; empty ones are not counted.
    duplicates: list[list[Known]] = field(default_factory=list)
    unknown: Sequence[Unknown] = ()
    problems: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)
    #: When the manifest was written, in seconds of the epoch.
    built: float | None = None
    #: Why there is nothing to compare with.
    lack: str = ""
    #: Files, and their bytes, that were looked at.
    known: int = 0
    known_bytes: int = 0

    @property
    def template_count(self) -> int:
        """How many templates load something; settings that do are shown among them."""
        return sum(not each.is_setting for each in self.templates)


def gather(
    sources: Tree,
    options: Options,
    plan: Plan,
    manifest: Path,
    words: Callable[[], set[str]],
    inline: Iterable[Mention] = (),
    *,
    ignore: Sequence[str] = (),
    stored: bool = False,
) -> Report:
    """Look at everything; nothing is published.

    Args:
        sources: with all files of the finders.
        manifest: that of the last build.
        words: gives all that may be the name of a file in the text of templates.
        inline: what stands in style sheets and scripts inside templates.
        ignore: as for :func:`django_static.checking.check`.
        stored: whether ``{% static %}`` prints the names of the manifest.
    """
    report = Report(unknown=plan.unknown, notes=list(plan.notes))
    published = _published_paths(sources, options, manifest, report)
    known = _known(sources, published)
    mentioned = words()
    more = [source for source, each in known.items() if _is_mentioned(source, each.name, sources, mentioned)]
    # What a build with these settings would publish, so that the problems are those of `staticbuild --check`.
    built_of: Sources = sources
    if not stored:
        built_of = Sources(*sources.parts)
    checked = check(built_of, options, plan, ignore=ignore, inline=inline, more=more)
    report.problems = checked.problems
    try:
        built = LastBuild(manifest)
        report.built = built.written
        report.published = sorted(built.published(), key=lambda each: (-each.size, each.url))
    except (ManifestError, OSError) as error:
        built = None
        report.lack = str(error)
    report.templates = templates(built_of, plan, checked, built, stored=stored)
    reached = {os.path.realpath(source.path) for source in checked.reached}
    report.unreferenced = [each for each in known.values() if os.path.realpath(each.path) not in reached]
    report.duplicates = _duplicates(list(known.values()))
    report.known, report.known_bytes = len(known), sum(each.size for each in known.values())
    return report


def _published_paths(sources: Sources, options: Options, manifest: Path, report: Report) -> set[str]:
    """What we have put among the originals."""
    try:
        kept = retention.read(manifest, options.state, sources.static_root, 1, 0, 0)
    except Unreadable as error:
        report.notes.append(f"{error} Published files may be among those that nothing refers to.")
        return set()
    return kept.published | {f"{path}.{suffix}" for path in kept.published for suffix in FORMATS}


def _known(sources: Tree, published: set[str]) -> dict[Source, Known]:
    """The originals: those of the finders, then those in the media roots; each file once."""
    found: dict[Source, Known] = {}
    seen: set[str] = set()

    def add(source: Source, name: str) -> None:
        state, real = signature(source.path), os.path.realpath(source.path)
        if state is not None and real not in seen and str(source.path) not in published:
            seen.add(real)
            found[source] = Known(name, str(source.path), state[1])

    for name, source in sources.files.items():
        add(source, sources.static_url + name)
    for root in sources.roots:
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if name != STATE_FOLDER)
            inside = Path(folder).relative_to(root).as_posix()
            base = "/" if inside == "." else f"/{inside}/"
            for name in sorted(files):
                path = Path(folder, name)
                add(Source(base + name, base + name, "", path, path.parent), base + name)
    return found


def _is_mentioned(source: Source, name: str, sources: Sources, words: set[str]) -> bool:
    bare = name.removeprefix(sources.static_url) if sources.static_url else name
    forms = {name, bare, bare.lstrip("/"), f"{sources.media_url}{bare.lstrip('/')}", source.url}
    return not forms.isdisjoint(words)


def _duplicates(known: Sequence[Known]) -> list[list[Known]]:
    """Groups of files with the same bytes, those first that waste the most."""
    by_size: dict[int, list[Known]] = defaultdict(list)
    for each in known:
        if each.size:
            by_size[each.size].append(each)
    groups: dict[tuple[int, bytes], list[Known]] = defaultdict(list)
    for size, alike in by_size.items():
        for each in alike if len(alike) > 1 else ():
            digest = _digest(each.path)
            if digest is not None:
                groups[size, digest].append(each)
    found = [sorted(group, key=lambda each: each.name) for group in groups.values() if len(group) > 1]
    return sorted(found, key=lambda group: (-group[0].size * (len(group) - 1), group[0].name))


def _digest(path: str) -> bytes | None:
    total = hashlib.sha256()
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (thousands of files)
            while chunk := file.read(_CHUNK_BYTES):
                total.update(chunk)
    except OSError:
        return None
    return total.digest()
