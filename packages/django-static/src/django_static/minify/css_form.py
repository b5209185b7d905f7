"""A normal form of style sheets: two with the same one style a page alike.

What honest minifiers change is made alike: white space where it means nothing, quotes, zeros, colours, the short forms
of margins, a few keywords. All else counts, in its order.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import tinycss2  # type: ignore[import-untyped]
from tinycss2 import ast, color4

from .css_properties import written_out

__all__ = ["normal_form"]

Form = tuple[Any, ...]

_BLANK = (ast.WhitespaceToken, ast.Comment)
_LENGTHS = frozenset(
    ["px", "em", "rem", "ex", "ch", "vw", "vh", "vmin", "vmax", "cm", "mm", "in", "pt", "pc", "q"]
)
#: Where a length of zero may stand without its unit: in these properties, and there only in these functions.
_ZERO = re.compile(
    r"(-webkit-|-moz-|-ms-|-o-)?(margin|padding|top$|right$|bottom$|left$|inset|width$|height$|(min|max)-(width|height)$|"
    r"((min|max)-)?(inline|block)-size$|border(?!-image)|outline|background|(box|text)-shadow$|font$|font-size$|"
    r"(letter|word)-spacing$|text-indent$|((grid-)?(row|column)-|grid-)?gap$|transform|translate$|perspective|"
    r"scroll-(margin|padding)|column|vertical-align$|object-position$|clip$)"
)
_ZERO_FUNCTIONS = frozenset(
    ["", "translate", "translatex", "translatey", "translatez", "translate3d", "rect"]
)
#: Functions of transforms that take angles; the last argument only of ``rotate3d()``.
_ANGLED = frozenset(["rotate", "rotate3d", "rotatex", "rotatey", "rotatez", "skew", "skewx", "skewy"])
_ANGLES = frozenset(["deg", "grad", "rad", "turn"])
_COLOURED = re.compile(
    r"(-webkit-|-moz-|-ms-|-o-)?(.*color$|background(-image)?$|border(?!-image)|outline$|(box|text)-shadow$|fill$|stroke$|"
    r"column-rule$|text-(decoration|emphasis)$|(backdrop-)?filter$|tap-highlight-color$)"
)
_TIGHT = (",", ">", "~", "+", "||")
_WIDE = ("inherit", "initial", "unset", "revert", "revert-layer", "none", "auto")
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


def _declaration(declaration: ast.Declaration, lines: list[str]) -> Form:
    name = declaration.lower_name
    if declaration.name.startswith("--"):
        return ("custom", declaration.name, declaration.important, _custom(declaration.value, lines))
    return ("declaration", name, declaration.important, written_out(name, _values(name, declaration.value)))


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
    colour = _colour(token) if _COLOURED.match(name) and function not in ("var", "env") else None
    if colour is not None:
        return colour
    if isinstance(token, ast.FunctionBlock):
        if token.lower_name in ("url", "src") and (strings := _strings(token.arguments)):
            return _url(strings[0])
        within = token.lower_name if function in _ZERO_FUNCTIONS else function
        arguments = _angles(name, token.lower_name, _values(name, token.arguments, within))
        return ("function", token.lower_name, *arguments)
    if isinstance(token, ast.ParenthesesBlock | ast.SquareBracketsBlock | ast.CurlyBracketsBlock):
        return (type(token).__name__, *_values(name, token.content, function))
    if isinstance(token, ast.DimensionToken):
        unit = token.lower_unit
        if token.value == 0 and unit in _LENGTHS and function in _ZERO_FUNCTIONS and _ZERO.match(name):
            return ("number", 0.0)
        return ("dimension", _number(token), unit)
    if isinstance(token, ast.IdentToken) and name and function not in ("var", "env"):
        return _keyword(name, token)
    return _plain(token)


def _angles(name: str, function: str, arguments: list[Form]) -> list[Form]:
    """The arguments of a transform; an angle of zero needs no unit there (CSS Transforms Level 1, 11)."""
    if function not in _ANGLED or not name.endswith("transform"):
        return arguments
    first = len(arguments) - 1 if function == "rotate3d" else 0
    is_zero = [form[:2] == ("dimension", 0.0) and form[2] in _ANGLES for form in arguments]
    return [
        ("number", 0.0) if zero and number >= first else form
        for number, (form, zero) in enumerate(zip(arguments, is_zero, strict=True))
    ]


def _keyword(name: str, token: ast.IdentToken) -> Form:
    word = token.lower_value
    if word in ("bold", "normal") and name == "font-weight":
        return ("number", 700.0 if word == "bold" else 400.0)
    if name == "font-family":
        return ("word", word)
    return ("ident", word if word in _WIDE else token.value)


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
    return float(token.value) + 0.0


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
