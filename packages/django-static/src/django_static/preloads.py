"""What a page will need soon, told to the browser: ``<link rel="preload">``, the ``Link`` header, early hints."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote

from .answers import Address, Place, split_names
from .conf import PREFIX, conf
from .resolver import current
from .sources import split_suffix

__all__ = [
    "ATTRIBUTES",
    "MOST_BYTES",
    "Link",
    "Wanted",
    "early_hints",
    "header",
    "links",
    "of_setting",
    "register",
    "registered",
]

#: A ``Link`` header gets no longer than this, in bytes: servers have 4 KB and more for all headers together.
MOST_BYTES = 2048

#: What may be said of a preload beside its name.
ATTRIBUTES = ("as", "type", "crossorigin", "media", "nonce", "fetchpriority")

_SETTING = f"{PREFIX}_PRELOAD"
_KEPT = "_django_static_links"

#: Destinations by extension (WHATWG Fetch, "destination"), with the type where a browser may not know the format.
_GUESSES: Mapping[str, tuple[str, str]] = {
    ".css": ("style", ""),
    ".js": ("script", ""),
    ".mjs": ("module", ""),
    **{f".{name}": ("font", f"font/{name}") for name in ("woff2", "woff", "ttf", "otf")},
    **{f".{name}": ("image", "") for name in ("png", "jpg", "jpeg", "gif", "ico")},
    **{f".{name}": ("image", f"image/{name}") for name in ("avif", "webp")},
    ".svg": ("image", "image/svg+xml"),
    ".vtt": ("track", ""),
}
#: These are fetched with CORS whatever their host is, and a preload without it would be fetched a second time.
_WITH_CORS = ("font", "fetch")
#: Browsers compare the digests of these.
_WITH_DIGEST = ("style", "script", "module")

_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_QUOTED = re.compile(r'["\\]')


@dataclass(frozen=True, slots=True)
class Wanted:
    """A preload as it was asked for."""

    name: str
    slim: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


class Link(NamedTuple):
    """A preload as a browser is told."""

    url: str
    relation: str
    #: Names and values in the order they are printed.
    attributes: tuple[tuple[str, str], ...] = ()

    def html(self) -> str:
        """The element."""
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes)
        return f'<link rel="{self.relation}" href="{escape(self.url)}"{attributes}>'

    def header(self) -> str:
        """The link as a value of a ``Link`` header (RFC 8288, 3); empty if it cannot be one."""
        if not all(_PRINTABLE.fullmatch(value) for _, value in self.attributes):
            return ""
        url = quote(self.url, safe="%/:@!$&'()*+,;=?#[]~")
        parameters = (("rel", self.relation), *self.attributes)
        return f"<{url}>" + "".join(
            f'; {name}="{_QUOTED.sub(lambda mark: chr(92) + mark[0], value)}"' for name, value in parameters
        )


def links(wanted: Wanted, place: Place | None = None) -> list[Link]:
    """The links for what is wanted: one, or where several names could not become one file, one for each."""
    address = current().file(wanted.name, wanted.slim, place)
    several = split_names(wanted.name)
    if len(several) > 1 and ";" in address.url:
        addresses = [current().file(name, wanted.slim, place) for name in several]
    else:
        addresses = [address]
    return [_link(each, wanted.attributes) for each in addresses if each.url]


def _link(address: Address, given: Mapping[str, str]) -> Link:
    extension = posixpath.splitext(split_suffix(address.url)[0])[1].lower()
    guessed, kind = _GUESSES.get(extension, ("fetch", ""))
    destination = given.get("as") or guessed
    attributes: dict[str, str] = {}
    if destination != "module":
        attributes["as"] = destination
    kind = given.get("type") or (kind if destination == guessed else "")
    if kind:
        attributes["type"] = kind
    digest = address.integrity if destination in _WITH_DIGEST else ""
    if digest:
        attributes["integrity"] = digest
    if "crossorigin" in given:
        attributes["crossorigin"] = given["crossorigin"] or "anonymous"
    elif digest or destination in _WITH_CORS:
        attributes["crossorigin"] = "anonymous"
    for name in ("media", "nonce", "fetchpriority"):
        if given.get(name):
            attributes[name] = given[name]
    relation = "modulepreload" if destination == "module" else "preload"
    return Link(address.url, relation, tuple(attributes.items()))


def of_setting(value: Any) -> list[Wanted]:
    """What ``DJANGO_STATIC_PRELOAD`` asks for: names, or dictionaries with ``name`` and what is to be said of it.

    Raises:
        ValueError: it is not as it must be; the message says where.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"{_SETTING} is {value!r}, not a list")  # noqa: TRY004 (a wrong setting is one kind of error)
    found = []
    for entry in value:
        given = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(given, Mapping) or not isinstance(given.get("name"), str) or not given["name"]:
            raise ValueError(f"{_SETTING} has {entry!r}, not a name and not a dictionary with a 'name'")
        attributes = {key: each for key, each in given.items() if key not in ("name", "slim")}
        wrong = [key for key in attributes if key not in ATTRIBUTES or key == "nonce"]
        if wrong or not all(isinstance(each, str) for each in attributes.values()):
            keys = ", ".join(("name", "slim", *(key for key in ATTRIBUTES if key != "nonce")))
            raise ValueError(f"{_SETTING} has {entry!r}; its keys are {keys}, its values strings")
        found.append(Wanted(given["name"], bool(given.get("slim")), attributes))
    return found


def register(request: Any, found: Iterable[Link]) -> None:
    """Keep links for the ``Link`` header of the response; each once."""
    if request is not None and hasattr(request, "META"):
        kept: dict[Link, None] = request.__dict__.setdefault(_KEPT, {})
        kept.update(dict.fromkeys(found))


def registered(request: Any) -> list[Link]:
    """What has been registered while the response was rendered."""
    return list(getattr(request, _KEPT, ()))


def header(found: Iterable[Link], before: str = "") -> str:
    """One ``Link`` header, with what the response had before; links that make it longer than :data:`MOST_BYTES` stay out."""
    value = before
    for text in dict.fromkeys(link.header() for link in found):
        longer = f"{value}, {text}" if value else text
        if text and len(longer.encode("latin-1", "replace")) <= MOST_BYTES:
            value = longer
    return value


def early_hints(names: Iterable[str | Mapping[str, Any]] | None = None) -> list[tuple[str, str]]:
    """The headers of a ``103 Early Hints`` response (RFC 8297), for servers that can send one.

    Args:
        names: as in ``DJANGO_STATIC_PRELOAD``, which is the default.

    Returns:
        Pairs ``("Link", value)``, one for each file; together no longer than :data:`MOST_BYTES`.

    Raises:
        ValueError: an entry is neither a name nor a dictionary with one.
    """
    wanted = of_setting(conf.preload if names is None else list(names))
    pairs: list[tuple[str, str]] = []
    length = 0
    for text in dict.fromkeys(link.header() for each in wanted for link in links(each)):
        length += len(text)
        if text and length <= MOST_BYTES:
            pairs.append(("Link", text))
    return pairs
