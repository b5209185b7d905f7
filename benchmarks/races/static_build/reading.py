# mypy: disable-error-code="import-untyped"
# (tinycss2 has no types)
"""Read what a style sheet or a script refers to: an independent reading, which shares no code with any contestant.

Style sheets are read with tinycss2, scripts with tree-sitter. Found is what a browser would fetch, as it stands there; what
is in comments and strings is none of it, except for the source map that the last line names.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from tree_sitter import Parser, Query

__all__ = ["KINDS", "references", "target"]

KINDS = {".css": "css", ".js": "js", ".mjs": "js"}
"""The files that are read, by the end of their names."""

_MODULE = """
(import_statement source: (string) @module)
(export_statement source: (string) @module)
(call_expression function: (import) arguments: (arguments . (string) @module))
(new_expression
  constructor: (identifier) @class
  arguments: (arguments . (string) @asset . (member_expression object: (meta_property)))
  (#eq? @class "URL"))
"""
_SCRIPT_MAP = re.compile(r"//[#@][ \t]*sourceMappingURL=(\S+)")
_STYLE_MAP = re.compile(r"[#@]\s*sourceMappingURL=(\S+)")
_SETS = {"image-set", "-webkit-image-set"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}|\r?\n|(.))", re.DOTALL)


def references(content: bytes, kind: str) -> list[str]:
    """The references in a style sheet (``css``) or a script (``js``), in the order of the text."""
    return list(_of_style(content) if kind == "css" else _of_script(content))


def target(name: str, reference: str, static_url: str = "/static/") -> str | None:
    """The file that a reference in the file ``name`` means; None where it is not one of the site's own files.

    A path that leads out of the site's files is none of them.
    """
    parts = urlsplit(reference.strip())
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = unquote(parts.path)
    if path.startswith("/"):
        return posixpath.normpath(path.removeprefix(static_url)) if path.startswith(static_url) else None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    return None if joined.startswith("..") else joined


def _of_style(content: bytes) -> Iterator[str]:
    import tinycss2

    lowered = content.lower()
    # The reader is slow: what can't hold a reference is left to nobody.
    if not any(word in lowered for word in (b"url", b"import", b"image-set", b"src(", b"\\")):
        return
    text = content.decode("utf-8-sig", errors="replace")
    yield from _in_values(tinycss2.parse_component_value_list(text))


def _in_values(values: list[Any]) -> Iterator[str]:
    imported = False
    for value in values:
        if value.type == "comment":
            found = _STYLE_MAP.search(value.value)
            if found and value.value.startswith(("#", "@")):
                yield found[1]
            continue
        if value.type == "whitespace":
            continue
        if value.type == "url" or (imported and value.type == "string"):
            yield value.value
        elif value.type == "function":
            yield from _in_function(value)
        elif value.type.endswith("block"):
            yield from _in_values(value.content)
        imported = value.type == "at-keyword" and value.lower_value == "import"


def _in_function(function: Any) -> Iterator[str]:
    strings = [argument.value for argument in function.arguments if argument.type == "string"]
    if function.lower_name in {"url", "src"}:
        yield from strings[:1]
    elif function.lower_name in _SETS:
        yield from strings
        yield from _in_values(
            [argument for argument in function.arguments if argument.type in {"url", "function"}]
        )
    else:
        yield from _in_values(function.arguments)


def _of_script(content: bytes) -> Iterator[str]:
    if b"import" in content or (b"export" in content and b"from" in content):
        yield from _in_module(content)
    lines = content.decode("utf-8", errors="replace").rstrip().splitlines()
    found = _SCRIPT_MAP.match(lines[-1].strip()) if lines else None
    if found:
        yield found[1]


def _in_module(content: bytes) -> Iterator[str]:
    from tree_sitter import QueryCursor

    parser, query = _reader()
    captures = QueryCursor(query).captures(parser.parse(content).root_node)
    nodes = [(node.start_byte, what, node) for what in ("module", "asset") for node in captures.get(what, ())]
    for _, what, node in sorted(nodes, key=lambda found: found[0]):
        text = _unescaped((node.text or b"").decode("utf-8", errors="replace")[1:-1])
        # A bare specifier is a name in an import map or of a package, and no path.
        if what == "asset" or text.startswith(("./", "../", "/")):
            yield text


@cache
def _reader() -> tuple[Parser, Query]:
    import tree_sitter_javascript
    from tree_sitter import Language, Parser, Query

    language = Language(tree_sitter_javascript.language())
    return Parser(language), Query(language, _MODULE)


def _unescaped(text: str) -> str:
    def replacement(found: re.Match[str]) -> str:
        number = found[1] or found[2] or found[3]
        if number:
            return chr(int(number, 16))
        return _ESCAPES.get(found[4] or "", found[4] or "")

    return _ESCAPE.sub(replacement, text) if "\\" in text else text
