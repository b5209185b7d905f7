"""Publish a run of files, unless that is done: what is kept of it is true still, or a job does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from . import when_needed
from .freshness import Freshness
from .keys import Keys
from .modules import Modules
from .places import receiving, shared_by_sites
from .records import Manner, Options, Record
from .shelf import Known, SharedShelf, Shelf
from .sources import Source, Sources
from .told import Told
from .tools import Tools

if TYPE_CHECKING:
    from .rendering import Slimmer

__all__ = ["Pipeline"]


class Pipeline:
    """Publishes files; plain arguments in, published files out, no page and no settings known."""

    def __init__(
        self,
        sources: Sources,
        options: Options,
        shelf: Shelf | None = None,
        slimmer: Slimmer | None = None,
        tell: Callable[[Record], None] | None = None,
        most_slimmed: int | None = None,
    ) -> None:
        """``tell`` is handed each record that is made, to say what is to be said of it; the log says so by default.

        ``most_slimmed`` is how many characters one run of files may have minified, with all that they refer to.
        """
        self.sources = sources
        self.options = options
        self.shelf = shelf or SharedShelf(
            options.state, options.lock_timeout, shared_by_sites(sources, options.save_prefix)
        )
        self.keys = Keys(options)
        self.freshness = Freshness(sources, self.shelf)
        self.modules = Modules()
        self._tools = Tools(
            sources,
            options,
            self.shelf,
            slimmer or when_needed.slim,
            self.keys,
            receiving(sources, options.save_prefix),
            self.freshness,
            self.modules,
            tell or Told(),
            most_slimmed,
        )

    def publish(
        self,
        wanted: Sequence[Source],
        *,
        slim: bool,
        manner: Manner = Manner.USUAL,
        known: Known | None = None,
    ) -> Record:
        """Publish a run of files, given in the order of the page; ``slim`` minifies what can be minified.

        Several runs that are published at one time may share what is ``known``.

        Raises:
            OSError: nothing could be written, or an original vanished.
            ValueError: a filename generator failed.
        """
        known = {} if known is None else known
        wanted = tuple(wanted)
        slim = slim and manner is not Manner.VERBATIM and any(source.kind for source in wanted)
        if len(wanted) == 1 and manner is Manner.USUAL and self.modules.has(wanted[0]):
            slim = True
        key = self.keys.of(wanted, slim, manner, of_tree=self.modules.are_settled)
        record = self.shelf.load(key, self._tools.holds, known)
        if record is not None:
            return record
        job = when_needed.job(self._tools, slim, known)
        if len(wanted) == 1 and manner is Manner.USUAL:
            return job.single(wanted[0], key)
        return job.run(key, wanted, manner)

    def publish_leaf(self, source: Source) -> Record | None:
        """Publish a file as it is if it refers to nothing; None, and nothing done, if it does.

        Raises:
            OSError, ValueError: as for :meth:`publish`.
        """
        key = self.keys.of((source,), False, Manner.USUAL, of_tree=True)
        known: Known = {}
        record = self.shelf.load(key, self._tools.holds, known)
        return record or when_needed.job(self._tools, False, known).leaf(source, key)

    def is_module(self, source: Source) -> bool:
        """Whether a file is an ES module.

        Raises:
            OSError: it cannot be read.
        """
        return when_needed.reader(self.sources, self.options).read(source).is_module

    def withdraw(self, old: Record, new: Record) -> None:
        """Remove what newer files have replaced; for development, where every change leaves one behind."""
        keep = {output.path for output in new.outputs}
        originals = {path for record in old.walk() for path in record.inputs}
        for gone in old.outputs:
            if gone.path not in keep and gone.path not in originals:
                self.shelf.remove(gone.path)
