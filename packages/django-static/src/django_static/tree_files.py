"""Publish every file of a tree, those that refer to nothing in another process meanwhile: they need no other file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .aside import Aside
from .build_shelf import BuildShelf, Work
from .originals import Copies, Originals
from .pipeline import Pipeline
from .records import Record
from .sources import Source, signature

__all__ = ["TreeFiles"]

#: Files from which on a process of their own is quicker.
_MANY = 400
#: What becomes of a text.
_TAKEN = 1
_GIVEN_BACK = b"\2"
#: Every so many files progress is told, and the other process looks whether it is wanted still.
_OFTEN = 64


#: Told of a file of the tree and what it was published as.
_Note = Callable[[Source, Record], object]


class _Done(NamedTuple):
    """What the other process has done: the records of files by their names, and of all there was to do for them."""

    records: dict[str, Record]
    work: Work
    copies: Copies | None


class TreeFiles:
    """The files of a tree by their names; another process begins with some of them at once, if that pays.

    It publishes those without text, and then style sheets and scripts from the largest on as far as they refer to nothing,
    while this one goes through the others from the smallest on, until they meet. What the other gives back, since it does
    refer to something, this one publishes next: it is large. Where this one needs meanwhile what the other is about to
    publish both do it, and one of them finds it there; for another content it takes another name.
    """

    def __init__(
        self,
        files: Mapping[str, Source],
        pipeline: Pipeline,
        shelf: BuildShelf,
        originals: Originals | None,
    ) -> None:
        self._pipeline = pipeline
        self._shelf = shelf
        self._originals = originals
        self._rest = {name: source for name, source in files.items() if not source.kind}
        self._texts = {name: source for name, source in files.items() if source.kind}
        #: The path of what each was published as.
        self.places: dict[str, str] = {}
        #: The copies of the originals under their own names, and their states.
        self.copies: list[str] = []
        self.states: dict[str, Any] = {}
        #: What the other process has published, by the names of the files.
        self._done: dict[str, Record] = {}
        self._aside: Aside[_Done, dict[str, str]] | None = None
        if len(files) >= _MANY:
            import mmap

            self._texts = dict(sorted(self._texts.items(), key=lambda item: _size(item[1])))
            #: A byte for each text, in memory that both see; set by whoever takes it first. Should both, it is done twice.
            #: It is set to another value by the other process where this one is to publish the text after all.
            self._taken = mmap.mmap(-1, len(self._texts) + 1)
            self._aside = Aside.start(self._publish_aside, shelf.texts)

    def publish(self, note: _Note, progress: Callable[[int], object]) -> None:
        """Publish all of them and return when it is done.

        Raises:
            OSError, ValueError: as :meth:`Pipeline.publish` does, or when a copy cannot be written.
        """
        texts = list(self._texts.items())
        for number, (name, source) in enumerate(texts):
            if self._aside is not None:
                for given in self._given_back():
                    if texts[given][0] not in self.places:
                        self._publish(*texts[given], note, progress)
                if self._taken[number]:
                    continue
                self._taken[number] = _TAKEN
            self._publish(name, source, note, progress)
        self._adopt()
        for name, source in (*texts, *self._rest.items()):
            if name not in self.places:
                self._publish(name, source, note, progress)
        if self._originals is not None:
            self.states = self._originals.states()
            self._originals.close()

    def close(self) -> None:
        """End the other process, which is still at work until the records have been encoded."""
        if self._aside is not None:
            self._aside.close()

    def _publish(self, name: str, source: Source, note: _Note, progress: Callable[[int], object]) -> None:
        if len(self.places) % _OFTEN == 0:
            progress(len(self.places))
        record = self._done.get(name) or self._pipeline.publish((source,), slim=False)
        note(source, record)
        self.places[name] = record.outputs[0].path
        if self._originals is not None:
            self.copies.append(self._originals.put(name, source, record))

    def _given_back(self) -> Iterator[int]:
        """The numbers of the texts that the other process has found to refer to something, each once, the largest first."""
        while (number := self._taken.rfind(_GIVEN_BACK)) >= 0:
            self._taken[number] = _TAKEN
            yield number

    def _adopt(self) -> None:
        """Wait for what the other process has done, and take it for done here; what it has not is left to do."""
        if self._aside is None:
            return
        self._shelf.texts()  # while the other sends what it has
        done = self._aside.result()
        if done is not None:
            self._shelf.adopt(done.work, self._aside.more)
            # A module that pages have asked for has another form than the other process gave it.
            has_other_form = self._pipeline.modules.has
            self._done = {
                name: record
                for name, record in done.records.items()
                if not has_other_form(self._texts.get(name) or self._rest[name])
            }
            if self._originals is not None and done.copies is not None:
                self._originals.adopt(done.copies)

    def _publish_aside(self, check: Callable[[], None]) -> _Done:
        records: dict[str, Record] = {}
        for number, (name, source) in enumerate(self._rest.items()):
            if number % _OFTEN == 0:
                check()
            record = records[name] = self._pipeline.publish((source,), slim=False)
            self._keep(name, source, record)
        for number, (name, source) in reversed(list(enumerate(self._texts.items()))):
            if self._taken[number]:
                break  # the other has come from below
            self._taken[number] = _TAKEN
            check()
            leaf = self._pipeline.publish_leaf(source)
            if leaf is None:
                self._taken[number] = _GIVEN_BACK[0]
            else:
                records[name] = leaf
                self._keep(name, source, leaf)
        return _Done(
            records, self._shelf.work(), None if self._originals is None else self._originals.copies()
        )

    def _keep(self, name: str, source: Source, record: Record) -> None:
        if self._originals is not None:
            self._originals.put(name, source, record)


def _size(source: Source) -> int:
    seen = signature(source.path)
    return 0 if seen is None else seen[1]
