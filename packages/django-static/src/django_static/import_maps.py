"""Import maps (WHATWG HTML 8.1.6.2): what ES modules are called, and the names they are published under."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from . import names
from .conf import PREFIX, conf
from .patterns import base_of, is_pattern, matching
from .records import Record
from .sources import Source, Sources, is_foreign

__all__ = [
    "SETTING",
    "digests",
    "element",
    "empty",
    "expanded",
    "is_key",
    "key",
    "moved",
    "plain",
    "problem",
    "published",
    "read",
    "renamed",
    "specification",
    "urls",
]

SETTING = f"{PREFIX}_IMPORTMAP"

_KEY = "importmap"
_EXTENSIONS = (".js", ".mjs")


def problem(entries: Any) -> str:
    """What is wrong with the entries of an import map; empty if nothing is."""
    if not isinstance(entries, Mapping):
        return f"{entries!r} is not a dictionary of specifiers and names of files"
    for specifier, name in entries.items():
        if not isinstance(specifier, str) or not isinstance(name, str) or not specifier or not name:
            return f"{specifier!r}: {name!r} is not a specifier and the name of a file"
        several = name.endswith("/") or is_pattern(name)
        if specifier.endswith("/") is not several:
            return (
                f"{specifier!r}: {name!r}: a specifier with a slash at its end stands for a folder or pattern, such as "
                "'/js/lib/' or '/js/lib/*.js', and only such a one does"
            )
    return ""


def specification(given: Mapping[str, str]) -> str:
    """The entries of a tag and those of the setting as one text; those of the tag win.

    Raises:
        ValueError: one of them is not as it must be.
    """
    entries = {**conf.importmap, **given}
    wrong = problem(entries)
    if wrong:
        raise ValueError(wrong)
    return json.dumps(entries, sort_keys=True)


def read(specification: str) -> dict[str, str]:
    entries: dict[str, str] = json.loads(specification)
    return entries


def key(slim: bool) -> str:
    """The kind of text that a manifest keeps an import map as."""
    return f"{_KEY} slim" if slim else _KEY


def is_key(key: str) -> bool:
    """Whether a text of a manifest is an import map."""
    return key.startswith(f"{_KEY} ")


def plain(specification: str, change: Callable[[str], str] = lambda name: name) -> str:
    """The import map while nothing is published: a folder is one entry."""
    imports = {
        specifier: _as_url(change(base_of(name) if specifier.endswith("/") else name))
        for specifier, name in read(specification).items()
    }
    return _dump({"imports": imports})


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
            imports[specifier] = _as_url(name)
            continue
        imports[specifier] = _as_url(record.outputs[0].public)
        for output in (output for each in record.walk(seen) for output in each.outputs):
            if output.name.lower().endswith(_EXTENSIONS):
                url = _as_url(output.public)
                own[_as_url(names.quoted(output.name))] = url
                if output.integrity:
                    integrity[url] = output.integrity
    own = {name: url for name, url in own.items() if name != url}
    found: dict[str, Any] = {"imports": {**own, **imports}}
    if integrity:
        found["integrity"] = integrity
    return _dump(found), is_settled


def urls(text: str) -> list[str]:
    """The URLs of the files that an import map leads to, each once, as a page prints them."""
    found: Mapping[str, str] = json.loads(text)["imports"]
    return [url.removeprefix("./") for url in dict.fromkeys(found.values()) if not url.endswith("/")]


def digests(text: str) -> dict[str, str]:
    """The digests an import map has, by URL as a page prints it."""
    found: Mapping[str, str] = json.loads(text).get("integrity", {})
    return {url.removeprefix("./"): digest for url, digest in found.items()}


def moved(text: str, answers: Mapping[str, tuple[str, bool]]) -> str:
    """An import map with other URLs, each with whether it leads to the same bytes: what does not has no digest."""
    imports: Mapping[str, str] = json.loads(text)["imports"]
    by_url = {_as_url(url): (_as_url(answer), is_same) for url, (answer, is_same) in answers.items()}
    value: dict[str, Any] = {
        "imports": {name: by_url[url][0] if url in by_url else url for name, url in imports.items()}
    }
    doubtful = {answer for answer, is_same in by_url.values() if not is_same}
    integrity = {}
    for url, digest in digests(text).items():
        answer, _ = by_url.get(_as_url(url), (_as_url(url), True))
        if answer not in doubtful:
            integrity[answer] = digest
    if integrity:
        value["integrity"] = integrity
    return _dump(value)


def renamed(text: str, rename: Callable[[str], str]) -> str:
    """An import map with other URLs, on either side."""
    sections: Mapping[str, Mapping[str, str]] = json.loads(text)
    value = {
        name: {rename(key): rename(entry) if name == "imports" else entry for key, entry in section.items()}
        for name, section in sections.items()
    }
    return _dump(value)


def element(text: str, nonce: str = "") -> str:
    """The script element around an import map, of which the text must be one for HTML already."""
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    return f'<script type="importmap"{attribute}>{text}</script>'


def expanded(specification: str, sources: Sources) -> Iterator[tuple[str, str]]:
    """Pairs of a specifier and the name of its file, those of folders and patterns file by file."""
    for specifier, name in read(specification).items():
        name = sources.mounted(name)
        if not specifier.endswith("/"):
            yield specifier, name
            continue
        base = names.quoted(base_of(name), again=True)
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


def _as_url(name: str) -> str:
    """An address of an import map is a URL, or begins with ``/``, ``./`` or ``../``; everything else is ignored."""
    return name if is_foreign(name) or name.startswith(("/", "./", "../")) else f"./{name}"


def _dump(value: object) -> str:
    """JSON that ends no script element and begins no comment, whatever is in it."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
