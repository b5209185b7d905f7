# ruff: noqa: TRY004 (a wrong setting is one kind of error, whatever is wrong with it)
"""``DJANGO_STATIC_BUNDLES``: what templates ask for under names that are known at run time only.

A dictionary by tag. For ``staticfile`` and ``slimfile`` a list of names, in which ``*``, ``?`` and ``[...]`` are those of a
pattern, or several names with ``;`` between them; for ``staticall`` and ``slimall`` a list of lists, each with the names of the
style sheets or scripts that stand in one block.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .answers import Place
from .names import quoted
from .output import STATE_FOLDER
from .scan import Use
from .sources import Sources
from .tree import files_of_finders

__all__ = ["SETTING", "USAGE", "check", "uses"]

SETTING = "DJANGO_STATIC_BUNDLES"
USAGE = (
    "Set it to a dictionary such as "
    "{'slimfile': ['/js/page-*.js'], 'staticfile': ['/img/*.png'], 'slimall': [['/css/a.css', '/css/b.css']]}."
)

#: A modification time or the beginning of a digest.
_MARKED = re.compile(r"(?P<stem>.+)\.(-?\d{9,11}|[0-9a-f]{12})(?P<extension>(\.[^.]*)?)")
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
            elif any(character in argument for character in "*?["):
                yield from (
                    Use(place, "file", is_slim, name) for name in _matching(argument, sources, published)
                )
            else:
                yield Use(place, "file", is_slim, argument)


def _element(name: str) -> str:
    if name.partition("?")[0].lower().endswith(".css"):
        return f'<link rel="stylesheet" href="{escape(name)}">'
    return f'<script src="{escape(name)}"></script>'


def _matching(pattern: str, sources: Sources, published: Container[str]) -> Iterator[str]:
    """The names of the files a pattern means, in the media roots and among those of the finders."""
    seen = set()
    for root in sources.roots:
        for path in sorted(root.rglob("*")):
            name = f"/{path.relative_to(root).as_posix()}"
            if (
                name not in seen
                and fnmatch.fnmatchcase(name, pattern)
                and path.is_file()
                and not _is_published(path, published)
            ):
                seen.add(name)
                yield quoted(name)
    for name, _ in files_of_finders() if sources.finders else ():
        if fnmatch.fnmatchcase(sources.static_url + name, pattern):
            yield sources.static_url + quoted(name)


def _is_published(path: Path, published: Container[str]) -> bool:
    """Whether a file beside the originals was published, now or by those whose records are gone."""
    if STATE_FOLDER in path.parts:
        return True
    if path.suffix in (".gz", ".br", ".zst") and _is_published(path.with_suffix(""), published):
        return True
    marked = _MARKED.fullmatch(path.name)
    return str(path) in published or (
        marked is not None and path.with_name(marked["stem"] + marked["extension"]).is_file()
    )
