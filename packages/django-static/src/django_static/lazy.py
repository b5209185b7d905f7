"""Publish at the first request for a name, look it up afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from . import blocks, lists, when_needed
from .answers import (
    Address,
    Complaints,
    Layout,
    ModuleMap,
    Place,
    Published,
    remember,
    split_names,
)
from .block_memo import BlockMemo
from .modules import is_script
from .pipeline import Pipeline
from .records import Manner, Options, Printed, Record
from .shelf import Known
from .sources import Source, SourceError, Sources, split_suffix
from .stored import name_of_static

__all__ = ["Lazy"]

#: How long a name that could not be published is printed as it was given before it is tried again.
RETRY_SECONDS = 60.0
#: Characters that are minified of all that one tag publishes, while a page waits for it.
LONGEST_TOGETHER = 1_000_000


class Lazy:
    """``DJANGO_STATIC`` is on: the first request for a name publishes it.

    With ``recheck`` (``DEBUG``) every request compares the originals with what was published of them; without it a name
    is settled for the life of the process.
    """

    def __init__(
        self, pipeline: Pipeline, *, recheck: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pipeline = pipeline
        self._recheck = recheck
        self._clock = clock
        self._files: tuple[dict[str, Address], dict[str, Address]] = ({}, {})
        self._blocks = BlockMemo()
        self._texts: dict[tuple[str, str], str] = {}
        self._maps: dict[tuple[str, bool], ModuleMap] = {}
        self._sources: dict[str, Source] = {}
        self._stored: dict[str, Address] = {}
        self._records: dict[_Run, Record] = {}
        self._retry_at: dict[str | _Run, float] = {}
        self._complaints = Complaints()

    @classmethod
    def of(cls, sources: Sources, options: Options, *, recheck: bool) -> Lazy:
        """One that minifies no more than a page can wait for."""
        pipeline = Pipeline(sources, options, slimmer=when_needed.slim_at_once, most_slimmed=LONGEST_TOGETHER)
        return cls(pipeline, recheck=recheck)

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        try:
            return self._files[slim][name]
        except KeyError:
            pass
        address = self._address(name, slim, place) if name else Address("", "", is_settled=True)
        if address.is_settled:
            remember(self._files[slim], name, address)
        return address

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> Layout:
        layout = self._blocks.layout(
            html,
            slim,
            mode,
            lambda html: blocks.resolve(html, self._block_publisher(slim, place), mode),
            keep=not self._recheck,
        )
        return layout._replace(is_settled=False) if self._recheck else layout

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        key = (text, kind)
        known = self._texts.get(key)
        if known is None:
            result = when_needed.slim_inline(text, kind, self._pipeline.options.minifiers)
            if result.problem:
                self._complaints.say(place, f"inline text is printed without minifying: {result.problem}")
            known = result.text
            remember(self._texts, key, known)
        return known

    def modules(self, specification: str, slim: bool, place: Place | None = None) -> ModuleMap:
        key = (specification, slim)
        found = self._maps.get(key)
        if found is None:
            known: Known = {}
            seen: dict[int, Record] = {}
            files: dict[str, Published] = {}

            def publish(source: Source) -> Record | None:
                record = self._publish((source,), slim, Manner.USUAL, place, known)
                for each in record.walk(seen) if record is not None else ():
                    for output in each.outputs:
                        if output.name:
                            files[output.public] = _file((output.name,), slim, output.path)
                return record

            text, is_settled = when_needed.published_map(
                specification, self._pipeline.sources, lambda name: self._find(name, place), publish
            )
            found = ModuleMap(text, files)
            if is_settled and not self._recheck:
                remember(self._maps, key, found)
        return found

    def stored(self, name: str, plain: str) -> Address:
        known = self._stored.get(name)
        if known is None:
            known = self._of_storage(name, plain)
            if not self._recheck:
                remember(self._stored, name, known)
        return known

    def _of_storage(self, name: str, plain: str) -> Address:
        """The URL of the original; of a module that of its one published form."""
        sources = self._pipeline.sources
        if not is_script(name):
            return Address.of(plain)
        given = name_of_static(name, sources)
        try:
            is_module = self._pipeline.is_module(sources.find(given))
        except (OSError, SourceError):
            return Address.of(plain)  # storages do not ask whether there is a file
        return self.file(given, False) if is_module else Address.of(plain)

    def _address(self, name: str, slim: bool, place: Place | None) -> Address:
        given = split_names(name)
        fate = "the given URL is printed" if len(given) == 1 else f"it is left out of {name!r}"
        found = [self._find(each, place, fate) for each in given]
        wanted = [source for source in found if source is not None]
        is_missing = any(
            source is None and self._pipeline.sources.is_ours(each)
            for each, source in zip(given, found, strict=True)
        )
        is_settled = not is_missing and not self._recheck
        suffix = split_suffix(given[0])[1] if len(given) == 1 else ""
        if not wanted:
            return Address.of(
                name, suffix if is_missing else "", is_missing=is_missing, is_settled=is_settled
            )
        reason = lists.unlike(wanted)
        manner = Manner.TOGETHER if len(wanted) > 1 else Manner.USUAL
        record = None if reason else self._publish(wanted, slim, manner, place, {})
        if record is not None:
            reason = record.apart
        if reason:
            self._complaints.say(place, lists.refusal(name, reason))
            return Address.of(name, is_settled=is_settled)
        if record is None:
            return Address.of(name, suffix)
        printed = _printed(record, wanted, slim)[0]
        return Address.of(
            printed.public + suffix, suffix, printed.file, printed.integrity, is_settled=is_settled
        )

    def _block_publisher(self, slim: bool, place: Place | None) -> blocks.Publisher[Source]:
        options = self._pipeline.options
        known: Known = {}

        def publish(wanted: Sequence[Source], manner: Manner) -> Sequence[Printed] | None:
            record = self._publish(wanted, slim, manner, place, known)
            return None if record is None else _printed(record, wanted, slim)

        return blocks.Publisher(
            find=lambda name: self._find(name, place),
            publish=publish,
            is_foreign=lambda name: not self._pipeline.sources.is_ours(name),
            moves=bool(options.name_prefix),
        )

    def _find(self, name: str, place: Place | None, fate: str = "the given URL is printed") -> Source | None:
        """The original of a name, or None with one warning; silently None for another host."""
        known = self._sources.get(name)
        if known is not None:
            return known
        if not self._pipeline.sources.is_ours(name) or self._is_resting(name):
            return None
        try:
            found = self._pipeline.sources.find(name)
        except SourceError as error:
            self._rest(name)
            self._complaints.say(place, f"{error}; {fate}")
            return None
        if not self._recheck:
            remember(self._sources, name, found)
        return found

    def _publish(
        self, wanted: Sequence[Source], slim: bool, manner: Manner, place: Place | None, known: Known
    ) -> Record | None:
        """Publish a run of originals once; None with one warning when it cannot be done now."""
        key = _Run(tuple(source.name for source in wanted), slim, manner)
        last = self._records.get(key)
        if last is not None and not (self._recheck and not self._pipeline.freshness.is_current(last, known)):
            return last
        if self._is_resting(key):
            return None
        try:
            record = self._pipeline.publish(wanted, slim=slim, manner=manner, known=known)
        except Exception as error:  # noqa: BLE001 (a page never fails for what it is decorated with)
            self._rest(key)
            self._complaints.say(
                place, f"{', '.join(key.names)} could not be published: {error}; the given URL is printed"
            )
            return None
        if last is not None:
            self._pipeline.withdraw(last, record)
        remember(self._records, key, record)
        return record

    def _is_resting(self, key: str | _Run) -> bool:
        return not self._recheck and self._retry_at.get(key, 0.0) > self._clock()

    def _rest(self, key: str | _Run) -> None:
        remember(self._retry_at, key, self._clock() + RETRY_SECONDS)


def _printed(record: Record, wanted: Sequence[Source], slim: bool) -> list[Printed]:
    """What a record has for the page."""
    printed = []
    position = 0
    for output in record.outputs:
        if not output.parts:
            continue
        parts = wanted[position : position + output.parts]
        position += output.parts
        file = _file(tuple(source.name for source in parts), slim, output.path)
        printed.append(Printed(output.parts, output.public, output.integrity, file))
    return printed


def _file(names: tuple[str, ...], slim: bool, path: str) -> Published:
    # The folders of the settings may be relative.
    return Published((names, slim), os.path.abspath(path))  # noqa: PTH100 (it does not follow links)


class _Run(NamedTuple):
    names: tuple[str, ...]
    slim: bool
    manner: Manner
