"""Blocks of HTML in which something is known at run time only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .. import markup

__all__ = ["LOST", "Filled", "filled", "hole", "pieces"]

#: Non-characters, which no page may hold (Unicode 16, 23.7), around the number of an expression.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_HOLE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")

#: Stands for a text of which nothing is known.
LOST = "\ufdd2"

#: On these it depends what is published, and whether it is.
_DECISIVE = ("href", "src", "rel", "type", "as")


def hole(number: int) -> str:
    """What stands for something unknown in a text."""
    return f"{_OPEN}{number}{_CLOSE}"


class Filled(NamedTuple):
    """What may be known of a block."""

    #: The texts it may have, as far as it matters what is published; or the :func:`pieces` of which that is known.
    texts: list[str]
    #: The expressions on which it depends what is published.
    decisive: list[str]


def filled(text: str, unknown: Sequence[str]) -> Filled:
    """What may be known of a block all the same.

    Something unknown may be the value, or in the value, of an attribute that decides nothing, such as ``nonce`` or
    ``media``. But elements are combined by whether their attributes are equal: a variable equals itself, of anything
    else both is possible.

    Args:
        text: what a block holds, with holes for what is unknown.
        unknown: the expressions, as the template has them, by the numbers of the holes.
    """
    if LOST in text:
        return Filled(pieces(text, unknown), list(unknown))
    doubtful = [element for element in markup.read(text) if not _is_settled(text, element)]
    if not doubtful:
        return Filled(_texts(text, unknown), [])
    numbers = dict.fromkeys(number for element in doubtful for number in _decisive(text, element))
    return Filled(pieces(text, unknown), [unknown[int(number)] for number in numbers])


def pieces(text: str, unknown: Sequence[str]) -> list[str]:
    """The style sheets and scripts of which it is known what they are: those that stand side by side, and each alone.

    Whatever takes the place of what is not known may stand between two of them or not.
    """
    runs: list[list[markup.Element]] = [[]]
    for element in markup.read(text):
        if _is_settled(text, element):
            runs[-1].append(element)
        else:
            runs.append([])
    found: dict[str, None] = {}
    for run in runs:
        alone = [(element, element) for element in run if element.kind in markup.LOADING]
        for first, last in [(run[0], run[-1]), *alone] if alone else ():
            found |= dict.fromkeys(_texts(text[first.start : last.end], unknown))
    return list(found)


def _is_settled(text: str, element: markup.Element) -> bool:
    """Whether nothing in an element that is not known decides what is published."""
    return LOST not in text[element.start : element.end] and not _decisive(text, element)


def _decisive(text: str, element: markup.Element) -> list[str]:
    """The numbers of the holes in an element that lie elsewhere than in an attribute that decides nothing."""
    harmless = [each for each in element.attributes if each.name not in _DECISIVE]
    return [
        found[1]
        for found in _HOLE.finditer(text, element.start, element.end)
        if not any(each.start <= found.start() and found.end() <= each.end for each in harmless)
    ]


def _texts(text: str, unknown: Sequence[str]) -> list[str]:
    values: list[str] = []

    def apart(found: re.Match[str]) -> str:
        is_variable = unknown[int(found[1])].startswith("{{")
        values.append(f"unknown-{found[1]}" if is_variable else f"unknown-{found[1]}-{len(values)}")
        return values[-1]

    texts = [_HOLE.sub(apart, text)]
    if len(set(values)) > 1:
        texts.append(_HOLE.sub("unknown", text))
    return texts
