"""One original as a part of what is published: its text, and what it refers to."""

from __future__ import annotations

import codecs
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from . import charsets, names, output
from .notice import Notice
from .references import css, js, splice
from .references.reference import Reference, quote_for
from .sources import Source, is_foreign, split_suffix

__all__ = ["Part", "without_charset"]

#: Each begins with what it is searched for by, which is ten times as fast as a border of words.
_MODULE_WORDS = tuple(re.compile(rf"{word}(?<!\w{word})(?!\w)") for word in ("import", "export"))
_MODULE_STATEMENTS = ("import_statement", "export_statement")


_NOTHING_FOUND = js.Found()


@dataclass(eq=False)
class Part:
    """A file on its way, and what has been learnt about it."""

    source: Source
    #: The state of the file, taken before it was read.
    seen: tuple[int, int, int]
    #: The modification time of this file, or of the newest that it holds or refers to, in epoch seconds.
    newest: int = 0
    text: str = ""
    is_text: bool = False
    #: Whether a bundler has given it its name, and all that can be done to it.
    is_finished: bool = False
    #: False for bytes of an unknown encoding, kept one to one by way of latin-1.
    is_certain: bool = True
    has_bom: bool = False
    #: Whether it is a module that has one form for all who import it, which is that of ``slimfile``.
    is_shared: bool = False
    #: Whether the original is in another encoding than UTF-8, which is what is published.
    is_foreign: bool = False
    references: list[Reference] = field(default_factory=list)
    #: All that a script refers to.
    found: js.Found = _NOTHING_FOUND
    #: The files that are referred to, by the position of the reference.
    targets: dict[int, Source] = field(default_factory=dict)
    #: References that lead nowhere, and what is to be said of them.
    missing: list[str] = field(default_factory=list)
    problems: list[Notice] = field(default_factory=list)
    notes: list[Notice] = field(default_factory=list)
    #: What is no mistake, and good to know.
    remarks: list[Notice] = field(default_factory=list)
    #: What replaces a reference, by its position: URL paths of published files.
    links: dict[int, str] = field(default_factory=dict)
    #: What replaces an import rule, by its position: None for one that closes a circle.
    inlined: dict[int, Part | None] = field(default_factory=dict)

    def read(self) -> None:
        """Take the file's text, decoded as a browser would, and its references.

        Raises:
            OSError: it cannot be read.
        """
        self.is_text = True
        self.text, self.is_certain, self.has_bom, self.is_foreign = charsets.decoded(
            self.data, self.source.kind
        )
        if self.source.kind == "css":
            self.references = css.references(self.text)
        else:
            self.found = js.scan(self.text)
            self.references = list(self.found.references)

    def notice(self, text: str, line: int = 0) -> Notice:
        """A line for people that begins with where in this file something is."""
        path = str(self.source.path)
        return Notice(f"{path}:{line}: {text}" if line else f"{path}: {text}", path)

    def read_imports(self) -> None:
        """Take of a finished script the modules it imports, which must be the same ones as for all others.

        All else that it refers to is found beside it, so that one without such imports stays as it is.

        Raises:
            OSError: it cannot be read.
        """
        self.read()
        self.references = [each for each in self.references if each.what == "module"]
        self.found = js.Found(has_statement=self.found.has_statement)
        if not self.references:
            self.is_text, self.text = False, ""

    def keep_bytes(self) -> None:
        """Leave the bytes of a file in an encoding of one byte to a character as they are."""
        self.text, self.is_certain, self.is_foreign = self.data.decode("latin-1"), False, False

    @property
    def stamp(self) -> int:
        """The modification time of the file in epoch seconds."""
        return self.seen[0] // 1_000_000_000

    def all(self) -> Iterator[Part]:
        """This part and those inlined in it."""
        yield self
        for inner in self.inlined.values():
            if inner is not None:
                yield from inner.all()

    def refer(self, urls: Mapping[Source, str]) -> None:
        """Let all references to these files lead to other URL paths."""
        for part in self.all():
            for start, source in part.targets.items():
                if source in urls:
                    part.links[start] = urls[source]

    @cached_property
    def sheet(self) -> css.Sheet:
        return css.read(self.text)

    @cached_property
    def script(self) -> js.Script:
        return js.read(self.text)

    @property
    def may_be_module(self) -> bool:
        """Whether a script has one of the words without which it is not one for sure."""
        return any(word.search(self.text) for word in _MODULE_WORDS)

    @cached_property
    def is_module(self) -> bool:
        """Whether a script can be nothing but a module: it has ``import`` or ``export`` statements, or ``import.meta``
        (ECMA-262, 16.2 and 13.3.12)."""
        if self.source.kind != "js" or not self.is_text or not self.may_be_module:
            return False
        kinds = {*(each.what for each in self.references), *(each.what for each in self.found.unknown)}
        if self.found.has_statement or self.found.own or "asset" in kinds:
            return True
        exported = js.has_export(self.text)
        if exported is not None:
            return exported
        # The parser takes fifty times the text in memory, and a second for some megabytes.
        statements = js.parse(self.text).root_node.named_children
        return any(each.type in _MODULE_STATEMENTS for each in statements)

    @property
    def fits_anywhere(self) -> bool:
        """Whether a style sheet may follow others in one file: its imports are inlined and nothing of it is open."""
        return (
            self.is_certain
            and self.sheet.is_closed
            and not self.sheet.has_namespace
            and not self.sheet.is_unsure
            and len(self.inlined) == len(self.sheet.imports)
        )

    @cached_property
    def data(self) -> bytes:
        """The bytes of the original; read once, so that what is published is what was named."""
        return output.read(str(self.source.path), self.seen[1])

    def resolve(self, url: str) -> str | None:
        """The name of the file a reference means, or None when it is not one of the site's own by path."""
        bare, _ = split_suffix(url.strip())
        if not bare or is_foreign(bare):
            return None
        folder = posixpath.dirname(urlsplit(self.source.name).path if self.source.host else self.source.name)
        joined = bare if bare.startswith("/") else posixpath.join(folder, bare)
        return self.source.host + _normalised(joined)

    def is_relative(self, url: str) -> bool:
        """Whether a reference means another file in another place."""
        return self.resolve(url) is not None and not url.strip().startswith("/")

    def render(self, folder: str, prefix: str, *, moved: bool) -> str:
        """The text with its references as they must read in a file of that URL folder."""
        moved = moved or folder != posixpath.dirname(self.source.url)
        changes = []
        covered = []
        if self.inlined:
            for rule in self.sheet.imports:
                inner = self.inlined[rule.start]
                content = "" if inner is None else inner.render(folder, prefix, moved=bool(prefix))
                changes.append((rule.start, rule.end, _wrapped(inner, content, rule.wrappers)))
                covered.append(range(rule.start, rule.end))
        for reference in self.references:
            if any(reference.start in span for span in covered):
                continue
            new = self._written(reference, folder, prefix, moved)
            if new is not None:
                changes.append((reference.start, reference.end, quote_for(reference, new)))
        if moved and (self.found.own or self.found.unknown):
            source = self.source
            changes += js.relocated(self.text, self.found, source.host, names.quoted(source.url))
        if self.found.looks_for_itself:
            changes += self._posed(prefix)
        return splice(self.text, changes)

    def _posed(self, prefix: str) -> list[tuple[int, int, str]]:
        if not self.is_module:
            return [js.posed(self.text, self.found, self.source.host, names.quoted(self.source.url))]
        return [js.modules_posed(self.text, self.found, prefix)] if self.found.looks_for_others else []

    def _written(self, reference: Reference, folder: str, prefix: str, moved: bool) -> str | None:
        if reference.is_bare:
            return None
        url = reference.url.strip()
        bare, suffix = split_suffix(url)
        target = self.links.get(reference.start)
        if target is not None:
            if bare.startswith("/") or (moved and self.found.hands_on_itself):
                # From the root also where a script says of itself that it lies elsewhere.
                return prefix + names.quoted(target) + suffix
            is_beside = folder == posixpath.dirname(self.source.url)
            if self.is_finished and is_beside and self.targets[reference.start].url == target:
                return None  # both keep their names, and what the bundler has written is right
            path = names.quoted(names.relative(target, folder)) + suffix
            return f"./{path}" if reference.what == "module" and not path.startswith("../") else path
        if not moved or self.resolve(url) is None or bare.startswith("/"):
            return None
        if self.is_finished and reference.what == "map":
            return None  # it is not there, and its place is not worth another name
        # What is not published stays where it is, so it is named from the root.
        return (
            names.quoted(urljoin(self.source.host + names.quoted(self.source.url), bare), again=True) + suffix
        )

    @property
    def needs_charset(self) -> bool:
        """Whether its bytes, or those of a sheet in it, became others so that they are UTF-8."""
        return any(part.is_foreign for part in self.all())

    @property
    def is_readable(self) -> bool:
        """Whether what is published of it is read right where it is said to be UTF-8."""
        return self.is_certain if self.is_text else self._is_utf8

    @cached_property
    def _is_utf8(self) -> bool:
        return charsets.is_utf8(self.data)

    def encode(self, text: str) -> bytes:
        """The bytes of a text that was made of this part; UTF-8 unless nobody knows what it is."""
        if self.needs_charset:
            return charsets.as_utf8(text, self.source.kind)
        data = text.encode("utf-8" if self.is_certain else "latin-1")
        return codecs.BOM_UTF8 + data if self.has_bom else data


def without_charset(text: str) -> str:
    """A style sheet without the rule that tells its encoding."""
    return text[css.read(text).charset_end :].lstrip() if text.startswith("@charset") else text


def _wrapped(inner: Part | None, content: str, wrappers: Sequence[str]) -> str:
    if inner is None:
        return ""
    body = without_charset(content)
    for wrapper in reversed(wrappers):
        body = f"{wrapper}{{{body}\n}}"
    return f"{body}\n"


def _normalised(path: str) -> str:
    """``/css/../img/a.png`` -> ``/img/a.png``; like a browser, what climbs above the root stays at the root."""
    normal = posixpath.normpath(path)
    if normal.startswith("//"):
        normal = normal[1:]
    while normal.startswith("../"):
        normal = normal[3:]
    return normal
