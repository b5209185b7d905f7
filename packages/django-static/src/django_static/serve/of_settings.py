"""Holdings as the settings of the project want them."""

from __future__ import annotations

from collections.abc import Callable

from ..conf import conf
from ..manifest import ManifestError
from ..names import quoted
from ..places import Places, records_beside
from ..sources import split_host
from .catalogue import Spelling, as_text
from .entry import Limits
from .finding import Finding
from .holdings import Holdings

__all__ = ["holdings_of_settings"]


def holdings_of_settings(
    spelling: Spelling,
    decode: Callable[[str], str],
    small: int | None,
    memory: int | None,
    max_age: int | None,
) -> Holdings:
    """What the manifest names, if it is in use; in development, and where it is not, what can be found too.

    Raises:
        ImproperlyConfigured: there are no settings yet.
        ValueError: a negative number.
    """
    given = {
        "small": conf.serve_small if small is None else small,
        "memory": conf.serve_memory if memory is None else memory,
        "max_age": conf.serve_max_age if max_age is None else max_age,
    }
    for name, value in given.items():
        if value < 0:
            raise ValueError(f"{name} is {value}; give 0 or more")
    if conf.debug and max_age is None:
        given["max_age"] = 0  # an edited file is to be seen at once
    sources = conf.sources()
    static = _folder(quoted(split_host(sources.static_url)[1]))
    named = _folder(conf.name_prefix)
    has_manifest = conf.enabled and conf.use_manifest_file
    finding = None
    if conf.debug or not has_manifest:
        published = []
        if conf.enabled and not has_manifest:
            if conf.save_prefix is not None:
                published.append((as_text(named) or "/", str(conf.save_prefix)))
            if static and sources.static_root is not None:
                published.append((as_text(static), str(sources.static_root)))
                if named and conf.save_prefix is None:  # before a name with STATIC_URL, or without
                    both = (f"{named.rstrip('/')}{static}", named)
                    published += [(as_text(prefix), str(sources.static_root)) for prefix in both]
        finding = Finding(
            as_text(static), sources.finders.find if sources.finders else None, published, _records()
        )
    prefixes = tuple(prefix for prefix in (static, named) if prefix)
    return Holdings(
        conf.manifest_file if has_manifest else None,
        Places.of(sources, conf.save_prefix),
        Limits(**given),
        spelling,
        finding=finding,
        decode=decode,
        prefixes=tuple(map(spelling, prefixes)),
        hashed_names=conf.hashed_names if conf.enabled else None,
    )


def _records() -> list[str]:
    try:
        return records_beside(conf.manifest_file)
    except ManifestError:
        return []  # there is no folder that they could be in


def _folder(path: str) -> str:
    """A path with slashes around it; empty for that of the whole site, below which not everything is static."""
    bare = path.strip("/")
    return f"/{bare}/" if bare else ""
