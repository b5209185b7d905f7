"""Who notes the names of earlier builds, and when.

A build notes what its manifest lacks before it puts that in its place. A manifest may also be replaced by one that was built elsewhere,
or by an older one, and nobody notes anything: so servers keep a copy of the one they serve, and note what the next one
lacks of it. Only they make that copy: what is built elsewhere brings none along.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import output
from .former import FEW, Former, Known, replace
from .manifest import Manifest, ManifestError, Served
from .places import Places, served_of
from .regular import read_regular
from .sources import split_host

__all__ = ["carry", "forget", "keep", "known", "note", "said"]


def note(place: Path, following: Manifest, data: bytes, now: float | None = None) -> None:
    """Remember the names that only the manifest there has, or the one served last, since another one, of these bytes, is about to
    take its place.

    Raises:
        OSError: it could not be done.
    """
    now = time.time() if now is None else now
    found = None
    seen = [data]
    for each in (served_of(place), place):
        try:
            if read_regular(each) in seen:
                continue
            manifest, text = Manifest.read_with_data(each)
        except (OSError, ManifestError):
            continue  # nobody could read names in it
        seen.append(text)
        if all(url in following.served or not each.is_lasting for url, each in manifest.served.items()):
            continue
        found = found or Former.read(place)
        found.add(manifest, following.served, now)
    if found is not None:
        found.drop_old(now)
        found.write(place)


def keep(place: Path, data: bytes) -> None:
    """Have the manifest of these bytes be the one that is served last, where there is one: all others are noted.

    Where nobody serves there is no need of it, and it shall not be taken along to where somebody does.

    Raises:
        OSError: it could not be done.
    """
    if os.path.lexists(served_of(place)):
        replace(place, served_of(place), data)


def known(place: Path, manifest: Manifest, data: bytes, places: Places) -> Former:
    """What a server must know beside the manifest there, whose bytes are given; it is served from now on.

    If the one that was served last is another one, and did not go by a build, its names are noted now, those whose files are there.
    Where that cannot be written down, or a build is at work, which will do so, this process alone knows them.
    """
    found = Former.read(place)
    try:
        if read_regular(served_of(place)) == data:
            return found
    except OSError:
        before = Manifest()
    else:
        try:
            before = Manifest.read(served_of(place))
        except ManifestError:
            before = Manifest()
    now = time.time()
    left = Manifest(
        served={
            url: each
            for url, each in before.served.items()
            if each.is_lasting
            and url not in manifest.served
            and os.path.isfile(places.found(each.place, each.size))  # noqa: PTH113
        },
        codecs=before.codecs,
    )
    found.complete(left, now)
    with contextlib.suppress(OSError), output.locked(place.with_name("build.lock"), 0) as is_alone:
        if is_alone:
            noted = Former.read(place)  # others may have written since
            if noted.complete(left, now):
                noted.drop_old(now)
                noted.write(place)
            replace(place, served_of(place), data)
    return found


def carry(place: Path, names: Iterable[tuple[str, Served, Mapping[str, str]]]) -> None:
    """Note names again that a process knows from before, by URL and with what made their siblings, and that are noted nowhere.

    The file may have come with a manifest, in the place of a longer one. Silent where it cannot be written, or a build is at
    work. Not so many that what was dropped for its number would come back.
    """
    builds: list[tuple[Mapping[str, str], dict[str, Served]]] = []
    for url, served, codecs in names:
        if not builds or builds[-1][0] != codecs:
            builds.append((codecs, {}))
        builds[-1][1][url] = served
    if not builds:
        return
    now = time.time()
    with contextlib.suppress(OSError), output.locked(place.with_name("build.lock"), 0) as is_alone:
        noted = Former.read(place)
        is_few = len(noted) + sum(len(served) for _, served in builds) <= FEW
        added = [noted.complete(Manifest(served=served, codecs=codecs), now) for codecs, served in builds]
        if is_alone and is_few and any(added):
            noted.write(place)


def said(place: Path) -> Known:
    """What the manifest there and those before it say."""
    try:
        served = Manifest.read(place).served
    except ManifestError:
        served = {}
    former = Former.read(place)
    old = {split_host(url)[1]: url for url in former}
    last = {split_host(url)[1]: each for url, each in served.items() if each.is_lasting}

    def find(path: str) -> Served | None:
        if path in last:
            return last[path]
        try:
            return former.served(old[path])[0]
        except KeyError:
            return None

    return find


def forget(manifest: Path, places: Places, paths: Iterable[str]) -> None:
    """Remember no more names of the files of these paths, which are removed.

    Raises:
        OSError: it could not be done.
    """
    gone = {places.name(path) for path in paths}
    former = Former.read(manifest) if gone else Former()
    if former.forget(gone):
        former.write(manifest)
