"""The normal form of the values of declarations: lengths of zero, angles, colours, keywords, URLs."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from tinycss2 import ast, color4  # type: ignore[import-untyped]

__all__ = ["plain", "values"]

Form = tuple[Any, ...]

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
_WIDE = ("inherit", "initial", "unset", "revert", "revert-layer", "none", "auto")


def values(name: str, tokens: Sequence[ast.Node], function: str = "") -> list[Form]:
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
        arguments = _angles(name, token.lower_name, values(name, token.arguments, within))
        return ("function", token.lower_name, *arguments)
    if isinstance(token, ast.ParenthesesBlock | ast.SquareBracketsBlock | ast.CurlyBracketsBlock):
        return (type(token).__name__, *values(name, token.content, function))
    if isinstance(token, ast.DimensionToken):
        unit = token.lower_unit
        if token.value == 0 and unit in _LENGTHS and function in _ZERO_FUNCTIONS and _ZERO.match(name):
            return ("number", 0.0)
        return ("dimension", _number(token), unit)
    if isinstance(token, ast.IdentToken) and name and function not in ("var", "env"):
        return _keyword(name, token)
    return plain(token)


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


def plain(token: ast.Node) -> Form:
    """A token that is the same wherever it stands."""
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
