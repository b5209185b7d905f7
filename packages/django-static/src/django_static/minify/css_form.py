"""A normal form of style sheets: two with the same one style a page alike.

What honest minifiers change is made alike: white space where it means nothing, quotes, zeros, colours, the short forms
of margins, a few keywords. All else counts, in its order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import tinycss2  # type: ignore[import-untyped]
from tinycss2 import ast

from .css_properties import written_out
from .css_values import plain, values

__all__ = ["normal_form"]

Form = tuple[Any, ...]

_BLANK = (ast.WhitespaceToken, ast.Comment)
_TIGHT = (",", ">", "~", "+", "||")
_RAW = re.compile(
    r""""(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|url\([^)]*\)?|(?:\\[0-9a-f]{1,6}\s?|\\.|[^\s(){}\[\],;:!'"/\\])+""",
    re.IGNORECASE | re.DOTALL,
)


def normal_form(text: str) -> list[Form]:
    """The rules of a style sheet in their one form."""
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    lines = re.split("\r\n|[\n\r\f]", text)
    forms = [_rule(rule, lines) for rule in rules]
    head = max((number for number, rule in enumerate(rules) if _belongs_to_head(rule)), default=0)
    # Where nothing else is before it, an empty rule is why what follows does not count.
    return [
        form for number, rule in enumerate(forms) for form in rule or ([("empty",)] if number < head else [])
    ]


def _belongs_to_head(rule: ast.Node) -> bool:
    return isinstance(rule, ast.AtRule) and rule.lower_at_keyword in ("import", "namespace")


def _rule(rule: ast.Node, lines: list[str]) -> list[Form]:
    if isinstance(rule, ast.QualifiedRule):
        content = _block(rule.content, lines)
        return [("rule", _selector(rule.prelude), content)] if content else []
    if isinstance(rule, ast.AtRule):
        name = rule.lower_at_keyword
        prelude = _prelude(name, rule.prelude)
        if rule.content is None:
            return [("at", name, prelude)]
        content = _block(rule.content, lines)
        return [] if name == "media" and not content else [("at", name, prelude, content)]
    if isinstance(rule, ast.Declaration):
        return [_declaration(rule, lines)]
    return [("error",)] if isinstance(rule, ast.ParseError) else []


def _block(content: Sequence[ast.Node], lines: list[str]) -> list[Form]:
    inner = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return [form for rule in inner for form in _rule(rule, lines)]


# Preludes


def _prelude(name: str, tokens: Sequence[ast.Node]) -> list[Form]:
    if name in ("import", "charset", "namespace"):
        forms = values("", tokens)
        if name != "charset":
            forms = [("url", form[1]) if form[0] == "string" else form for form in forms]
        return forms
    if name == "scope":
        # Parentheses hold selectors here, and a condition elsewhere.
        return [("scope", " ".join(tinycss2.serialize(tokens).split()))]
    return _selector(tokens)


def _selector(tokens: Sequence[ast.Node], *, condition: bool = False) -> list[Form]:
    """A selector or condition; white space means a descendant, but not beside a combinator or a comma."""
    forms: list[Form] = []
    for token in tokens:
        if isinstance(token, ast.Comment):
            continue
        if isinstance(token, ast.WhitespaceToken):
            if forms and forms[-1] != (" ",) and not _is_tight(forms[-1], condition):
                forms.append((" ",))
            continue
        form = _selector_token(token)
        if _is_tight(form, condition) and forms and forms[-1] == (" ",):
            forms.pop()
        forms.append(form)
    while forms and forms[-1] == (" ",):
        forms.pop()
    return forms


def _is_tight(form: Form, condition: bool) -> bool:
    """Whether white space beside a token means nothing: ``a > b``, ``(width : 1px)``, but not ``a :hover``."""
    if form[0] != "literal":
        return False
    return form[1] in _TIGHT or (condition and form[1] in (":", "<", "=", "<=", ">="))


def _selector_token(token: ast.Node) -> Form:
    if isinstance(token, ast.SquareBracketsBlock):
        # [href="x"] is [href=x]
        inner = [part for part in token.content if not isinstance(part, _BLANK)]
        return ("[", *(("word", part.value) if _is_word(part) else _selector_token(part) for part in inner))
    if isinstance(token, ast.ParenthesesBlock):
        return ("(", *_selector(token.content, condition=True))
    if isinstance(token, ast.FunctionBlock):
        return ("function", token.lower_name, *_selector(token.arguments))
    if isinstance(token, ast.LiteralToken):
        return ("literal", token.value)
    return plain(token)


def _is_word(token: ast.Node) -> bool:
    return isinstance(token, ast.StringToken | ast.IdentToken)


# Declarations


def _declaration(declaration: ast.Declaration, lines: list[str]) -> Form:
    name = declaration.lower_name
    if declaration.name.startswith("--"):
        return ("custom", declaration.name, declaration.important, _custom(declaration.value, lines))
    return ("declaration", name, declaration.important, written_out(name, values(name, declaration.value)))


def _custom(tokens: Sequence[ast.Node], lines: list[str]) -> list[Form]:
    """The value of a custom property, which scripts may read as it is written.

    Only white space at its ends means nothing, and how much there is between two words.
    """
    parts = list(tokens)
    while parts and isinstance(parts[0], _BLANK):
        parts.pop(0)
    while parts and isinstance(parts[-1], _BLANK):
        parts.pop()
    forms: list[Form] = []
    for part in parts:
        if not isinstance(part, ast.Comment):
            form = _as_written(part, lines)
            if form != (" ",) or forms[-1:] != [form]:  # a comment may have stood in between
                forms.append(form)
    return forms


def _as_written(token: ast.Node, lines: list[str]) -> Form:
    if isinstance(token, ast.WhitespaceToken):
        return (" ",)
    inner = (
        getattr(token, "content", None) if token.type.endswith("block") else getattr(token, "arguments", None)
    )
    raw = _RAW.match("\n".join(lines[token.source_line - 1 :][:20]), token.source_column - 1)
    written = raw[0] if raw else token.serialize()
    return (token.type, written, *_custom(inner, lines)) if inner is not None else (token.type, written)
