"""One build: under its lock, and only where something is to be done."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import __version__, compress, keys, mapped, names, output, when_needed
from .manifest import FORMAT
from .originals import Mend
from .places import Places
from .records import Options
from .scan import Use
from .seal import Seal
from .sources import Sources
from .standing import sends_itself
from .summary import Progress, Summary
from .tree import Tree

__all__ = ["Build"]


class Build:
    """One build; plain arguments in, published files and a manifest out.

    Args:
        sources: where originals are looked for; a :class:`Tree` to publish all of it.
        options: the settings of the pipeline.
        manifest: the file to leave the map in; records, history and the lock of the build lie beside it.
        with_originals: leave a copy of each file of the tree under its own name, too.
        mend: makes a copy again that was cut off, of those that somebody else has left.
    """

    def __init__(
        self,
        sources: Sources,
        options: Options,
        manifest: Path,
        *,
        with_originals: bool = True,
        mend: Mend | None = None,
    ) -> None:
        self._with_originals = with_originals
        self._mend = mend
        self._sources = sources
        self._options = options
        self._manifest = manifest
        self._state = manifest.parent
        #: What has been done so far; of a build that fails, too.
        self.summary = Summary()
        self._places = Places.of(sources, options.save_prefix)

    def run(self, uses: Sequence[Use], progress: Progress = lambda done, total: None) -> Summary:
        """Publish everything, and replace the manifest when all is in its place.

        Raises:
            OSError: something could not be written; the old manifest stays, and serves what was built before.
            LockTimeout: another build was running for too long.
            ValueError: a filename generator failed.
        """
        start = time.perf_counter()
        compress.check(self._options.compress)
        with (
            output.locked(self._state / "build.lock", self._options.build_timeout) as is_alone,
            self._unfinished() as killed,
        ):
            work = self._work(uses)
            seal = Seal.read(self._state / "seal.json")
            if killed or not self._is_sealed(seal, work):
                building = when_needed.building()(
                    self._sources,
                    self._options,
                    self._manifest,
                    self._places,
                    self.summary,
                    with_originals=self._with_originals,
                    mend=self._mend,
                    left={} if seal is None else seal.outputs,
                )
                building.run(work, uses, progress, is_alone=is_alone, killed=killed)
        self.summary.seconds = time.perf_counter() - start
        return self.summary

    def _work(self, uses: Sequence[Use]) -> str:
        """What tells the work of this build from that of another."""
        sources = self._sources
        files = sources.paths.items() if isinstance(sources, Tree) else ()
        refused = map(str, sources.refused.values()) if isinstance(sources, Tree) else ()
        options = repr(dataclasses.replace(self._options, lock_timeout=0, build_timeout=0))
        return names.digest(
            __version__,
            options,
            repr((sources.roots, sources.media_url, sources.static_url, sources.static_root)),
            repr((self._with_originals, self._places.folders, FORMAT, keys.FORMAT)),
            repr(sends_itself()),  # what is to be told of names depends on it
            repr([(str(use.place), use.kind, use.slim, use.value, use.mode) for use in uses]),
            # Of a folder in an import map it matters what is there.
            *(repr(list(mapped.expanded(use.value, sources))) for use in uses if use.kind == "modules"),
            *(f"{name}\n{path}" for name, path in files),
            *refused,
        )

    def _is_sealed(self, seal: Seal | None, work: str) -> bool:
        """Whether the last build did the same and nothing has changed; its summary is then that of this one."""
        if seal is None or not seal.holds(work, self._sources.path_of):
            return False
        self.summary = Summary.again(seal.summary)
        return True

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[bool]:
        """Leave a mark while the build runs; yields whether one was there, since a build was killed."""
        mark = self._state / "unfinished"
        was_there = mark.exists()
        mark.touch()
        yield was_there
        mark.unlink()
