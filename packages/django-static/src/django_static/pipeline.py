"""The flow of a run of files: read, publish what they refer to, name, join, minify, write; read it top to bottom."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Callable, Sequence
from pathlib import Path

from . import minify, names, output, parts
from .parts import Part
from .records import Manner, Options, Output, Record, from_json, to_json
from .sources import Missing, Signature, Source, SourceError, Sources, signature

__all__ = ["Pipeline"]

logger = logging.getLogger("django_static")

#: To be raised whenever the same originals would be published as other bytes.
_FORMAT = "1"


class Pipeline:
    """Publishes files; plain arguments in, published files out, no page and no settings known."""

    def __init__(self, sources: Sources, options: Options) -> None:
        self.sources = sources
        self.options = options

    def publish(self, wanted: Sequence[Source], *, slim: bool, manner: Manner = Manner.USUAL) -> Record:
        """Publish a run of files, given in the order of the page; ``slim`` minifies what can be minified.

        Raises:
            OSError: nothing could be written, or an original vanished.
        """
        return self._publish(tuple(wanted), slim, manner, above=())

    def is_current(self, record: Record) -> bool:
        """Whether the originals are as they were and what was published is there."""
        return (
            all(signature(path) == seen for path, seen in record.inputs.items())
            and all(output.path.exists() for output in record.outputs)
            and not any(self._is_there(name) for name in record.missing)
        )

    def withdraw(self, old: Record, new: Record) -> None:
        """Remove what newer files have replaced; for development, where every change leaves one behind."""
        keep = {output.path for output in new.outputs}
        for gone in old.outputs:
            if gone.path not in keep and str(gone.path) not in old.inputs:
                output.remove(gone.path)

    def _publish(
        self, wanted: tuple[Source, ...], slim: bool, manner: Manner, above: tuple[Source, ...]
    ) -> Record:
        slim = slim and manner is not Manner.VERBATIM and any(source.kind for source in wanted)
        key = self._key(wanted, slim, manner)
        place = self.options.state / f"{key}.json"
        record = from_json(output.load(place))
        if record is not None and self.is_current(record):
            return record
        job = _Job(self, slim, manner, above)
        examined = [job.examine(source, inline=len(wanted) > 1) for source in wanted]
        with output.locked(self.options.state / f"{key}.lock", self.options.lock_timeout):
            record = from_json(output.load(place))
            if record is not None and self.is_current(record):
                return record
            outputs = tuple(job.write(group) for group in job.groups(examined))
            record = Record(outputs, job.inputs, tuple(job.missing))
            for problem in job.problems:
                logger.warning("%s", problem)
            if not job.is_incomplete:
                self._remember(place, record)
        return record

    def _remember(self, place: Path, record: Record) -> None:
        """Keep a record; without it the work is only done again after a restart."""
        try:
            output.store(place, to_json(record))
        except OSError as error:
            logger.info("%s could not be written: %s", place, error)

    def _key(self, wanted: tuple[Source, ...], slim: bool, manner: Manner) -> str:
        options = self.options
        kinds = {source.kind for source in wanted} if slim else set()
        engines = sorted((kind, str(options.minifiers.get(kind))) for kind in kinds)
        settings = (
            options.save_prefix,
            options.name_prefix,
            options.media_url,
            options.use_symlink,
            options.name_max_length,
            _name_of(options.filename_generator),
            _name_of(options.combine_filenames_generator),
        )
        files = [f"{source.name}\n{source.path}" for source in wanted]
        return names.digest(_FORMAT, repr((slim, manner.value, engines, settings)), *files)[:32]

    def _is_there(self, name: str) -> bool:
        try:
            self.sources.find(name)
        except SourceError:
            return False
        return True


class _Job:
    """One run of files on its way through; holds what has been learnt about it."""

    def __init__(self, pipeline: Pipeline, slim: bool, manner: Manner, above: tuple[Source, ...]) -> None:
        self.pipeline = pipeline
        self.options = pipeline.options
        self.slim = slim
        self.manner = manner
        self.above = above
        self.inputs: dict[str, Signature] = {}
        self.missing: list[str] = []
        self.problems: list[str] = []
        #: Something failed that may work another time: do not remember the result.
        self.is_incomplete = False

    def examine(self, source: Source, *, inline: bool, chain: tuple[Source, ...] = ()) -> Part:
        """Read an original and publish what it refers to; imports are read for inlining when it is to be combined."""
        # The signature comes first: a change while we read then shows at the next look.
        seen = signature(source.path)
        if seen is None:
            raise FileNotFoundError(f"{source.path} vanished")
        self.inputs[str(source.path)] = seen
        part = Part(source, stamp=seen[0] // 1_000_000_000)
        if self.manner is Manner.VERBATIM or not source.kind:
            return part
        part.read(source.path.read_bytes())
        if source.kind == "css":
            self._follow(part, inline, (*chain, source))
        return part

    def _follow(self, part: Part, inline: bool, chain: tuple[Source, ...]) -> None:
        imported = {rule.start: rule for rule in part.sheet.imports} if inline and part.is_utf8 else {}
        if imported:
            self._import(part, chain)
        starts = [(rule.start, rule.end) for rule in part.sheet.imports] if part.inlined else []
        for reference in part.references:
            if any(start <= reference.start < end for start, end in starts):
                continue
            found = self._find(part, reference.url, reference.line)
            if found is None:
                continue
            if found.path in [source.path for source in (*self.above, *chain)]:
                members = [source.name for source in (*self.above, *chain)]
                cycle = [*members[members.index(found.name) if found.name in members else 0 :], found.name]
                self.problems.append(
                    f"{part.source.path}:{reference.line}: circular import: {' -> '.join(cycle)}"
                )
                continue
            try:
                record = self.pipeline._publish(
                    (found,), self.slim, Manner.USUAL, above=(*self.above, *chain)
                )
            except OSError as error:
                self.is_incomplete = True
                self.problems.append(f"{part.source.path}:{reference.line}: {reference.url!r}: {error}")
                continue
            self._include(record)
            part.links[reference.start] = record.outputs[0].url
            part.stamp = max(part.stamp, record.outputs[0].stamp)

    def _import(self, part: Part, chain: tuple[Source, ...]) -> None:
        """Read the imports of a part that is to be combined, as far as all of them can be inlined."""
        inlined: dict[int, Part | None] = {}
        for rule in part.sheet.imports:
            found = self._find(part, rule.url, rule.line)
            if found is None or found.kind != "css":
                return
            if found.path in [source.path for source in chain]:
                cycle = " -> ".join([*(source.name for source in chain), found.name])
                self.problems.append(f"{part.source.path}:{rule.line}: circular import: {cycle}")
                inlined[rule.start] = None
                continue
            try:
                inner = self.examine(found, inline=True, chain=chain)
            except OSError:
                return
            if not inner.fits_anywhere:
                return
            inlined[rule.start] = inner
        part.inlined = inlined
        part.stamp = max([part.stamp, *(inner.stamp for inner in inlined.values() if inner)])

    def _find(self, part: Part, url: str, line: int) -> Source | None:
        name = part.resolve(url)
        if name is None:
            return None
        try:
            return self.pipeline.sources.find(name)
        except SourceError as error:
            if isinstance(error, Missing):
                self.missing.append(name)
            problem = f"{part.source.path}:{line}: {error}; it stays as it is"
            if problem not in self.problems:
                self.problems.append(problem)
            return None

    def _include(self, record: Record) -> None:
        self.inputs.update(record.inputs)
        self.missing += [name for name in record.missing if name not in self.missing]

    def groups(self, examined: list[Part]) -> list[list[Part]]:
        """Split a run where one file could not stand for several."""
        groups: list[list[Part]] = []
        for part in examined:
            obstacle = parts.obstacle(groups[-1], part) if groups else "first"
            if groups and obstacle and self.manner is Manner.TOGETHER:
                self.problems.append(
                    f"{part.source.path}: is put into one file with {groups[-1][0].source.name}, as it was asked for, "
                    f"although {obstacle}; separate tags or a block would keep them apart"
                )
                obstacle = ""
            if obstacle:
                groups.append([part])
            else:
                groups[-1].append(part)
        return groups

    def write(self, group: list[Part]) -> Output:
        """Publish a group as one file under a name that stands for its content only."""
        options = self.options
        stamp = max(part.stamp for part in group)
        if self._must_stay(group[0]):
            source = group[0].source
            return Output(1, source.url, source.name, source.path, stamp)
        urls = [part.source.url for part in group]
        if len(group) == 1:
            url = names.stamped(urls[0], stamp, options.filename_generator)
        else:
            stamps = [part.stamp for part in group]
            url = names.combined(urls, stamps, options.name_max_length, options.combine_filenames_generator)
        data = self._data(group, posixpath.dirname(url))
        original = group[0].source
        for attempt in range(2):
            name = (
                url
                if attempt == 0
                else names.with_digest(url, names.digest(data or original.path.read_bytes()))
            )
            path = self._path(group, name)
            if data is None:
                placed = output.link(
                    path, original.path, options.state, options.lock_timeout, symlink=options.use_symlink
                )
            else:
                placed = output.write(path, data, options.state, options.lock_timeout)
            if placed:
                return Output(len(group), name, self._public(original, name), path, stamp)
        raise FileExistsError(f"{path} has another content than its name says; remove it")

    def _must_stay(self, part: Part) -> bool:
        """Whether a script would no longer find its modules, or be found by them, under another URL."""
        if part.stays and self.options.name_prefix:
            logger.info("%s keeps its URL: it names other files by their path from its own", part.source.path)
            return True
        if self.manner is Manner.MODULE and "export" in part.text and part.script.has_exports:
            logger.info("%s keeps its URL: modules that import it know it by that", part.source.path)
            return True
        return False

    def _data(self, group: list[Part], folder: str) -> bytes | None:
        """The bytes of a group as seen from a folder; None when they are those of the only original."""
        if len(group) == 1 and not group[0].is_text:
            return None
        moved = bool(self.options.name_prefix)
        texts = [part.render(folder, self.options.name_prefix, moved=moved) for part in group]
        if self.slim:
            texts = [self._slimmed(part, text) for part, text in zip(group, texts, strict=True)]
        if len(group) > 1:
            return parts.join(group, texts)
        return None if texts[0] == group[0].text else group[0].encode(texts[0])

    def _slimmed(self, part: Part, text: str) -> str:
        kind = part.source.kind
        if not part.is_utf8 or minify.is_minified(part.source.name):
            return text
        result = minify.slim(text, kind, self.options.minifiers[kind])
        if result.problem:
            self.problems.append(f"{part.source.path}: published without minifying: {result.problem}")
        return result.text

    def _path(self, group: list[Part], url: str) -> Path:
        if self.options.save_prefix is not None:
            return self.options.save_prefix / url.lstrip("/")
        folder = posixpath.dirname(url)
        nearest = next((part for part in group if posixpath.dirname(part.source.url) == folder), group[0])
        climb = names.relative(folder, posixpath.dirname(nearest.source.url))
        return Path(posixpath.normpath(nearest.source.folder / climb)) / posixpath.basename(url)

    def _public(self, original: Source, url: str) -> str:
        prefix = self.options.media_url + self.options.name_prefix
        if not prefix and not original.host and not original.name.startswith("/"):
            url = url.removeprefix("/")
        return f"{prefix or original.host}{names.quoted(url)}"


def _name_of(function: Callable[..., str] | None) -> str:
    return "" if function is None else f"{function.__module__}.{function.__qualname__}"
