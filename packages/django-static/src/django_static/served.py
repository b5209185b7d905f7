"""What a build tells servers of the files it leaves: all that is needed to answer for them without a look at them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from . import names
from .former import Known
from .manifest import Served
from .places import Places
from .records import Options, Output, Record
from .sources import Source, signature, split_host

__all__ = ["Plain", "served_of"]


class Plain(NamedTuple):
    """An original of a published tree, which scripts may load under the name it had."""

    source: Source
    #: Where it lies under its own name.
    path: str
    published: Output


def served_of(
    records: Iterable[Record],
    plain: Iterable[Plain],
    digests: Mapping[str, str],
    siblings: Mapping[str, Mapping[str, int]],
    files: Mapping[str, str],
    places: Places,
    options: Options,
    known: Callable[[], Known],
) -> dict[str, Served]:
    """All that may be sent, by URL.

    ``digests`` are those of published files as far as they are known, ``siblings`` the bytes of compressed ones,
    ``files`` the places of files by what is printed, where they are known; ``known`` reads what manifests have said until now.
    An original with the bytes of a published file is sent from there, since that one never changes.
    """
    standing = _Standing(places, options, known)
    served: dict[str, Served] = {}
    by_path: dict[str, Served] = {}
    for record in records:
        for each in record.outputs:
            is_original = each.path in record.inputs
            found = by_path.get(each.path)
            if found is None:
                found = by_path[each.path] = Served(
                    files.get(each.public) or places.name(each.path),
                    each.size,
                    0 if options.by_hash else each.stamp,
                    "" if is_original else digests.get(each.path) or names.digest_of_file(each.path),
                    not is_original or names.is_hashed(each.url, options.hashed_names),
                    siblings.get(each.path, {}),
                )
            served[_url(each, is_kept=not found.is_lasting)] = found
    for original in plain:
        published, source = original.published, original.source
        twin = by_path.get(published.path) if published.is_same else None
        if published.url != source.url and names.is_hashed(source.url, options.hashed_names):
            place = standing.place(source)
            if place and place != original.path and not _is_same(place, twin):
                original, twin = original._replace(path=place), None
                if standing.is_known(source):
                    continue  # servers have it from the manifest of an earlier build
        served.setdefault(
            source.host + names.quoted(source.url),
            Served(places.name(original.path), 0, 0, "", is_lasting=False)
            if twin is None
            else Served(
                twin.place, twin.size, twin.stamp, twin.digest, is_lasting=False, siblings=twin.siblings
            ),
        )
    return served


class _Standing:
    """What has names that say what is in a file, where that is another content than the originals of these names have now.

    What is published of such an original has another name; under this one what is there is sent, as it always was.
    """

    def __init__(self, places: Places, options: Options, known: Callable[[], Known]) -> None:
        self._places = places
        self._options = options
        self._read = known
        self._known: Known | None = None

    def is_known(self, source: Source) -> bool:
        """Whether a manifest has said of the name of an original what is in the file, and that is there still."""
        if self._known is None:
            self._known = self._read()
        said = self._known(names.quoted(source.url))
        return said is not None and bool(said.digest) and _is_same(self._places.path(said.place), said)

    def place(self, source: Source) -> str:
        """The path of what is there under the URL of an original; empty for nothing."""
        options = self._options
        if options.save_prefix is not None and not options.name_prefix:
            path = str(options.save_prefix / source.url.lstrip("/"))
        else:
            path = str(source.folder / posixpath.basename(source.url))
        return path if os.path.isfile(path) else ""  # noqa: PTH113


def _is_same(path: str, other: Served | None) -> bool:
    """Whether a file has the content of a published one."""
    if other is None:
        return False
    seen = signature(path)
    return seen is not None and seen[1] == other.size and names.digest_of_file(path) == other.digest


def _url(output: Output, *, is_kept: bool) -> str:
    """What is printed; a file that keeps its URL is printed as the template has it, quoted or not."""
    return split_host(output.public)[0] + names.quoted(output.url) if is_kept else output.public
