"""Read an original: its text, the files it refers to, the sheets it imports."""

from __future__ import annotations

import contextlib

from . import at_run_time, charsets, names
from .parts import Part
from .records import Manner, Options
from .sources import Missing, Source, SourceError, Sources, signature, split_suffix

__all__ = ["Reader"]

#: One of them is in every module that imports others.
_MODULE_WORDS = (b"import", b"export")


#: Sheets that are put into one: each more is imported as it is. Two that import the next one twice, and so on, would be
#: a billion after thirty, and a chain of a thousand is deeper than Python's stack.
_MOST_INLINED = 1000
_DEEPEST = 50


class Reader:
    """Reads originals; what is wrong with them is noted in the part and stops nothing."""

    def __init__(self, sources: Sources, options: Options) -> None:
        self._sources = sources
        self._options = options
        self._inlined = 0

    def read(
        self,
        source: Source,
        *,
        manner: Manner = Manner.USUAL,
        inline: bool = False,
        chain: tuple[Source, ...] = (),
    ) -> Part:
        """Read a file; with ``inline`` also the style sheets it imports, as far as all of them can be put in its place.

        Raises:
            OSError: the file vanished or cannot be read.
        """
        # The signature comes first: a change while we read then shows at the next look.
        seen = signature(source.path)
        if seen is None:
            raise FileNotFoundError(f"{source.path} vanished")
        part = Part(source, seen)
        part.is_finished = manner is not Manner.TOGETHER and names.is_hashed(
            source.url, self._options.hashed_names
        )
        # What a bundler has finished is looked into only where its files would not be found beside it.
        is_left_alone = part.is_finished and not self._options.name_prefix
        if manner is Manner.VERBATIM or not source.kind:
            return part
        if not is_left_alone:
            part.read()
        elif source.kind == "js" and any(word in part.data for word in _MODULE_WORDS):
            part.read_imports()
        if not part.is_readable:
            part.remarks.append(
                part.notice(
                    "is not UTF-8, and nothing in it says what else for sure: it is published byte for byte, and to be sent "
                    "without a charset; convert it to UTF-8"
                )
            )
        if is_left_alone and not part.references:
            return part
        if source.kind == "js" and not is_left_alone:
            at_run_time.note(part, self._options)
        if not chain:
            self._inlined = 0
        if inline and part.is_certain and source.kind == "css":
            self._import(part, (*chain, source))
        covered = [(rule.start, rule.end) for rule in part.sheet.imports] if part.inlined else []
        known: dict[str, Source] = {}
        for reference in part.references:
            if not reference.is_bare and not any(start <= reference.start < end for start, end in covered):
                found = known.get(reference.url)
                if found is None:  # each that leads nowhere is told of with its line
                    found = self._find(part, reference.url, reference.line, reference.what)
                if found is not None:
                    known[reference.url] = part.targets[reference.start] = found
        for told in (part.problems, part.notes):
            told[:] = dict.fromkeys(told)  # once for all: a sheet may have a hundred thousand
        if source.kind == "css":
            at_run_time.leave_what_scripts_look_for(part, self._sources)
        if part.is_foreign and source.kind == "css" and not charsets.is_wide(part.data):
            self._see_imports(part)
        return part

    def _see_imports(self, part: Part) -> None:
        """Leave a sheet in its encoding if one that it imports relies on that (CSS Syntax Level 3, 3.2)."""
        for reference in part.references:
            target = part.targets.get(reference.start)
            if target is None or reference.what != "import" or target.kind != "css":
                continue
            with contextlib.suppress(OSError):
                if not charsets.decoded(target.path.read_bytes(), "css").is_certain:
                    part.keep_bytes()
                    return

    def _import(self, part: Part, chain: tuple[Source, ...]) -> None:
        if part.sheet.is_unsure or part.sheet.has_namespace:
            return  # its @import and @namespace rules count where they are, and would not behind other rules
        inlined: dict[int, Part | None] = {}
        for rule in part.sheet.imports:
            self._inlined += 1
            if len(chain) > _DEEPEST or self._inlined > _MOST_INLINED:
                return
            found = self._find(part, rule.url, rule.line, "import")
            if found is None or found.kind != "css":
                return
            if found.path in [source.path for source in chain]:
                cycle = " -> ".join([*(source.name for source in chain), found.name])
                part.problems.append(part.notice(f"circular import: {cycle}", rule.line))
                inlined[rule.start] = None
                continue
            try:
                inner = self.read(found, inline=True, chain=chain)
            except OSError:
                return
            if not inner.fits_anywhere or not (inner.sheet.fits_block or not rule.wrappers):
                return
            inlined[rule.start] = inner
        part.inlined = inlined

    def _find(self, part: Part, url: str, line: int, what: str) -> Source | None:
        name = part.resolve(url)
        if name is None or split_suffix(url.strip())[0].rpartition("/")[2] in ("", ".", ".."):
            return None  # a folder is a base for names that are made at run time
        try:
            return self._sources.find(name)
        except SourceError as error:
            if isinstance(error, Missing):
                part.missing.append(name)
            # A relative one is named from the root where the file moves.
            outcome = "stays as it is" if url.strip().startswith("/") else f"goes on meaning {name}"
            problem = part.notice(f"{error}; {url!r} {outcome}", line)
            # A source map is for those who look for faults: to visitors it makes no difference.
            (part.notes if what == "map" else part.problems).append(problem)
            return None
