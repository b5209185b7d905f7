"""What must be published for what templates use: runs of files, and inline texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from . import blocks, lists, mapped, when_needed
from .answers import Place, split_names
from .manifest import text_key
from .notice import Notice
from .records import Manner, Options, Record
from .scan import Use
from .sources import Source, SourceError, Sources
from .unserved import Unserved

__all__ = ["Run", "Wanted", "wanted_of"]


class Run(NamedTuple):
    """Files that are published together."""

    wanted: tuple[Source, ...]
    slim: bool
    manner: Manner


class Wanted:
    """All that some uses want, each once, in their order; with what is wrong with them, for people."""

    def __init__(self, sources: Sources, options: Options) -> None:
        self.runs: dict[Run, None] = {}
        #: Inline texts minified, by :func:`django_static.manifest.text_key`.
        self.texts: dict[str, str] = {}
        #: The import maps; what they name is among the runs.
        self.maps: list[Use] = []
        self.problems: dict[Notice, None] = {}
        #: The path that each name led to; None where it led nowhere.
        self.found: dict[str, str | None] = {}
        #: Who asks for runs that must be one file.
        self._lists: dict[Run, list[Use]] = {}
        self._sources = sources
        self._options = options
        self._unserved = Unserved(sources, options)

    def add(self, use: Use) -> None:
        """Take in what a tag of a template asks for."""
        if use.kind == "content":
            self._add_text(use)
        elif use.kind == "block":
            self._add_block(use)
        elif use.kind == "modules":
            self._add_modules(use)
        else:
            self._add_file(use)

    def _add_text(self, use: Use) -> None:
        result = when_needed.slim_inline(use.value, use.mode, self._options.minifiers)
        self.texts[text_key(use.value, use.mode)] = result.text
        if result.problem:
            self._complain(use.place, f"inline text is printed without minifying: {result.problem}")

    def _add_block(self, use: Use) -> None:
        def publish(wanted: Sequence[Source], manner: Manner) -> None:
            self.runs[Run(tuple(wanted), use.slim, manner)] = None

        publisher = blocks.Publisher[Source](
            find=lambda name: self.find(name, use.place),
            publish=publish,
            is_foreign=lambda name: not self._sources.is_ours(name),
            moves=bool(self._options.name_prefix),
        )
        blocks.resolve(use.value, publisher, use.mode)

    def _add_modules(self, use: Use) -> None:
        self.maps.append(use)
        for problem in mapped.empty(use.value, self._sources):
            self._complain(use.place, problem)
        for _, name in mapped.expanded(use.value, self._sources):
            source = self.find(name, use.place)
            if source is not None:
                self.runs[Run((source,), use.slim, Manner.USUAL)] = None

    def _add_file(self, use: Use) -> None:
        given = split_names(use.value)
        fate = "the given URL is printed" if len(given) == 1 else f"it is left out of {use.value!r}"
        found = (self.find(name, use.place, fate) for name in given)
        wanted = [source for source in found if source is not None]
        if not wanted:
            return
        reason = lists.unlike(wanted)
        if reason:
            self._complain(use.place, lists.refusal(use.value, reason))
            return
        run = Run(tuple(wanted), use.slim, Manner.TOGETHER if len(wanted) > 1 else Manner.USUAL)
        self.runs[run] = None
        if run.manner is Manner.TOGETHER:
            self._lists.setdefault(run, []).append(use)

    def refused(self, run: Run, record: Record) -> list[Notice]:
        """What is to be said of a run when it was to be published, where lists ask for it and it cannot be one file."""
        return [
            Notice(f"{use.place}: {lists.refusal(use.value, record.apart)}", use.place.template)
            for use in (self._lists.get(run, ()) if record.apart else ())
        ]

    def find(self, name: str, place: Place, fate: str = "the given URL is printed") -> Source | None:
        """The original of a name; None for another host, and with a problem where there is none."""
        if not self._sources.is_ours(name):
            return None
        try:
            source = self._sources.find(name)
        except SourceError as error:
            self.found[name] = None
            self._complain(place, f"{error}; {fate}")
            return None
        self.found[name] = str(source.path)
        reason = self._unserved.why_printed(source)
        if reason:
            self._complain(place, reason)
        return source

    def _complain(self, place: Place, message: str) -> None:
        self.problems[Notice(f"{place}: {message}", place.template)] = None


def wanted_of(uses: Sequence[Use], sources: Sources, options: Options) -> Wanted:
    """What must be published for some uses."""
    wanted = Wanted(sources, options)
    for use in uses:
        wanted.add(use)
    return wanted
