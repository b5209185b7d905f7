"""What a build tells servers of the files it leaves: all that is needed to answer for them without a look at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import names
from .manifest import Served
from .places import Places
from .records import Options, Output, Record
from .sources import split_host

__all__ = ["Plain", "served_of"]


class Plain(NamedTuple):
    """An original of a published tree, which scripts may load under the name it had."""

    host: str
    #: Its path as a URL, percent-decoded.
    url: str
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
) -> dict[str, Served]:
    """All that may be sent, by URL.

    ``digests`` are those of published files as far as they are known, ``siblings`` the bytes of compressed ones,
    ``files`` the places of files by what is printed, where they are known. An original with the bytes of a published file is sent from there, since that one never changes.
    """
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
        published = original.published
        twin = by_path.get(published.path) if published.is_same else None
        served.setdefault(
            original.host + names.quoted(original.url),
            Served(places.name(original.path), 0, 0, "", is_lasting=False)
            if twin is None
            else Served(
                twin.place, twin.size, twin.stamp, twin.digest, is_lasting=False, siblings=twin.siblings
            ),
        )
    return served


def _url(output: Output, *, is_kept: bool) -> str:
    """What is printed; a file that keeps its URL is printed as the template has it, quoted or not."""
    return split_host(output.public)[0] + names.quoted(output.url) if is_kept else output.public
