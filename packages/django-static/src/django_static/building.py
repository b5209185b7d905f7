"""What a build does: publish all that templates ask for, and all that the finders know, before the first page is rendered."""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import claims, import_maps, mapped, names, output, removal, retention, when_needed
from .build_shelf import BuildShelf
from .claims import Claims
from .cleaning import Cleaning
from .collector import without_collector
from .edition import Edition
from .folders import Folders
from .job import Job  # noqa: F401 (a second process that is forked should have it)
from .kinds import Slimmed, is_minified
from .manifest import Manifest, ManifestError, text_key
from .notice import Notice
from .originals import COPIES, Mend, Originals
from .pipeline import Pipeline
from .places import Places, receiving
from .reader import Reader
from .recorded import Unreadable
from .records import Manner, Options, Record
from .runs import Run, Wanted, wanted_of
from .scan import Use
from .shelf import PUBLISHING_LOCK, Known
from .sources import Source, Sources
from .summary import Progress, Summary
from .tree import Tree
from .tree_files import TreeFiles

if TYPE_CHECKING:
    from .minify.ahead import Ahead

__all__ = ["Building"]

#: Characters of scripts from which on starting processes pays.
_MUCH_TEXT = 100_000
#: What the name of a script has in it.
_SCRIPT = re.compile(r"\.m?js", re.IGNORECASE)


class _Everything:
    """What nobody knows may be any file."""

    def __contains__(self, path: object) -> bool:
        return True


class Building:
    """The work of one :class:`.build.Build`, whose lock is held and whose arguments these are; done once.

    ``summary`` is told what is done; ``left`` are the states in which the build before has left files, by path.
    """

    def __init__(
        self,
        sources: Sources,
        options: Options,
        manifest: Path,
        places: Places,
        summary: Summary,
        *,
        with_originals: bool,
        mend: Mend | None,
        left: Mapping[str, Any],
    ) -> None:
        self._with_originals = with_originals
        self._mend = mend
        self._left = left
        self._sources = sources
        self._options = options
        self._manifest = manifest
        self._state = manifest.parent
        self._places = places
        self.summary = summary
        self._receiving = receiving(sources, options.save_prefix)
        self._claims = Claims(manifest, self._receiving)
        self._ahead: Ahead | None = None

    def run(
        self, work: str, uses: Sequence[Use], progress: Progress, *, is_alone: bool, killed: bool
    ) -> None:
        """Publish everything, replace the manifest, and seal what was done as that ``work``.

        ``killed`` tells that a build before did not come to its end, ``is_alone`` that no other can be at work.
        """
        with without_collector(is_large=True):
            folders = Folders()
            self._shelf = BuildShelf(self._state / "records.json", folders, self._before, self._left)
            self._shelf.mend_cut(self._is_nobodys)
            if killed:
                self._sweep_killed()
            with (
                self._taken_back(is_alone=is_alone),
                self._claims.held(self._options.build_timeout),
                contextlib.ExitStack() as helpers,
            ):
                self._build(uses, progress, folders, helpers)
                self._edition.compress(progress)
                self._edition.close(work)
            self._sweep()

    def _build(
        self,
        uses: Sequence[Use],
        progress: Progress,
        folders: Folders,
        helpers: contextlib.ExitStack,
    ) -> None:
        """Publish everything; ``helpers`` ends what works beside this process when the build does."""
        urls = {"static_url": self._sources.static_url, "files_url": self._sources.media_url}
        self._edition = Edition(
            self._options, self._places, self._manifest, self._shelf, self.summary, urls, self._claims
        )
        tree: Mapping[str, Source] = {}
        if isinstance(self._sources, Tree):
            tree = self._sources.files
            self.summary.problems += [
                Notice(f"{error}; it is not published", path) for path, error in self._sources.refused.items()
            ]
        originals = self._originals(folders) if tree and self._with_originals else None
        if originals is not None:
            self._shelf.leave_to_originals(self._original_of)
        self._pipeline = Pipeline(self._sources, self._options, self._shelf, self._slimmed, self.summary.tell)
        self._pipeline.modules.are_awaited = any(_SCRIPT.search(use.value) for use in uses)
        tree_files = TreeFiles(tree, self._pipeline, self._shelf, originals)
        helpers.callback(tree_files.close)
        try:
            wanted = wanted_of(uses, self._sources, self._options)
            self._edition.texts = wanted.texts
            self._edition.found = wanted.found
            self._edition.listed = {source.name for source in tree.values()}
            self.summary.problems += wanted.problems
            runs = list(wanted.runs)
            self._minify_ahead(runs, helpers)
            total = len(runs) + len(tree)
            for number, run in enumerate(runs):
                progress(number, total)
                self.summary.problems += wanted.refused(run, self._publish(run))
            for use in wanted.maps:
                self._map_modules(use, wanted)
            self._pipeline.modules.settle(self._shelf.records())
            tree_files.publish(
                self._note_plain,
                lambda done: progress(len(runs) + done, total),
            )
            progress(total, total)
        finally:
            self.summary.say_once()
        self.summary.tree = tree_files.places
        self.summary.written += len(originals.written) if originals is not None else 0
        self._edition.add_copies(tree_files.copies, tree_files.states)
        if tree and not self._with_originals:
            self._note_copies(tree, folders)
        self._edition.sum_up()

    def _before(self) -> dict[str, str]:
        """The digests of what the last build has left, by path."""
        try:
            served = Manifest.read(self._manifest).served.values()
        except ManifestError:
            return {}
        return {self._places.path(each.place): each.digest for each in served if each.digest}

    def _minify_ahead(self, runs: Sequence[Run], helpers: contextlib.ExitStack) -> None:
        """Let several processes begin with the scripts that are to be minified, if there is much of it."""
        scripts: dict[Source, None] = {}
        known: Known = {}
        for run in runs:
            key = self._pipeline.keys.of(run.wanted, run.slim, run.manner)
            if run.slim and self._shelf.load(key, self._pipeline.freshness.is_unchanged, known) is None:
                scripts |= dict.fromkeys(source for source in run.wanted if source.kind == "js")
        reader = Reader(self._sources, self._options)
        texts = []
        for source in scripts:
            with contextlib.suppress(OSError):
                part = reader.read(source)
                # Text with references is minified as it will read with their new names, which are not known yet.
                if part.is_certain and not part.targets and not is_minified(source.name):
                    prefix = self._options.name_prefix
                    folder = posixpath.dirname(source.url)
                    texts.append(part.render(folder, prefix, moved=bool(prefix)))
        if sum(map(len, texts)) >= _MUCH_TEXT:
            from .minify.ahead import Ahead

            ahead = self._ahead = Ahead()
            helpers.callback(ahead.close)
            for text in sorted(texts, key=len, reverse=True):
                ahead.want(text, "js", self._options.minifiers["js"])

    def _slimmed(self, text: str, kind: str, chain: Sequence[str]) -> Slimmed:
        """A text minified, by other processes where there is much of it."""
        return (when_needed.slim if self._ahead is None else self._ahead.slim)(text, kind, chain)

    def _map_modules(self, use: Use, wanted: Wanted) -> None:
        """Put an import map into the manifest, with all that it names, which has been published."""

        seen: dict[int, Record] = {}

        def publish(source: Source) -> Record:
            record = self._publish(Run((source,), use.slim, Manner.USUAL))
            for used in record.walk(seen):
                self._edition.place(used)  # what it imports is in the map, too
            return record

        text, _ = mapped.published(
            use.value, self._sources, lambda name: wanted.find(name, use.place), publish
        )
        self._edition.texts[text_key(use.value, import_maps.key(use.slim))] = text

    def _originals(self, folders: Folders) -> Originals | None:
        static_root = self._sources.static_root
        if static_root is None or self._options.save_prefix is not None:
            return None
        return Originals(static_root, self._state / COPIES, folders, self._is_kept)

    def _is_kept(self, name: str) -> bool:
        return names.is_hashed(name, self._options.hashed_names)

    def _is_nobodys(self, path: str) -> bool:
        """Whether nobody we know of has published what stands under a name that says what is in the file."""
        return self._is_kept(os.path.basename(path)) and path not in self._recorded  # noqa: PTH119

    @cached_property
    def _recorded(self) -> Container[str]:
        """The paths of all that anybody has published, this site or another."""
        root = self._sources.static_root
        try:
            found = retention.read(
                self._manifest, self._options.state, root, 1, 0, time.time(), shared=self._receiving
            )
        except Unreadable:
            return _Everything()
        return {*found.wanted, *found.unwanted}

    def _original_of(self, path: str) -> Path | None:
        """Which original is to be copied to a path."""
        folder = os.path.join(str(self._sources.static_root), "")  # noqa: PTH118
        if not (path.startswith(folder) and isinstance(self._sources, Tree)):
            return None
        found = self._sources.paths.get(path[len(folder) :].replace(os.sep, "/"))
        return None if found is None else Path(found)

    def _note_copies(self, tree: Mapping[str, Source], folders: Folders) -> None:
        """Remember what somebody else has copied to STATIC_ROOT: when the originals are gone it is none either."""
        if self._sources.static_root is not None:
            originals = Originals(self._sources.static_root, self._state / COPIES, folders, self._is_kept)
            states = {path: seen for each in self._shelf.records() for path, seen in each.inputs.items()}
            for name, source in tree.items():
                originals.note(name, source, states.get(str(source.path)), self._mend)
            originals.close()

    def _publish(self, run: Run) -> Record:
        """Publish a run and put it into the manifest."""
        record = self._pipeline.publish(run.wanted, slim=run.slim, manner=run.manner)
        self._edition.add(run, record)
        return record

    def _note_plain(self, source: Source, record: Record) -> None:
        """Put a file of the tree into the manifest, whose original is served, too."""
        self._edition.add(Run((source,), slim=False, manner=Manner.USUAL), record)
        self._edition.add_plain(source, record)
        published = record.outputs[0]
        is_renamed = published.is_same and published.url != source.url and not names.is_unknown(published.url)
        if is_renamed and self._is_kept(source.url):
            text = (
                f"{source.name} is published as {published.url}: by its name it is to have one content for ever, and another one "
                "has that name already, and keeps it"
            )
            self.summary.problems.append(Notice(text, str(source.path)))

    def _sweep_killed(self) -> None:
        """Remove what a build that was killed has left half written, where no build of another manifest can be at work.

        Elsewhere it goes when it is old.
        """
        with contextlib.suppress(output.LockTimeout), claims.alone(self._receiving, 0) as folders:
            self._shelf.sweep(folders)

    def _sweep(self) -> None:
        """Remove what processes left half written that were killed while they rendered pages.

        Whoever renders one now holds the lock; where there are none, or nobody can tell by them, nothing is removed.
        """
        state = self._options.state
        if not state.is_dir():
            return
        with contextlib.suppress(OSError), output.locked(state / PUBLISHING_LOCK, 0) as is_alone:
            if is_alone:
                removal.sweep(removal.leftovers(self._receiving))

    @contextlib.contextmanager
    def _taken_back(self, *, is_alone: bool) -> Iterator[None]:
        """Remove what was added if the build fails; where there are no locks another one may count on it."""
        try:
            yield
        except BaseException:
            journal = self._shelf.journal
            journal.end()
            if is_alone and journal.place.exists():
                Cleaning(self._sources, self._options, self._manifest).take_back(journal.place)
            raise
