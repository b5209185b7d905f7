# mypy: disable-error-code="import-not-found"
# (Brotli is installed in the races' own environment only)
"""The work that every contestant does: minify all files of a kind, with the engines that it has for it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from harness.contestant import Operation
from races.static_minify import modern
from races.static_minify.corpus import FILES, Text, texts, tree_of_this_race

if TYPE_CHECKING:
    from tree_sitter import Parser

__all__ = ["Minify", "operations", "still_parses"]

Minify = Callable[[str], str]

_BROTLI_QUALITY = 11


def operations(js: Minify, css: Minify) -> dict[str, Operation]:
    """An operation for each kind. A minifier that raises leaves the file as it was."""
    tree = tree_of_this_race()
    return {
        kind: _operation(_Work(kind, texts(tree, kind, FILES[kind]), minify))
        for kind, minify in (("js", js), ("css", css))
    }


def _operation(work: _Work) -> Operation:
    return Operation(
        run=work.run,
        units=sum(len(each.text.encode()) for each in work.corpus),
        turns=1,
        gauges=work.gauges,
        check=work.check,
    )


@dataclass
class _Work:
    """All files of one kind."""

    kind: str
    corpus: list[Text]
    minify: Minify
    results: list[tuple[Text, str]] = field(default_factory=list)

    def run(self, loops: int) -> None:
        """Minify every file."""
        for _ in range(loops):
            self.results = [(each, self._minified(each.text)) for each in self.corpus]

    def _minified(self, text: str) -> str:
        try:
            return self.minify(text)
        except Exception:  # noqa: BLE001 (who refuses publishes the original)
            return text

    def gauges(self) -> dict[str, float]:
        """How small the files get, and how many are published as they were."""
        return {
            "bytes": sum(len(text.encode()) for _, text in self.results),
            "kept": sum(1 for each, text in self.results if len(text) >= len(each.text)),
        }

    def check(self) -> dict[str, float]:
        """The bytes that travel, and what is broken."""
        results = [text for _, text in self.results]
        found: dict[str, float] = {
            "gzip": sum(len(gzip.compress(text.encode(), 9, mtime=0)) for text in results),
            **_in_brotli(results),
        }
        if self.kind == "js":
            found["unparsed"] = sum(
                1 for each, text in self.results if still_parses(each.text) and not still_parses(text)
            )
            node_path = modern.node()
            if node_path is not None:
                judgement = modern.judge(self.minify, node_path)
                found |= {"judged": judgement.judged, "broken": len(judgement.broken)}
        return found


def _in_brotli(results: list[str]) -> dict[str, float]:
    """Nothing where Brotli is not installed, as it is for the races."""
    try:
        import brotli  # type: ignore[import-untyped]
    except ImportError:
        return {}
    return {"brotli": sum(len(brotli.compress(text.encode(), quality=_BROTLI_QUALITY)) for text in results)}


def still_parses(script: str) -> bool:
    """Whether a script is read without an error, by a reader that is no contestant's."""
    return not _parser().parse(script.encode()).root_node.has_error


@cache
def _parser() -> Parser:
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_javascript.language()))
