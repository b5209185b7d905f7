"""What a site loads, before and after: gathered from its templates, its files and the last build."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import blocks, retention
from .answers import split_names
from .checking import Checked, check
from .compress import FORMATS
from .inline import Mention
from .last_build import LastBuild, Published, sent
from .manifest import ManifestError
from .output import STATE_FOLDER
from .plan import Plan
from .recorded import Unreadable
from .records import Manner, Options
from .scan import Unknown, Use
from .sources import Source, SourceError, Sources, signature
from .tree import Tree

__all__ = ["Known", "Load", "Published", "Report", "Template", "gather"]

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Load:
    """What is fetched: requests, bytes of the files, and bytes sent where a compressed sibling is the smallest."""

    requests: int = 0
    size: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """What the tags of a template name, and what is printed instead; None without a build."""

    name: str
    before: Load
    after: Load | None
    #: How many of the names are not in the manifest.
    lacking: int = 0


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


def gather(
    sources: Tree,
    options: Options,
    plan: Plan,
    manifest: Path,
    words: Callable[[], set[str]],
    inline: Iterable[Mention] = (),
) -> Report:
    """Look at everything; nothing is published.

    Args:
        sources: with all files of the finders.
        manifest: that of the last build.
        words: gives all that may be the name of a file in the text of templates.
        inline: what stands in style sheets and scripts inside templates.
    """
    report = Report(unknown=plan.unknown, notes=list(plan.notes))
    published = _published_paths(sources, options, manifest, report)
    known = _known(sources, published)
    mentioned = words()
    more = [source for source, each in known.items() if _is_mentioned(source, each.name, sources, mentioned)]
    plain = Sources(
        sources.roots, sources.media_url, sources.static_url, sources.static_root, sources.finders
    )
    checked = check(plain, options, plan, inline=inline, more=more)
    report.problems = checked.problems
    try:
        built = LastBuild(manifest)
        report.built = built.written
        report.published = sorted(built.published(), key=lambda each: (-each.size, each.url))
    except (ManifestError, OSError) as error:
        built = None
        report.lack = str(error)
    report.templates = _templates(plain, plan, checked, built)
    reached = {os.path.realpath(source.path) for source in checked.reached}
    report.unreferenced = [each for each in known.values() if os.path.realpath(each.path) not in reached]
    report.duplicates = _duplicates(list(known.values()))
    report.known, report.known_bytes = len(known), sum(each.size for each in known.values())
    return report


def _templates(sources: Sources, plan: Plan, checked: Checked, built: LastBuild | None) -> list[Template]:
    uses: dict[str, list[Use]] = defaultdict(list)
    for use in plan.uses:
        if use.kind in ("file", "block"):  # an import map loads nothing by itself
            uses[use.place.template].append(use)
    found = [_template(name, each, sources, checked, built) for name, each in uses.items()]
    return sorted(
        (each for each in found if each.before.requests), key=lambda each: (-each.before.size, each.name)
    )


def _template(
    name: str, uses: Sequence[Use], sources: Sources, checked: Checked, built: LastBuild | None
) -> Template:
    before: dict[Path, int] = {}
    after: dict[Path, tuple[int, int]] = {}
    lacking = 0

    def find(given: str) -> Source | None:
        try:
            return sources.find(given) if sources.is_ours(given) else None
        except SourceError:
            return None

    def publish(wanted: Sequence[Source], slim: bool, manner: Manner) -> None:
        nonlocal lacking
        originals = {path: size for source in wanted for path, size in _with_imports(source, checked.reached)}
        before.update(originals)
        if built is None:
            return
        printed = built.printed(wanted, slim, manner)
        if printed is None:
            lacking += len(wanted)
            after.update({path: (size, size) for path, size in originals.items()})
            return
        files = built.files(printed)
        after.update({path: (each.size, sent(each)) for path, each in files.items()})

    for use in uses:
        if use.kind == "block":

            def publish_run(wanted: Sequence[Source], manner: Manner, slim: bool = use.slim) -> None:
                publish(wanted, slim, manner)

            blocks.resolve(
                use.value,
                blocks.Publisher[Source](
                    find=find,
                    publish=publish_run,
                    is_foreign=lambda given: not sources.is_ours(given),
                    moves=False,
                ),
                use.mode,
            )
        else:
            wanted = [source for source in map(find, split_names(use.value)) if source is not None]
            if wanted:
                publish(wanted, use.slim, Manner.TOGETHER if len(wanted) > 1 else Manner.USUAL)
    size = sum(before.values())
    return Template(
        name,
        Load(len(before), size, size),
        Load(len(after), sum(each[0] for each in after.values()), sum(each[1] for each in after.values()))
        if built
        else None,
        lacking,
    )


def _with_imports(source: Source, reached: Mapping[Source, Sequence[Source]]) -> Iterator[tuple[Path, int]]:
    """An original, and the style sheets that it imports, which a browser fetches too."""
    seen: set[Source] = set()
    pending = [source]
    while pending:
        current = pending.pop()
        if current not in seen:
            seen.add(current)
            state = signature(current.path)
            yield current.path, state[1] if state else 0
            if current.kind == "css":
                pending += [target for target in reached.get(current, ()) if target.kind == "css"]


def _published_paths(sources: Sources, options: Options, manifest: Path, report: Report) -> set[str]:
    """What we have put among the originals."""
    try:
        kept = retention.read(manifest, options.state, sources.static_root, 1, 0, 0)
    except Unreadable as error:
        report.notes.append(f"{error} Published files may be among those that nothing refers to.")
        return set()
    published = {*kept.wanted, *kept.unwanted} - kept.originals
    return published | {f"{path}.{suffix}" for path in published for suffix in FORMATS}


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
