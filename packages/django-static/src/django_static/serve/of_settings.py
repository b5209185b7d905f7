"""Holdings as the settings of the project want them."""

from __future__ import annotations

from collections.abc import Callable

from ..conf import conf
from ..manifest import ManifestError
from ..names import quoted
from ..places import Places, path_within, records_beside
from ..sources import Sources, split_host
from .catalogue import Spelling, as_text
from .entry import Limits
from .finding import Finding, Publishing
from .holdings import Holdings
from .pages import Pages

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
        publishing = _publishing(sources, static, named) if conf.enabled and not has_manifest else None
        finding = Finding(
            as_text(static), sources.finders.find if sources.finders else None, publishing, _records()
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


def _publishing(sources: Sources, static: str, named: str) -> Publishing | None:
    """How pages publish, below the paths of ``STATIC_URL`` and of the prefix of names; None where they cannot."""
    try:
        options = conf.options(compresses=False)
    except ImportError:  # the checks say it
        return None
    folders = []
    if options.save_prefix is not None:
        folders.append((as_text(named) or "/", str(options.save_prefix)))
    if static and sources.static_root is not None:
        folders.append((as_text(static), str(sources.static_root)))
        if named and options.save_prefix is None:  # before a name with STATIC_URL, or without
            both = (f"{named.rstrip('/')}{static}", named)
            folders += [(as_text(prefix), str(sources.static_root)) for prefix in both]
    with_uploads = [
        folder
        for _, folder in folders
        if any(path_within(f"{root}/", folder) is not None for root in sources.roots)
    ]
    return Publishing(
        folders,
        Pages(options.state),
        options.hashed_names,
        has_generator=bool(options.filename_generator or options.combine_filenames_generator),
        comes_first=not conf.debug,
        with_uploads=frozenset(with_uploads),
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
