"""What one build has published, gathered for the manifest and for the next build."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import compress, noting
from .build_shelf import BuildShelf
from .claims import Claims
from .compress.codecs import codecs as codecs_of
from .history import History
from .manifest import Manifest, run_key
from .notice import Notice
from .places import Places
from .records import Options, Printed, Record
from .runs import Run
from .seal import Seal
from .served import Plain, served_of
from .sources import Source
from .summary import Progress, Summary, alike

__all__ = ["Edition"]

_PACKED = tuple(f".{name}" for name in compress.FORMATS)


class Edition:
    """Notes what is published; at the end all of it is compressed, and the manifest names it.

    Args:
        urls: what names of files begin with, by :data:`.mounts.SETTINGS`.
        manifest: the file to leave the map in; what the next build goes by lies beside it.
        claims: say in the folders that receive files which of them are needed.
    """

    def __init__(
        self,
        options: Options,
        places: Places,
        manifest: Path,
        shelf: BuildShelf,
        summary: Summary,
        urls: Mapping[str, str],
        claims: Claims,
    ) -> None:
        self._claims = claims
        self._options = options
        self._urls = urls
        self._places = places
        self._manifest = manifest
        self._state = manifest.parent
        self._shelf = shelf
        self.summary = summary
        #: What pages print of runs, and other texts they print.
        self._runs: dict[str, tuple[Printed, ...]] = {}
        self.texts: dict[str, str] = {}
        #: The paths that names in templates led to, None where they led nowhere; and the names of the files of the tree,
        #: of which the work tells where they are.
        self.found: Mapping[str, str | None] = {}
        self.listed: Container[str] = ()
        self._files: dict[str, str] = {}
        self._failures: list[str] = []
        #: The originals with names like those of compressed siblings: where they are by where they are asked for.
        self._packed: dict[str, str] = {}
        #: The states of copies of originals; compressed siblings.
        self._copies: Mapping[str, Any] = {}
        self._beside: list[str] = []
        #: What stands published, with digests where they are known.
        self._published: dict[str, str] = {}
        #: The originals of the tree, and the compressed siblings of what was published: both for servers.
        self._plain: list[Plain] = []
        self._siblings: dict[str, Mapping[str, int]] = {}

    def add(self, run: Run, record: Record) -> None:
        """Note a run that was published."""
        self._runs[run_key([source.form for source in run.wanted], run.slim, run.manner)] = record.printed
        self.place(record)
        if not self._shelf.has(record.key):
            self._failures.append(", ".join(source.name for source in run.wanted))

    def add_plain(self, source: Source, record: Record) -> None:
        """Note a file of the tree, whose original is served, too."""
        self._plain.append(Plain(source, str(source.path), record.outputs[0]))
        if str(source.path).endswith(_PACKED):
            place = f"{source.folder}/{source.path.name}"
            self._packed[place] = str(source.path)

    def add_copies(self, copies: Sequence[str], states: Mapping[str, Any]) -> None:
        """Note the copies of the files of the tree, in the order these were added in, or none; with their states by path."""
        self._copies = states
        if copies:
            plain = zip(self._plain, copies, strict=True)
            self._plain = [each._replace(path=copy) for each, copy in plain]

    def place(self, record: Record) -> None:
        """Note where the files of a record lie."""
        for published in record.outputs:
            self._files[published.public] = self._places.name(published.path)

    def sum_up(self) -> None:
        """Gather what was published.

        Raises:
            OSError: some of it could not be.
        """
        if self._failures:
            failed = "; ".join(dict.fromkeys(self._failures))
            raise OSError(f"not all that they refer to could be published, see the warnings: {failed}")
        summary = self.summary
        sizes: dict[str, int] = {}  # a file may be in several records
        originals: dict[str, str] = {}
        for record in self._shelf.records():
            summary.tell(record)
            summary.before += sum(state[1] for state in record.inputs.values() if state)
            originals.update(record.found)
            for each in record.outputs:
                sizes[each.path] = each.size
                if each.path not in record.inputs:
                    self._published[each.path] = each.digest
        summary.after += sum(sizes.values())
        summary.files = list(self._published)
        summary.problems += alike(originals) + alike(dict(zip(summary.files, summary.files, strict=True)))
        summary.say_once()
        summary.problems += self._mistaken(originals)
        summary.written += len(self._shelf.written)

    def _mistaken(self, originals: Iterable[str]) -> Iterator[Notice]:
        """What is to be said of originals that lie where the compressed siblings of published files do."""
        published = set(self.summary.files)
        packed = {path: path for path in published if path.endswith(_PACKED)} | self._packed
        bases = published & {path.rpartition(".")[0] for path in packed}
        if bases:
            # Who has given a file the name it keeps, and packed it, knows what is in it.
            own = {name.rpartition("/")[2] for name in originals}
            bases = {base for base in bases if base.rpartition("/")[2] not in own}
        for each in compress.mistaken(packed.items(), bases):
            text = (
                f"{each.path} has another content than the file that servers would send it for, {each.published}; give the "
                "original another name"
            )
            yield Notice(text, each.original)

    def compress(self, progress: Progress) -> None:
        """Make the compressed siblings; one that fails is a pity, and no reason not to publish."""
        if not self._options.compress:
            return
        done = 0

        def count(result: compress.Compressed) -> None:
            nonlocal done
            done += 1
            progress(done, len(self._published))

        results = compress.compress_many(
            ((Path(path), digest) for path, digest in self._published.items()),
            self._options.compress,
            compress.Cache(self._options.compress_cache or self._state / "compressed"),
            root=self._state,
            progress=count,
        )
        for result in results:
            path = str(result.path)
            self._siblings[path] = result.siblings
            self._published[path] = result.digest
            for name, size in result.siblings.items():
                self._beside.append(f"{path}.{name}")
                before, after = self.summary.siblings.get(name, (0, 0))
                self.summary.siblings[name] = before + result.size, after + size
            if result.problem:
                text = f"{path} has not all compressed siblings: {result.problem}"
                self.summary.problems.append(Notice(text, path))

    def close(self, work: str) -> None:
        """Everything is in its place: let pages know of it."""
        summary = self.summary
        # What the manifest and the records name must be on the disk before them; meanwhile both are made.
        with _synced() if summary.written else contextlib.nullcontext():
            manifest = self._map()
            data, records = manifest.encoded(), self._shelf.encoded()
            noting.note(self._manifest, manifest, data)
        files = self._sizes()
        needed = self._inputs() | files
        with contextlib.suppress(OSError):  # said below, if it is so still
            self._claims.announce(needed)
        self._shelf.journal.use()
        try:
            manifest.write(self._manifest, data)
        except OSError:
            self._shelf.journal.use(is_in_use=False)  # it is not in its place
            raise
        with contextlib.suppress(OSError):  # then a server does it
            noting.keep(self._manifest, data)
        lists: list[str] | None = None
        try:
            lists = self._claims.leave(needed)
        except OSError as error:
            text = f"other manifests cannot be told which files are needed, so that their staticclean may remove some: {error}"
            summary.problems.append(Notice(text))
        try:
            self._remember(work, records, files, lists)
        except OSError as error:
            # Pages may use what was built; only the next build has more to do, and a clean-up less to go by.
            summary.problems.append(Notice(f"the build is done, but cannot be remembered: {error}"))

    def _map(self) -> Manifest:
        """The manifest of what was published."""
        served = served_of(
            self._shelf.records(),
            self._plain,
            self._published,
            self._siblings,
            self._files,
            self._places,
            self._options,
            lambda: noting.said(self._manifest),
        )
        settings = {
            "name_prefix": self._options.name_prefix,
            "media_url": self._options.media_url,
            **self._urls,
        }
        codecs = {codec.format: codec.key for codec in codecs_of(self._options.compress)}
        return Manifest(self._runs, self.texts, self._files, settings, served, codecs)

    def _found(self) -> dict[str, str | None]:
        """What names led to; one that led nowhere for anybody, and was there for others, is to be looked at again."""
        found: dict[str, str | None] = {}
        for record in self._shelf.records():
            found |= record.found
        found |= self.found
        for record in self._shelf.records():
            found |= dict.fromkeys(record.missing)
        return {name: path for name, path in found.items() if path is None or name not in self.listed}

    def _sizes(self) -> dict[str, int]:
        """The paths of what stands published, with their sizes in bytes."""
        sizes = {each.path: each.size for record in self._shelf.records() for each in record.outputs}
        return {path: sizes[path] for path in self.summary.files}

    def _inputs(self) -> dict[str, int]:
        """The paths of the originals, with their sizes in bytes: one may be what another site has published."""
        records = self._shelf.records()
        return {path: seen[1] for record in records for path, seen in record.inputs.items() if seen}

    def _remember(
        self, work: str, records: bytes | None, files: Mapping[str, int], lists: list[str] | None
    ) -> None:
        """Leave what the next build may go by; where the ``lists`` of what is needed are not there, that one tries again."""
        summary = self.summary
        self._shelf.close(records)
        inputs: dict[str, Any] = {}
        named: set[str] = set()
        for record in self._shelf.records():
            inputs.update(record.inputs)
            named.update(each.path for each in record.outputs)
        History(self._state / "builds").add(files)
        self._shelf.journal.settle(all_recorded=self._shelf.written <= named)
        published = [*self._published, *self._beside, str(self._manifest), *(lists or ())]
        states = {**self._copies, **Seal.states(published)}
        sealed = "" if lists is None else work
        Seal(sealed, inputs, states, self._found(), summary.plain()).write(self._state / "seal.json")


@contextlib.contextmanager
def _synced() -> Iterator[None]:
    """Have all that was written on the disk when this ends, and do something else until it is there."""
    thread = threading.Thread(target=os.sync, name="django-static sync")
    thread.start()
    try:
        yield
    finally:
        thread.join()
