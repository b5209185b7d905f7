"""A normal form of style sheets: two with the same one style a page alike.

What honest minifiers change is made alike: white space where it means nothing, quotes, zeros, colours, the short forms
of margins, a few keywords. All else counts, in its order.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import tinycss2  # type: ignore[import-untyped]
from tinycss2 import ast, color4

from .css_properties import GENERIC, written_out

__all__ = ["normal_form"]

Form = tuple[Any, ...]

_BLANK = (ast.WhitespaceToken, ast.Comment)
_LENGTHS = frozenset(
    ["px", "em", "rem", "ex", "ch", "vw", "vh", "vmin", "vmax", "cm", "mm", "in", "pt", "pc", "q"]
)
#: Where a zero without a unit is another thing than one with it.
_MATH = frozenset(
    [
        "calc",
        "min",
        "max",
        "clamp",
        "round",
        "mod",
        "rem",
        "abs",
        "sign",
        "hypot",
        "sqrt",
        "pow",
        "exp",
        "log",
        "var",
        "env",
        "minmax",
        "fit-content",
        "attr",
        "if",
    ]
)
_TIGHT = (",", ">", "~", "+", "||")
_UNITS_COUNT = (
    "flex",
    "flex-basis",
    "-webkit-flex",
    "-ms-flex",
    "tab-size",
    "line-height-step",
    "initial-value",
)
_COLOURLESS = (
    "animation",
    "animation-name",
    "font",
    "font-family",
    "content",
    "counter-reset",
    "will-change",
    "src",
)
_WEIGHTS = {"bold": 700.0, "normal": 400.0}
frozenset(
    [
        "serif",
        "sans-serif",
        "monospace",
        "cursive",
        "fantasy",
        "system-ui",
        "ui-serif",
        "ui-sans-serif",
        "ui-monospace",
        "ui-rounded",
        "math",
        "emoji",
        "fangsong",
        "inherit",
        "initial",
        "unset",
        "revert",
        "revert-layer",
        "default",
        "none",
        "auto",
    ]
)
_ROUNDED = 5


def normal_form(text: str) -> list[Form]:
    """The rules of a style sheet in their one form."""
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    return [form for rule in rules for form in _rule(rule)]


def _rule(rule: ast.Node) -> list[Form]:
    if isinstance(rule, ast.QualifiedRule):
        content = _block(rule.content)
        return [("rule", _selector(rule.prelude), content)] if content else []
    if isinstance(rule, ast.AtRule):
        name = rule.lower_at_keyword
        prelude = _prelude(name, rule.prelude)
        if rule.content is None:
            return [("at", name, prelude)]
        content = _block(rule.content)
        return [] if name == "media" and not content else [("at", name, prelude, content)]
    if isinstance(rule, ast.Declaration):
        return [_declaration(rule)]
    return [("error",)] if isinstance(rule, ast.ParseError) else []


def _block(content: Sequence[ast.Node]) -> list[Form]:
    inner = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return [form for rule in inner for form in _rule(rule)]


# Preludes


def _prelude(name: str, tokens: Sequence[ast.Node]) -> list[Form]:
    if name in ("import", "charset", "namespace"):
        forms = _values("", tokens)
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
    return _plain(token)


def _is_word(token: ast.Node) -> bool:
    return isinstance(token, ast.StringToken | ast.IdentToken)


# Declarations


def _declaration(declaration: ast.Declaration) -> Form:
    name = declaration.lower_name
    if declaration.name.startswith("--"):
        return ("custom", declaration.name, declaration.important, _custom(declaration.value))
    return ("declaration", name, declaration.important, written_out(name, _values(name, declaration.value)))


def _custom(tokens: Sequence[ast.Node]) -> list[Form]:
    """The value of a custom property, which scripts may read: only white space at its ends means nothing."""
    parts = list(tokens)
    while parts and isinstance(parts[0], _BLANK):
        parts.pop(0)
    while parts and isinstance(parts[-1], _BLANK):
        parts.pop()
    return [
        (type(part).__name__, " " if isinstance(part, ast.WhitespaceToken) else part.serialize())
        for part in parts
        if not isinstance(part, ast.Comment)
    ]


def _values(name: str, tokens: Sequence[ast.Node], function: str = "") -> list[Form]:
    """Values without white space, which the borders of the tokens say; in sums it is part of the operator."""
    forms: list[Form] = []
    kept = [token for token in tokens if not isinstance(token, ast.Comment)]
    for number, token in enumerate(kept):
        if isinstance(token, ast.WhitespaceToken):
            continue
        if isinstance(token, ast.LiteralToken):
            spaced = token.value in ("+", "-") and (
                number > 0
                and isinstance(kept[number - 1], ast.WhitespaceToken)
                and number + 1 < len(kept)
                and isinstance(kept[number + 1], ast.WhitespaceToken)
            )
            forms.append(
                ("literal", token.value, spaced) if token.value in "+-" else ("literal", token.value)
            )
        else:
            forms.append(_value(name, token, function))
    return forms


def _value(name: str, token: ast.Node, function: str) -> Form:
    colour = _colour(token) if name and name not in _COLOURLESS and function not in ("var", "env") else None
    if colour is not None:
        return colour
    if isinstance(token, ast.FunctionBlock):
        if token.lower_name in ("url", "src") and (strings := _strings(token.arguments)):
            return _url(strings[0])
        within = token.lower_name if token.lower_name in _MATH else function
        return ("function", token.lower_name, *_values(name, token.arguments, within))
    if isinstance(token, ast.ParenthesesBlock | ast.SquareBracketsBlock | ast.CurlyBracketsBlock):
        return (type(token).__name__, *_values(name, token.content, function))
    if isinstance(token, ast.DimensionToken):
        unit = token.lower_unit
        if token.value == 0 and unit in _LENGTHS and name not in _UNITS_COUNT and not function and name:
            return ("number", 0.0)
        return ("dimension", _number(token), unit)
    if isinstance(token, ast.IdentToken) and name and function not in ("var", "env"):
        return _keyword(name, token)
    return _plain(token)


def _keyword(name: str, token: ast.IdentToken) -> Form:
    word = token.lower_value
    if word in _WEIGHTS and (name == "font-weight" or (name == "font" and word == "bold")):
        return ("number", _WEIGHTS[word])
    if name == "font-family":
        return ("word", word)
    return ("ident", token.value if word not in GENERIC else word)


def _strings(tokens: Sequence[ast.Node]) -> list[str]:
    return [token.value for token in tokens if isinstance(token, ast.StringToken)]


def _plain(token: ast.Node) -> Form:
    if isinstance(token, ast.NumberToken):
        return ("number", _number(token))
    if isinstance(token, ast.PercentageToken):
        return ("percentage", _number(token))
    if isinstance(token, ast.DimensionToken):
        return ("dimension", _number(token), token.lower_unit)
    if isinstance(token, ast.URLToken):
        return _url(token.value)
    if isinstance(token, ast.UnicodeRangeToken):
        return ("range", token.start, token.end)
    if isinstance(token, ast.StringToken):
        return ("string", token.value)
    if isinstance(token, ast.HashToken):
        return ("hash", token.value)
    return (
        token.type,
        getattr(token, "value", None),
        token.serialize() if not hasattr(token, "value") else "",
    )


def _number(token: ast.Node) -> float:
    return round(float(token.value), _ROUNDED) + 0.0


def _colour(token: ast.Node) -> Form | None:
    if not isinstance(token, ast.IdentToken | ast.HashToken | ast.FunctionBlock):
        return None
    found = color4.parse_color(token)
    if found is None or found == "currentcolor":
        return None
    if found.space not in ("srgb", "hsl", "hwb") or (
        isinstance(token, ast.FunctionBlock) and found.space == "color"
    ):
        return None
    if None in found.coordinates:
        return None
    red, green, blue, alpha = found.to("srgb")
    return ("colour", *(round(part * 255) for part in (red, green, blue)), round(alpha, 3))


def _url(url: str) -> Form:
    if url[:5].lower() != "data:":
        return ("url", url)
    head, comma, body = url[5:].partition(",")
    head = "".join(head.lower().split())
    try:
        data = (
            base64.b64decode(unquote_to_bytes(body)) if head.endswith(";base64") else unquote_to_bytes(body)
        )
    except (ValueError, binascii.Error):
        return ("url", url)
    kind = head.removesuffix(";base64")
    return ("data", "" if kind in ("text/plain", "text/plain;charset=us-ascii") else kind, bool(comma), data)
