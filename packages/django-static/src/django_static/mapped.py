"""The modules that an import map means, and the names they are published under; see :mod:`.import_maps`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import names
from .import_maps import as_url, dump, read
from .matching import matching
from .patterns import base_of
from .records import Record
from .sources import Source, Sources, is_foreign

__all__ = ["empty", "expanded", "published"]

_EXTENSIONS = (".js", ".mjs")


def published(
    specification: str,
    sources: Sources,
    find: Callable[[str], Source | None],
    publish: Callable[[Source], Record | None],
) -> tuple[str, bool]:
    """The import map with published names, and whether it will stay so: False when something could not be published.

    A folder is an entry for each of its modules, since names with a fingerprint have no common prefix. Each module, and
    each that it imports, is an entry under its own URL, too: whoever imports that gets the same instance.
    """
    imports: dict[str, str] = {}
    own: dict[str, str] = {}
    integrity: dict[str, str] = {}
    seen: dict[int, Record] = {}
    is_settled = True
    for specifier, name in expanded(specification, sources):
        source = find(name)
        record = None if source is None else publish(source)
        if record is None:
            is_settled = is_settled and is_foreign(name) and not sources.is_ours(name)
            imports[specifier] = as_url(name)
            continue
        imports[specifier] = as_url(record.outputs[0].public)
        for output in (output for each in record.walk(seen) for output in each.outputs):
            if output.name.lower().endswith(_EXTENSIONS):
                url = as_url(output.public)
                own[as_url(names.quoted(output.name))] = url
                if output.integrity:
                    integrity[url] = output.integrity
    own = {name: url for name, url in own.items() if name != url}
    found: dict[str, Any] = {"imports": {**own, **imports}}
    if integrity:
        found["integrity"] = integrity
    return dump(found), is_settled


def expanded(specification: str, sources: Sources) -> Iterator[tuple[str, str]]:
    """Pairs of a specifier and the name of its file, those of folders and patterns file by file."""
    for specifier, name in read(specification).items():
        name = sources.mounted(name)
        if not specifier.endswith("/"):
            yield specifier, name
            continue
        base = names.quoted(names.decoded(base_of(name)))
        yield from ((specifier + found.removeprefix(base), found) for found in _modules_in(name, sources))


def empty(specification: str, sources: Sources) -> Iterator[str]:
    """What is wrong with each folder or pattern that holds no module, for people."""
    for specifier, name in read(specification).items():
        if specifier.endswith("/") and next(_modules_in(name, sources), None) is None:
            yield f"there is no module in {name!r}, which the import map has as {specifier!r}"


def _modules_in(name: str, sources: Sources) -> Iterator[str]:
    """The names of the modules in a folder, or that a pattern means."""
    for found in matching(f"{name}*" if name.endswith("/") else name, sources):
        if found.lower().endswith(_EXTENSIONS) and not names.has_sure_mark(found):
            yield found
