"""Publish every file of a tree, those that refer to nothing in another process meanwhile: they need no other file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .aside import Aside
from .build_shelf import BuildShelf, Work
from .originals import Copies, Originals
from .pipeline import Pipeline
from .records import Record
from .sources import Source

__all__ = ["TreeFiles"]

#: Leaves, which refer to nothing, from which on a process of their own is quicker.
_MANY = 400
#: Every so many files progress is told, and the other process looks whether it is wanted still.
_OFTEN = 64


class _Done(NamedTuple):
    """What the other process has done."""

    work: Work
    copies: Copies | None


class TreeFiles:
    """The files of a tree by their names; work on the leaves begins at once, in another process if that pays.

    Where this one needs a leaf meanwhile it publishes it, too: the same bytes under the same name.
    """

    def __init__(
        self,
        files: Mapping[str, Source],
        pipeline: Pipeline,
        shelf: BuildShelf,
        originals: Originals | None,
    ) -> None:
        self._leaves = {name: source for name, source in files.items() if not source.kind}
        self._others = {name: source for name, source in files.items() if source.kind}
        self._pipeline = pipeline
        self._shelf = shelf
        self._originals = originals
        #: The path of what each was published as.
        self.places: dict[str, str] = {}
        #: The copies of the originals under their own names.
        self.copies: list[str] = []
        self._aside = Aside.start(self._publish_leaves) if len(self._leaves) >= _MANY else None

    def publish(self, publish: Callable[[Source], Record], progress: Callable[[int], object]) -> None:
        """Publish all of them and return when it is done, by a function that publishes one.

        Raises:
            OSError, ValueError: as the function does, or when a copy cannot be written.
        """
        for files in (self._others, self._leaves):
            if files is self._leaves:
                self._adopt()
            for name, source in files.items():
                if len(self.places) % _OFTEN == 0:
                    progress(len(self.places))
                output = publish(source).outputs[0]
                self.places[name] = str(output.path)
                if self._originals is not None:
                    self.copies.append(self._originals.put(name, source, output))
        if self._originals is not None:
            self._originals.close()

    def close(self) -> None:
        """End the other process if it is still at work."""
        if self._aside is not None:
            self._aside.close()

    def _adopt(self) -> None:
        """Wait for what the other process has done, and take it for done here; what it has not is left to do."""
        done = None if self._aside is None else self._aside.result()
        if done is not None:
            self._shelf.adopt(done.work)
            if self._originals is not None and done.copies is not None:
                self._originals.adopt(done.copies)

    def _publish_leaves(self, check: Callable[[], None]) -> _Done:
        for number, (name, source) in enumerate(self._leaves.items()):
            if number % _OFTEN == 0:
                check()
            output = self._pipeline.publish((source,), slim=False).outputs[0]
            if self._originals is not None:
                self._originals.put(name, source, output)
        return _Done(self._shelf.work(), None if self._originals is None else self._originals.copies())
