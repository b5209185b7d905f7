"""What stands in templates between tags and variables, whatever the engine."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.template import Engine
from django.template import engines as project_engines
from django.template.base import Lexer, TokenType

from .engine_titles import EngineTitles
from .listing import names

__all__ = ["HOLE", "Literal", "literals"]

#: Stands for a tag or variable: a character for private use, which means nothing in HTML, CSS and JavaScript.
HOLE = "\ue000"


@dataclass(frozen=True, slots=True)
class Literal:
    """The text of a template; each tag and variable in it is a :data:`HOLE`."""

    template: str
    #: As in :class:`django_static.answers.Place`.
    engine: str
    text: str
    #: Where each piece of it begins, and the line of the template it begins in.
    starts: tuple[int, ...]
    lines: tuple[int, ...]

    @classmethod
    def of(cls, template: str, engine: str, pieces: Iterable[tuple[int, str]]) -> Literal:
        """Put pieces together, each given with its line."""
        texts: list[str] = []
        starts: list[int] = []
        lines: list[int] = []
        length = 0
        for line, text in pieces:
            starts.append(length)
            lines.append(line)
            texts.append(text)
            length += len(text)
        return cls(template, engine, "".join(texts), tuple(starts), tuple(lines))

    def line(self, offset: int) -> int:
        """The line of the template, from 1, that an offset of the text lies in."""
        number = bisect.bisect_right(self.starts, offset) - 1
        return self.lines[number] + self.text.count("\n", self.starts[number], offset)


def literals(engines: Iterable[Any] | None = None) -> Iterator[Literal]:
    """The text of every template that some engines can load, all of the project by default.

    A template that cannot be read is left out: that, and why, is told by whoever compiles it.
    """
    backends = list(project_engines.all() if engines is None else engines)
    titles = EngineTitles(backends)
    for number, backend in enumerate(backends):
        engine = getattr(backend, "engine", backend)
        environment: Any = getattr(backend, "env", None)
        texts: Iterable[tuple[str, list[tuple[int, str]]]] = ()
        if isinstance(engine, Engine):
            texts = _of_django(engine)
        elif environment is not None:
            texts = _of_jinja(environment)
        for name, pieces in texts:
            yield Literal.of(name, titles.of(number, name), pieces)


def _of_django(engine: Engine) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    for name in names(engine, lambda note: None, tagless=True):
        text = _source(engine, name)
        if text is not None and "\0" not in text:
            yield name, list(_pieces_of_django(text))


def _source(engine: Engine, name: str) -> str | None:
    for loader in engine.template_loaders:
        try:
            for origin in loader.get_template_sources(name):
                return str(loader.get_contents(origin))  # type: ignore[attr-defined]  # (of every loader but the abstract one)
        except Exception:  # noqa: BLE001, S112 (the next loader may have it; loaders of others may raise anything)
            continue
    return None


def _pieces_of_django(text: str) -> Iterator[tuple[int, str]]:
    commented = False
    for token in Lexer(text).tokenize():
        if token.token_type is TokenType.BLOCK and token.contents.split()[:1] in (
            ["comment"],
            ["endcomment"],
        ):
            commented = token.contents.startswith("comment")
        elif not commented and token.token_type is not TokenType.COMMENT:
            is_text = token.token_type is TokenType.TEXT
            yield token.lineno or 0, token.contents if is_text else HOLE


def _of_jinja(environment: Any) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    from .jinja_listing import names

    for name in names(environment, lambda note: None):
        try:
            source = environment.loader.get_source(environment, name)[0]
            pieces = list(_pieces_of_jinja(environment, source))
        except Exception:  # noqa: BLE001, S112 (loaders of others may raise anything)
            continue
        yield name, pieces


def _pieces_of_jinja(environment: Any, source: str) -> Iterator[tuple[int, str]]:
    is_hole = False
    for line, kind, text in environment.lex(source):
        if kind == "data":
            is_hole = False
            yield line, text
        elif kind.startswith(("comment", "linecomment")):
            continue
        elif not is_hole:
            is_hole = True
            yield line, HOLE
