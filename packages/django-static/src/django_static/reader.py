"""Read an original: its text, the files it refers to, the sheets it imports."""

from __future__ import annotations

import contextlib

from . import charsets, names
from .parts import Part
from .records import Manner, Options
from .references import js
from .sources import Missing, Source, SourceError, Sources, signature, split_suffix

__all__ = ["Reader"]


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
        if manner is Manner.VERBATIM or not source.kind or (is_left_alone and source.kind == "css"):
            return part
        if is_left_alone:
            if not js.may_refer(part.data):
                return part
            part.read()
            # The modules that others import, too, must be the same ones for it; all else is found beside it.
            part.references = [each for each in part.references if each.what == "module"]
            if not part.references:
                part.is_text, part.text = False, ""
                return part
        else:
            part.read()
        if not part.is_certain:
            part.remarks.append(
                f"{source.path}: is not UTF-8, and nothing in it says what else for sure: it is published byte for byte, and to be "
                "sent without a charset; convert it to UTF-8"
            )
        if self._options.name_prefix and source.kind == "js":
            self._note_open(part)
        elif source.kind == "js":
            _note_twins(part)
        if not chain:
            self._inlined = 0
        if inline and part.is_certain and source.kind == "css":
            self._import(part, (*chain, source))
        covered = [(rule.start, rule.end) for rule in part.sheet.imports] if part.inlined else []
        for reference in part.references:
            if not reference.is_bare and not any(start <= reference.start < end for start, end in covered):
                found = self._find(part, reference.url, reference.line, reference.what)
                if found is not None:
                    part.targets[reference.start] = found
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

    def _note_open(self, part: Part) -> None:
        """Say what a script will look for at the place of the original, which is not that of published files."""
        found, source = part.found, part.source
        uncertain = [each for each in found.unknown if not each.end]
        if uncertain:
            part.problems.append(
                f"{source.path}:{uncertain[0].line}: where {uncertain[0].expression!r} ends cannot be told: it is looked for from "
                f"{self._options.name_prefix}, where only published files are"
            )
        places = [
            *((each.line, each.expression) for each in found.unknown if each.end),
            *((each.line, "import.meta" if each.is_whole else "import.meta.url") for each in found.own),
        ]
        if places:
            line, what = min(places)
            folder = source.host + source.url[: source.url.rfind("/") + 1]
            part.remarks.append(
                f"{source.path}:{line}: what {what!r} leads to is known at run time only: it is looked for from {folder}, where "
                "the originals must be served, too (staticbuild --all, collectstatic); an import map can name modules before"
            )

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
                part.problems.append(f"{part.source.path}:{rule.line}: circular import: {cycle}")
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
            problem = f"{part.source.path}:{line}: {error}; {url!r} {outcome}"
            # A source map is for those who look for faults: to visitors it makes no difference.
            notes = part.notes if what == "map" else part.problems
            if problem not in notes:
                notes.append(problem)
            return None


def _note_twins(part: Part) -> None:
    """Say where modules are imported by names that are made at run time, which are those of the originals."""
    imports = [each for each in part.found.unknown if each.what == "module"]
    if imports and not part.is_finished:
        part.remarks.append(
            f"{part.source.path}:{imports[0].line}: what {imports[0].expression!r} leads to is known at run time only: it is loaded "
            "by the name of its original, and so is all that it imports; a module of these that pages also load under its "
            "published name is there twice, with a state for each, unless {% staticimportmap %} names them"
        )
