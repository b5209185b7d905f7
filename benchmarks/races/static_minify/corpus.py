"""What is minified: the admin's style sheets and scripts, and some hundred of those npm packages that static_build publishes.

Left out is what its maker has minified already. The choice is the same everywhere: of each package in turn the next file by the
hash of its name, so that no package crowds out the others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, zip_longest
from pathlib import Path

import django

from harness.contestant import Services, Unavailable
from races.static_build.tree import ENVIRONMENT, assemble, cache_folder, packages
from races.static_minify.modern import node

__all__ = ["FILES", "SUFFIXES", "Text", "chosen", "services", "texts", "tree_of_this_race"]

FILES = {"js": 220, "css": 80}
"""How many files of npm packages there are of each kind."""

SUFFIXES = {"js": (".js", ".mjs"), "css": (".css",)}

_SMALLEST, _LARGEST = 512, 400_000
_LONGEST_LINE = 1_000
_ADMIN = Path(django.__file__).parent / "contrib" / "admin" / "static"


@dataclass(frozen=True)
class Text:
    """A file to be minified."""

    name: str
    text: str


def chosen(tree: Path, kind: str, number: int) -> list[Path]:
    """So many files of a kind from a tree that has a folder for each package."""
    by_package: dict[str, list[Path]] = {}
    for path in tree.rglob("*"):
        if path.suffix in SUFFIXES[kind] and path.is_file() and _is_written_by_hand(path):
            by_package.setdefault(path.relative_to(tree).parts[0], []).append(path)
    for paths in by_package.values():
        paths.sort(key=lambda path: sha256(path.relative_to(tree).as_posix().encode()).digest())
    rows = zip_longest(*(by_package[name] for name in sorted(by_package)))
    return [path for path in chain.from_iterable(rows) if path is not None][:number]


def _is_written_by_hand(path: Path) -> bool:
    """Neither tiny nor huge, and not minified, by name or by the length of its lines."""
    if ".min." in path.name or not _SMALLEST <= path.stat().st_size <= _LARGEST:
        return False
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return max(map(len, text.splitlines()), default=0) < _LONGEST_LINE


def texts(tree: Path, kind: str, number: int) -> list[Text]:
    """The admin's files of a kind, and so many of the tree's."""
    admin = sorted(
        path for path in _ADMIN.rglob("*") if path.suffix in SUFFIXES[kind] and ".min." not in path.name
    )
    named = [(path.relative_to(_ADMIN).as_posix(), path) for path in admin]
    named += [(path.relative_to(tree).as_posix(), path) for path in chosen(tree, kind, number)]
    return [Text(name, path.read_text(encoding="utf-8")) for name, path in named]


@contextmanager
def services(workspace: Path) -> Iterator[Services]:
    """Have the files ready, and say what they are and whether there is a node to run the modern inputs."""
    del workspace
    folder = assemble(packages(), cache_folder())
    facts = {}
    for kind, number in FILES.items():
        found = texts(folder / "big", kind, number)
        size = sum(len(each.text.encode()) for each in found)
        facts[f"{kind} files"] = f"{len(found)}, {size / 1e6:.2f} MB"
    facts["node"] = node() or "none found, so the modern inputs were not judged"
    yield Services(environment={ENVIRONMENT: str(folder)}, facts=facts)


def tree_of_this_race() -> Path:
    """The folder that the services named."""
    try:
        return Path(os.environ[ENVIRONMENT]) / "big"
    except KeyError:
        raise Unavailable(f"{ENVIRONMENT} is not set: the race's services do that") from None
