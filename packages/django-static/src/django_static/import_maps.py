"""Import maps (WHATWG HTML 8.1.6.2): what ES modules are called, and how the texts of maps are read and written.

:mod:`.mapped` knows which files they mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from .conf import PREFIX, conf
from .patterns import base_of, is_pattern
from .sources import is_foreign

__all__ = [
    "SETTING",
    "as_url",
    "digests",
    "dump",
    "element",
    "is_key",
    "key",
    "moved",
    "plain",
    "problem",
    "read",
    "renamed",
    "specification",
    "urls",
]

SETTING = f"{PREFIX}_IMPORTMAP"

_KEY = "importmap"


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
        specifier: as_url(change(base_of(name) if specifier.endswith("/") else name))
        for specifier, name in read(specification).items()
    }
    return dump({"imports": imports})


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
    by_url = {as_url(url): (as_url(answer), is_same) for url, (answer, is_same) in answers.items()}
    value: dict[str, Any] = {
        "imports": {name: by_url[url][0] if url in by_url else url for name, url in imports.items()}
    }
    doubtful = {answer for answer, is_same in by_url.values() if not is_same}
    integrity = {}
    for url, digest in digests(text).items():
        answer, _ = by_url.get(as_url(url), (as_url(url), True))
        if answer not in doubtful:
            integrity[answer] = digest
    if integrity:
        value["integrity"] = integrity
    return dump(value)


def renamed(text: str, rename: Callable[[str], str]) -> str:
    """An import map with other URLs, on either side."""
    sections: Mapping[str, Mapping[str, str]] = json.loads(text)
    value = {
        name: {rename(key): rename(entry) if name == "imports" else entry for key, entry in section.items()}
        for name, section in sections.items()
    }
    return dump(value)


def element(text: str, nonce: str = "") -> str:
    """The script element around an import map, of which the text must be one for HTML already."""
    attribute = f' nonce="{escape(nonce)}"' if nonce else ""
    return f'<script type="importmap"{attribute}>{text}</script>'


def as_url(name: str) -> str:
    """An address of an import map is a URL, or begins with ``/``, ``./`` or ``../``; everything else is ignored."""
    return name if is_foreign(name) or name.startswith(("/", "./", "../")) else f"./{name}"


def dump(value: object) -> str:
    """JSON that ends no script element and begins no comment, whatever is in it."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
