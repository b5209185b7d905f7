"""One piece of work: read the wanted files and all they refer to, order them by that, write, record."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import joining, names
from .graph import components
from .parts import Part
from .reader import Reader
from .records import Manner, Output, Record
from .shelf import Known
from .sources import Source
from .tools import Tools
from .writer import Writer

__all__ = ["Job"]


class Job:
    """One piece of work, with all that the wanted files refer to."""

    def __init__(self, tools: Tools, slim: bool, known: Known) -> None:
        self._tools = tools
        self._known = known
        self._shelf = tools.shelf
        self._slim = slim
        self._reader = Reader(tools.sources, tools.options)
        self._writer = Writer(
            tools.options, tools.shelf, tools.receiving, tools.slimmer, slim=slim, most=tools.most_slimmed
        )
        #: What has become of each file that was published for itself.
        self._records: dict[Source, Record] = {}
        self._failures: dict[Source, Exception] = {}
        self._keys: dict[Source, str] = {}
        #: Scripts that are imported as modules.
        self._imported: set[Source] = set()
        #: Those of which the result is not kept, since something failed that may work another time.
        self._unsettled: set[Source] = set()
        #: Those that have been read and wait for what they refer to.
        self._waiting: dict[Source, Part] = {}

    def single(self, source: Source, key: str) -> Record:
        """Publish a file that stands for itself, which nobody has done yet."""
        self._keys[source] = key
        if not source.kind:
            return self._alone(self._reader.read(source))
        self._publish_all([source])
        if source in self._failures:
            raise self._failures[source]
        record = self._records[source]
        if record.key == key:
            return record
        # The one form of a module, which has a key of its own.
        uses = (record,) if record.inputs else record.uses  # a member of a circle has what it is in the whole
        alias = self._known[key] = Record(key, record.outputs, {}, uses=uses)
        if source not in self._unsettled:
            self._shelf.save(alias)
        return alias

    def leaf(self, source: Source, key: str) -> Record | None:
        """Publish a file if there is nothing in it to be published before, or to be told of."""
        part = self._reader.read(source)
        if part.targets or part.problems or part.notes or part.remarks or self._tools.modules.may_be(part):
            return None
        self._keys[source] = key
        return self._alone(part)

    def run(self, key: str, wanted: Sequence[Source], manner: Manner) -> Record:
        """Publish the files of a run, in as few as can stand for them; nothing where they must be one and cannot."""
        inline = len(wanted) > 1
        run = [self._reader.read(source, manner=manner, inline=inline) for source in wanted]
        reason = joining.apart(run) if manner is Manner.TOGETHER else ""
        if reason:
            return self._keep(key, run, lambda: self._record(key, run, [], reason))
        for part in run:
            self._share(part)
        self._publish_all(
            [target for part in run for inner in part.all() for target in inner.targets.values()]
        )

        def write() -> Record:
            for part in run:
                self._link(part)
            written = [
                self._writer.write(group)
                for group in self._writer.groups(run, together=manner is Manner.TOGETHER)
            ]
            return self._record(key, run, [*written, *self._writer.maps])

        return self._keep(key, run, write)

    def _alone(self, part: Part) -> Record:
        """Publish a file that has been read and refers to nothing: there is no order to be found."""
        self._waiting[part.source] = part
        self._publish(part.source)
        return self._records[part.source]

    def _publish_all(self, sources: Sequence[Source]) -> None:
        """Publish files that stand for themselves, each after those it refers to."""
        for component in components(sources, self._references):
            circle = [source for source in component if source in self._waiting]
            try:
                if len(circle) > 1:
                    self._publish_circle(sorted(circle, key=lambda source: source.url))
                elif circle:
                    self._publish(circle[0])
            except (OSError, ValueError) as error:
                self._failures.update(dict.fromkeys(circle, error))

    def _references(self, source: Source) -> Sequence[Source]:
        """What must be published before a file can be; nothing if the file itself need not be."""
        if self._has_record(source):
            return ()
        try:
            part = self._waiting[source] = self._reader.read(source)
        except OSError as error:
            self._failures[source] = error
            return ()
        self._share(part)
        if not self._slim and (part.is_shared or self._is_known_module(source)):
            self._keys[source] = self._key_of(source, slim=True)
            if self._has_record(source):
                del self._waiting[source]
                return ()
        return list(part.targets.values())

    def _is_known_module(self, source: Source) -> bool:
        """Whether somebody has imported a script of which the text does not tell that it is a module."""
        if source.kind != "js" or self._tools.modules.are_settled:
            return False
        record = self._shelf.load(self._key_of(source, slim=True), self._tools.holds, self._known)
        return record is not None and record.outputs[0].is_shared

    def _has_record(self, source: Source) -> bool:
        """Whether a file has been published before, and need not be again."""
        record = self._shelf.load(self._key(source), self._tools.holds, self._known)
        if record is not None:
            self._records[source] = record
        return record is not None

    def _share(self, part: Part) -> None:
        """Find out whether a file has one form for all; then so have the modules it imports."""
        modules, source = self._tools.modules, part.source
        if modules.are_settled:
            part.is_shared = modules.has(source)
            return
        part.is_shared = source in self._imported or part.is_module
        for reference in part.references:
            target = part.targets.get(reference.start)
            if reference.what == "module" and target is not None and target.kind == "js":
                self._imported.add(target)
                waiting = self._waiting.get(target)
                if waiting is not None and not waiting.is_shared:
                    # It was met before, by a reference that did not tell; now it is of a circle of modules.
                    waiting.is_shared = True
                    self._keys[target] = self._key_of(target, slim=True)

    def _publish(self, source: Source) -> None:
        part = self._waiting.pop(source)
        key = self._key(source)

        def write() -> Record:
            self._link(part)
            if source in part.targets.values():
                self._report_circle([part])
                return self._record(key, [part], self._writer.write_circle([part]))
            return self._record(key, [part], [self._writer.write([part])])

        self._records[source] = self._keep(key, [part], write)

    def _publish_circle(self, sources: Sequence[Source]) -> None:
        """Publish files that refer to one another: one record of the whole, and for each member one that uses it."""
        circle = [self._waiting.pop(source) for source in sources]
        keys = [self._key(source) for source in sources]
        whole = names.digest(*keys)[:32]

        def write() -> Record:
            for part in circle:
                self._link(part)
            newest = max(part.newest for part in circle)
            for part in circle:
                part.newest = newest
            self._report_circle(circle)
            return self._record(whole, circle, self._writer.write_circle(circle))

        record = self._keep(whole, circle, write)
        is_complete = not self._is_incomplete(circle)
        for source, key, output in zip(sources, keys, record.outputs, strict=True):
            member = self._records[source] = self._known[key] = Record(key, (output,), {}, uses=(record,))
            if is_complete:
                self._shelf.save(member)

    def _keep(self, key: str, read: Sequence[Part], write: Callable[[], Record]) -> Record:
        """Do a piece of work unless another process has done it meanwhile."""
        with self._shelf.lock(key):
            self._known.pop(key, None)
            record = self._shelf.load(key, self._tools.holds, self._known)
            if record is not None:
                return record
            record = self._known[key] = write()
            self._tools.tell(record)
            if self._is_incomplete(read):
                self._unsettled.update(part.source for part in read)
            else:
                self._shelf.save(record)
        return record

    def _link(self, part: Part) -> None:
        """Let the references of a part lead to what has been published of the files they name."""
        part.newest = part.stamp
        if not part.targets and not part.inlined:
            return  # as most
        part.newest = max(inner.stamp for inner in part.all())
        for inner in part.all():
            for start, target in inner.targets.items():
                record = self._records.get(target)
                if record is not None:
                    published = record.outputs[0]
                    part.newest = max(part.newest, published.stamp)
                    if published.path != str(target.path):
                        inner.links[start] = published.url
                elif target in self._failures:
                    inner.problems.append(inner.notice(f"{target.name}: {self._failures[target]}"))

    def _is_incomplete(self, read: Sequence[Part]) -> bool:
        """Whether something failed that may work another time: the result is then not remembered."""
        return bool(self._failures) and any(
            target in self._failures
            for part in read
            for inner in part.all()
            for target in inner.targets.values()
        )

    def _record(self, key: str, read: Sequence[Part], outputs: Sequence[Output], apart: str = "") -> Record:
        every = [inner for part in read for inner in part.all()]
        used = (self._records.get(target) for part in every for target in part.targets.values())
        return Record(
            key,
            tuple(outputs),
            {str(part.source.path): part.seen for part in every},
            tuple(dict.fromkeys(name for part in every for name in part.missing)),
            tuple({record.key: record for record in used if record is not None}.values()),
            {
                source.name: str(source.path)
                for part in every
                for source in (part.source, *part.targets.values())
            },
            tuple(dict.fromkeys(problem for part in every for problem in part.problems)),
            tuple(dict.fromkeys(note for part in every for note in (*part.notes, *part.remarks))),
            apart,
        )

    def _report_circle(self, circle: Sequence[Part]) -> None:
        """Modules may import one another; style sheets that do are a mistake."""
        if circle[0].source.kind != "css":
            return
        members = {part.source: part for part in circle}
        path = [circle[0].source]
        while True:
            # Every member of a circle refers to another one; the first that comes twice closes it.
            following = next(t for t in members[path[-1]].targets.values() if t in members)
            path.append(following)
            if following in path[:-1]:
                break
        shown = " -> ".join(source.name for source in path[path.index(path[-1]) :])
        circle[0].problems.append(circle[0].notice(f"circular import: {shown}"))

    def _key(self, source: Source) -> str:
        key = self._keys.get(source)
        if key is None:
            slim = self._slim or source in self._imported or self._tools.modules.has(source)
            key = self._keys[source] = self._key_of(source, slim=slim)
        return key

    def _key_of(self, source: Source, *, slim: bool) -> str:
        tools = self._tools
        return tools.keys.of(
            (source,), slim and bool(source.kind), Manner.USUAL, of_tree=tools.modules.are_settled
        )
