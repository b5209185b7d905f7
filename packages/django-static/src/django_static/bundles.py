# ruff: noqa: TRY004 (a wrong setting is one kind of error, whatever is wrong with it)
"""``DJANGO_STATIC_BUNDLES``: what templates ask for under names that are known at run time only.

A dictionary by tag. For ``staticfile`` and ``slimfile`` a list of names, in which ``*``, ``?`` and ``[...]`` are those of a
pattern, or several names with ``;`` between them; for ``staticall`` and ``slimall`` a list of lists, each with the names of the
style sheets or scripts that stand in one block.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from .answers import Place
from .patterns import is_pattern, matching
from .scan import Use
from .sources import Sources

__all__ = ["SETTING", "USAGE", "check", "uses"]

SETTING = "DJANGO_STATIC_BUNDLES"
USAGE = (
    "Set it to a dictionary such as "
    "{'slimfile': ['/js/page-*.js'], 'staticfile': ['/img/*.png'], 'slimall': [['/css/a.css', '/css/b.css']]}."
)

_FILES = ("staticfile", "slimfile")
_BLOCKS = ("staticall", "slimall")


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


def uses(
    value: Mapping[str, Sequence[Any]], sources: Sources, published: Container[str] = ()
) -> Iterator[Use]:
    """What the setting asks for; ``published`` are files no pattern means, since they have been published already.

    Raises:
        ValueError: it is not as it must be.
    """
    check(value)
    for tag, arguments in value.items():
        place = Place(SETTING, 0, tag)
        is_slim = tag.startswith("slim")
        for argument in arguments:
            if tag in _BLOCKS:
                yield Use(place, "block", is_slim, "".join(map(_element, argument)))
            elif is_pattern(argument):
                found = matching(argument, sources, published)
                yield from (Use(place, "file", is_slim, name) for name in found)
            else:
                yield Use(place, "file", is_slim, argument)


def _element(name: str) -> str:
    if name.partition("?")[0].lower().endswith(".css"):
        return f'<link rel="stylesheet" href="{escape(name)}">'
    return f'<script src="{escape(name)}"></script>'
