"""The bytes that files are published with: references as they must read there, minified, several in one, with a source map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from . import combined_map, joining, kinds, names
from .joining import Joined
from .kinds import Slimmed, is_minified
from .naming import Naming
from .parts import Part
from .records import Options

__all__ = ["Chart", "Group", "Renderer", "Slimmer"]

#: What minifies a text of a kind by a chain of engines; see :func:`django_static.minify.slim`.
Slimmer = Callable[[str, str, Sequence[str]], Slimmed]
#: Parts that go into one file.
Group = list[Part]


class Chart(NamedTuple):
    """A source map and the URL path it will have."""

    url: str
    data: bytes


class Renderer:
    """Renders parts of which all that they refer to has been published; notes problems in them."""

    def __init__(
        self, options: Options, naming: Naming, slimmer: Slimmer, *, slim: bool, most: int | None
    ) -> None:
        """Without ``slim`` only modules are minified that all share; ``most`` is how many characters, None for all."""
        self._options = options
        self._naming = naming
        self._slimmer = slimmer
        self._slim = slim
        self._most = most
        self._slimmed_so_far = 0
        self._has_told = False
        #: Whether a part is minified, which is the same each time that it is rendered: names may stand for what it was first.
        self._is_slimmed: dict[Part, bool] = {}
        #: The source maps of joined files, by their first parts.
        self.charts: dict[Part, Chart] = {}

    def data(self, group: Group, folder: str) -> bytes | None:
        """The bytes of a group as seen from a folder; None when they are those of the only original."""
        if len(group) == 1 and not group[0].is_text:
            return None
        moved = bool(self._options.name_prefix)
        rendered = [part.render(folder, self._options.name_prefix, moved=moved) for part in group]
        texts = [
            self._slimmed(part, text) if self._slim or part.is_shared else text
            for part, text in zip(group, rendered, strict=True)
        ]
        if len(group) > 1:
            joined = joining.join(group, texts)
            return joined.encode(self._map(group, rendered, texts, joined, folder))
        is_same = texts[0] == group[0].text and not group[0].is_foreign
        return None if is_same else group[0].encode(texts[0])

    def _map(
        self, group: Group, rendered: Sequence[str], texts: Sequence[str], joined: Joined, folder: str
    ) -> str:
        """Make the source map of a joined file, and the comment that names it.

        The map does not name the file, and its own name is made of its content: so neither waits for the other's name.
        """
        self.charts.pop(group[0], None)
        if not self._options.source_maps:
            return ""
        slash = "" if folder.endswith("/") else "/"
        place = f"{self._options.name_prefix}{folder}{slash}"
        data = combined_map.map_of(group, rendered, texts, joined, place)
        if data is None:
            return ""
        mark = names.mark_of(names.content_digest(data))
        name = self._naming.of_map(group, mark)
        self.charts[group[0]] = Chart(f"{folder}{slash}{name}", data)
        return combined_map.comment(group[0].source.kind, names.quoted(name))

    def _slimmed(self, part: Part, text: str) -> str:
        kind = part.source.kind
        if not part.is_certain or part.is_finished or is_minified(part.source.name):
            return text
        if not self._may_slim(part, text):
            return text
        result = self._slimmer(text, kind, self._options.minifiers[kind])
        if result.problem:
            problem = part.notice(f"published without minifying: {result.problem}")
            if problem not in part.problems:
                part.problems.append(problem)
        return result.text

    def _may_slim(self, part: Part, text: str) -> bool:
        """Whether there is room for one more text; a long one that the slimmer leaves as it is takes none."""
        known = self._is_slimmed.get(part)
        if known is None:
            size = len(text) if len(text) <= kinds.LONGEST_AT_ONCE else 0
            known = self._is_slimmed[part] = self._most is None or self._slimmed_so_far + size <= self._most
            if known:
                self._slimmed_so_far += size
            elif not self._has_told:
                self._has_told = True
                part.problems.append(
                    part.notice(
                        "this file, and others that are loaded with it, are published without minifying: more than "
                        f"{self._most:,} characters at once take too long to judge while a page waits: minify them ahead, with "
                        "'manage.py staticbuild'"
                    )
                )
        return known
