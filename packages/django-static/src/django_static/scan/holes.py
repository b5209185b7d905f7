"""Blocks of HTML in which the values of some attributes are known at run time only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..references import html as markup

__all__ = ["LOST", "filled", "hole"]

#: Non-characters, which no page may hold (Unicode 16, 23.7), around the number of an expression.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_HOLE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")

#: Stands for a text of which nothing is known.
LOST = "\ufdd2"

#: On these it depends what is published, and whether it is.
_DECISIVE = ("href", "src", "rel", "type")


def hole(number: int) -> str:
    """What stands for something unknown in a text."""
    return f"{_OPEN}{number}{_CLOSE}"


def filled(text: str, unknown: Sequence[str]) -> list[str]:
    """The texts a block may have, as far as it matters what is published; none if that depends on something unknown.

    Something unknown may be the value, or in the value, of an attribute that decides nothing, such as ``nonce`` or
    ``media``. But elements are combined by whether their attributes are equal: a variable equals itself, of anything
    else both is possible.

    Args:
        text: what a block holds, with holes for what is unknown.
        unknown: the expressions, as the template has them, by the numbers of the holes.
    """
    if LOST in text:
        return []
    for element in markup.read(text):
        harmless = sum(
            len(_HOLE.findall(attribute.value or ""))
            for attribute in element.attributes
            if attribute.name not in _DECISIVE
        )
        if len(_HOLE.findall(text, element.start, element.end)) != harmless:
            return []
    values: list[str] = []

    def apart(found: re.Match[str]) -> str:
        is_variable = unknown[int(found[1])].startswith("{{")
        values.append(f"unknown-{found[1]}" if is_variable else f"unknown-{found[1]}-{len(values)}")
        return values[-1]

    texts = [_HOLE.sub(apart, text)]
    if len(set(values)) > 1:
        texts.append(_HOLE.sub("unknown", text))
    return texts
