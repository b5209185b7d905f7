# ruff: noqa: TRY004 (a wrong setting is one kind of error, whatever is wrong with it)
"""``DJANGO_STATIC_BUNDLES``: what templates ask for under names that are known at run time only.

A dictionary by tag. For ``staticfile`` and ``slimfile`` a list of names, or of several with ``;`` between them; for ``staticall``
and ``slimall`` a list of lists, each with the names of the style sheets or scripts that stand in one block. A name with ``*``,
``?`` or ``[...]`` in it is a pattern, and stands for one name that is known at run time only: each that matches, in turn.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from html import escape
from itertools import product
from math import prod
from typing import Any, NamedTuple

from .answers import Place, split_names
from .matching import matching
from .patterns import is_pattern
from .scan import Failure, Use
from .sources import Sources

__all__ = ["SETTING", "USAGE", "Declared", "check", "declared"]

SETTING = "DJANGO_STATIC_BUNDLES"
USAGE = (
    "Set it to a dictionary such as "
    "{'slimfile': ['/js/page-*.js'], 'staticfile': ['/img/*.png'], 'slimall': [['/css/a.css', '/css/b.css']]}."
)

_FILES = ("staticfile", "slimfile")
_BLOCKS = ("staticall", "slimall")
#: Runs of files that one list of several patterns may stand for.
_MOST = 1_000


def check(value: Any) -> None:
    """Look at the setting.

    Raises:
        ValueError: it is not as it must be; the message says where.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{SETTING} is {value!r}, not a dictionary")
    for tag, arguments in value.items():
        if tag not in (*_FILES, *_BLOCKS):
            raise ValueError(f"{SETTING} has the key {tag!r}; there are {', '.join((*_FILES, *_BLOCKS))}")
        if not isinstance(arguments, list | tuple):
            raise ValueError(f"{SETTING}[{tag!r}] is {arguments!r}, not a list")
        for argument in arguments:
            if tag in _FILES and not isinstance(argument, str):
                raise ValueError(f"{SETTING}[{tag!r}] has {argument!r}, not a name")
            if tag in _BLOCKS and not (
                isinstance(argument, list | tuple) and all(isinstance(name, str) for name in argument)
            ):
                raise ValueError(f"{SETTING}[{tag!r}] has {argument!r}, not a list of names")


class Declared(NamedTuple):
    """What the setting asks for, and what in it means nothing."""

    uses: list[Use]
    failed: list[Failure]


def declared(
    value: Mapping[str, Sequence[Any]], sources: Sources, published: Container[str] = ()
) -> Declared:
    """Read the setting; ``published`` are files no pattern means, since they have been published already.

    Raises:
        ValueError: it is not as it must be.
    """
    check(value)
    uses: list[Use] = []
    failed: dict[Failure, None] = {}
    for tag, arguments in value.items():
        place = Place(SETTING, 0, tag)
        is_slim = tag.startswith("slim")
        for argument in arguments:
            given = argument if tag in _BLOCKS else split_names(argument)
            try:
                for names in _meant(given, sources, published):
                    if tag in _BLOCKS:
                        uses.append(Use(place, "block", is_slim, "".join(map(_element, names))))
                    else:
                        uses.append(Use(place, "file", is_slim, ";".join(names)))
            except LookupError as error:
                failed[Failure(SETTING, 0, f"{{% {tag} %}}: {error}")] = None
    return Declared(uses, list(failed))


def _meant(given: Sequence[str], sources: Sources, published: Container[str]) -> Iterator[tuple[str, ...]]:
    """The lists of names that a list with patterns in it stands for.

    Raises:
        LookupError: a pattern matches nothing.
        ValueError: there are too many.
    """
    several = [_matches(name, sources, published) if is_pattern(name) else [name] for name in given]
    if prod(map(len, several)) > _MOST:
        raise ValueError(
            f"{SETTING} has {given!r}, which stands for {prod(map(len, several)):,} files of {len(given)} names each, and "
            f"{_MOST:,} is the most; list those that pages ask for"
        )
    return product(*several)


def _matches(pattern: str, sources: Sources, published: Container[str]) -> list[str]:
    found = list(matching(pattern, sources, published))
    if found:
        return found
    if sources.has(pattern):  # the name of a file, which may have such marks in it, or a query
        return [pattern]
    raise LookupError(f"no file matches {pattern!r}, in {sources.places()}")


def _element(name: str) -> str:
    if name.partition("?")[0].lower().endswith(".css"):
        return f'<link rel="stylesheet" href="{escape(name)}">'
    return f'<script src="{escape(name)}"></script>'
