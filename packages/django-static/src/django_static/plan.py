"""What is to be built: all that templates ask for, and what ``DJANGO_STATIC_BUNDLES`` adds to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from . import bundles, journal, preloads
from .answers import Place
from .conf import PREFIX, conf
from .history import History
from .notice import Notice
from .output import load
from .own_output import without_published
from .records import files_of as record_files
from .scan import Absence, Failure, Unknown, Use, scan
from .scan.memory import Memory
from .sources import Sources
from .tree import Tree, files_of_finders

__all__ = ["Plan", "all_sources", "plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The work, and what could not be found out about it."""

    uses: tuple[Use, ...]
    unknown: tuple[Unknown, ...] = ()
    failed: tuple[Failure, ...] = ()
    notes: tuple[Notice, ...] = ()
    #: What ``{% static %}`` is handed, and where.
    mentions: tuple[tuple[Place, str], ...] = ()
    missing: tuple[Absence, ...] = ()
    #: Of those mentions the ones that stand inside blocks of ours and nowhere else.
    enclosed: frozenset[tuple[Place, str]] = frozenset()


def plan(sources: Sources, *, remember: bool = False, meanwhile: Callable[[], object] | None = None) -> Plan:
    """Walk the templates of the project and read its settings; ``remember`` leaves a note so that it goes quicker next time.

    ``meanwhile`` is called before templates are walked, if they are: it may let another process begin with something.

    Raises:
        ManifestError: there are ``DJANGO_STATIC_BUNDLES``, and no folder for what was built of them.
        ValueError: ``DJANGO_STATIC_BUNDLES`` or ``DJANGO_STATIC_PRELOAD`` is not as it must be.
    """
    memory = Memory(conf.manifest_file.parent / "scan.json")
    found = memory.recall()
    if found is None:
        if meanwhile is not None:
            meanwhile()
        # Not that of the storage: it may print the names of the build before.
        found = scan(static=lambda path: sources.written_static_url + quote(path))
        if remember:
            memory.remember(found)
    published = _published() if conf.bundles else frozenset()
    declared = bundles.declared(conf.bundles, sources, published)
    preload = Place(f"{PREFIX}_PRELOAD", 0, "staticpreload")
    uses = (
        *found.uses,
        *declared.uses,
        *(Use(preload, "file", each.slim, each.name) for each in preloads.of_setting(conf.preload)),
    )
    failed = (*found.failed, *declared.failed)
    return Plan(
        tuple(dict.fromkeys(uses)),
        found.unknown,
        failed,
        found.notes,
        found.mentions,
        found.missing,
        frozenset(found.enclosed),
    )


def _published() -> frozenset[str]:
    """The files that builds and pages have left, as far as they have left a record of them."""
    files: set[str] = set()
    folder = conf.manifest_file.parent / "builds"
    history = History(folder)
    for build in history.places():
        with contextlib.suppress(OSError, ValueError):
            files.update(history.read(build))
    for place in (*journal.left(folder), *journal.in_use(folder)):
        with contextlib.suppress(OSError):
            files.update(each.path for each in journal.read(place))
    for place in conf.options().state.glob("*.json"):
        files.update(record_files(load(place)))
    return frozenset(files)


def all_sources(sources: Sources) -> Tree:
    """The sources with every file the finders know, but for those that were published."""
    return Tree(sources, without_published(files_of_finders(), sources) if sources.finders else ())
