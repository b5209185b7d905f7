"""Which published files are still wanted, by whom, and which of those we know to be ours no longer are.

A build is wanted while it is one of the last, or was replaced by the next one not long ago: pages of it may be cached
somewhere, or come from a server that has not been deployed to yet. What pages publish while they are rendered is wanted
while a record names it, and for as long afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import claims, journal, recorded, retention_of_pages
from .history import History
from .manifest import Manifest, ManifestError
from .names import decoded
from .places import STATE_FOLDER
from .seal import Seal

__all__ = ["Retention", "Unwanted", "read"]

_DAY_SECONDS = 86_400


@dataclass(slots=True)
class Unwanted:
    """What is known of a file that is no longer wanted."""

    #: The sizes in bytes of what was published under the name.
    sizes: set[int] = field(default_factory=set)
    #: Whether a symbolic link may stand for it.
    may_be_link: bool = False


@dataclass
class Retention:
    """What is recorded to have been published, told apart."""

    #: Why a file is wanted, by its path.
    wanted: dict[str, str] = field(default_factory=dict)
    #: Files that are no longer wanted, by their paths.
    unwanted: dict[str, Unwanted] = field(default_factory=dict)
    #: Files that others have written, and that we have read or copied.
    originals: set[str] = field(default_factory=set)
    #: Entries of the history that nobody needs any more.
    entries: list[Path] = field(default_factory=list)
    #: Journals of builds that did not come to their end, of which nobody needs anything any more.
    journals: list[Path] = field(default_factory=list)
    #: Records of pages to be written anew, without what nobody needs of them; None to be removed.
    records: dict[Path, dict[str, Any] | None] = field(default_factory=dict)
    #: Whether the last build was killed when its files were in use already, but not recorded.
    is_uncertain: bool = False

    @property
    def published(self) -> set[str]:
        """The paths of all that we have written, wanted or not."""
        return {*self.wanted, *self.unwanted} - self.originals

    def want(self, paths: Iterable[str], reason: str) -> None:
        for path in paths:
            self.wanted.setdefault(path, reason)

    def drop(self, sizes: Mapping[str, int], *, may_be_link: bool) -> None:
        """Files that somebody wanted once."""
        for path, size in sizes.items():
            known = self.unwanted.setdefault(path, Unwanted())
            known.sizes.add(size)
            known.may_be_link = known.may_be_link or may_be_link

    def settle(self) -> None:
        """What anybody wants is wanted, whatever links lead to it."""
        parents: dict[str, str] = {}

        def followed(path: str) -> str:
            parent, name = os.path.split(path)
            if parent not in parents:
                parents[parent] = os.path.realpath(parent)
            return os.path.join(parents[parent], name)  # noqa: PTH118

        wanted = set(map(followed, self.wanted)) if self.unwanted else set()
        for path in [path for path in self.unwanted if followed(path) in wanted]:
            del self.unwanted[path]


def read(
    builds: Path,
    pages: Path,
    static_root: Path | None,
    keep_builds: int,
    keep_days: float,
    now: float,
    *,
    failed: Path | None = None,
    shared: Sequence[Path] = (),
    is_left: Callable[[str], bool] = lambda path: False,
) -> Retention:
    """Tell what is wanted from what is not.

    Args:
        builds: the manifest; records and history of builds lie beside it.
        pages: the folder in which pages keep their records.
        static_root: where builds leave copies of originals.
        keep_builds: how many of the last builds are wanted, whatever their age; at least 1.
        keep_days: how long after it was replaced a build, or a file of a page, is wanted.
        now: seconds of the epoch.
        failed: the journal of a build whose files nobody has seen yet.
        shared: the folders that receive files, in which other manifests may need some.
        is_left: whether a copy of an original is as it was left, and that original gone, by the path of the copy; asked of
            copies that were published as they are, and are not wanted.

    Raises:
        Unreadable: a record is damaged.
    """
    found = Retention()
    oldest = now - keep_days * _DAY_SECONDS
    state = builds.parent
    _read_builds(found, state, builds, keep_builds, oldest, keep_days, failed)
    found.is_uncertain |= bool(journal.in_use(state / "builds"))
    seal = Seal.read(state / "seal.json")
    if seal is not None:
        found.originals.update(seal.inputs)
    for folder in shared:
        _read_claims(found, folder, oldest, keep_days)
        retention_of_pages.read_claims(found, folder, pages, oldest)
        retention_of_pages.read_others(found, Retention(), folder, pages, oldest, now)
        others = folder / STATE_FOLDER
        if (others / "manifest.json").exists() and not others.samefile(state):
            _read_others(found, others, keep_builds, oldest, keep_days)
    retention_of_pages.read(found, pages, oldest, now, f"pages: replaced less than {_days(keep_days)} ago")
    found.settle()
    copies = recorded.load(state / "originals.json")
    if static_root is not None and isinstance(copies, dict):
        paths = (str(static_root / name) for name in copies)
        found.originals.update(path for path in paths if not (path in found.unwanted and is_left(path)))
    return found


def _read_builds(
    found: Retention,
    state: Path,
    manifest: Path,
    keep_builds: int,
    oldest: float,
    keep_days: float,
    failed: Path | None,
) -> None:
    values = recorded.load(state / "records.json")
    if values is not None:
        records = values.get("records") if isinstance(values, dict) else None
        if not isinstance(records, dict):
            raise recorded.unreadable(state / "records.json", "it holds no records")
        for value in records.values():
            found.want(recorded.outputs(value, state / "records.json"), "the last build")
            found.originals.update(recorded.inputs(value, state / "records.json"))
    entries = History(state / "builds").places()
    newest: Mapping[str, int] = {}
    replaced = float("inf")
    for number, place in enumerate(entries):
        is_kept = number < keep_builds or replaced > oldest
        try:
            files = History.read(place)
        except (OSError, ValueError) as error:
            if is_kept:
                raise recorded.unreadable(place, error) from error
            files = {}
        if number == 0:
            newest = files
        if is_kept:
            reason = (
                _builds(keep_builds)
                if number < keep_builds
                else f"builds replaced less than {_days(keep_days)} ago"
            )
            found.want(files, reason)
        else:
            found.drop(files, may_be_link=False)
            found.entries.append(place)
        replaced = int(place.stem) / 1e9
    _read_journals(found, state / "builds", oldest, failed)
    _read_manifest(found, manifest, newest, was_killed=(state / "unfinished").exists())


def _read_claims(found: Retention, folder: Path, oldest: float, keep_days: float) -> None:
    """What other manifests need in a folder; and this one, of which another container may have had another version."""
    for claim in claims.left(folder):
        replaced = float("inf")
        for place in claim.places:
            try:
                files = [path for path in claim.read(place) if path not in found.originals]
            except (OSError, ValueError) as error:
                if replaced > oldest:
                    raise recorded.unreadable(place, error) from error
                files = []
            if replaced == float("inf"):
                found.want(files, "other manifests")
            elif replaced > oldest:
                found.want(files, f"other manifests, replaced less than {_days(keep_days)} ago")
            else:
                found.journals.append(place)
            replaced = int(place.stem) / 1e9


def _read_others(found: Retention, state: Path, keep_builds: int, oldest: float, keep_days: float) -> None:
    """What builds need that have their manifest where it is unless it is set."""
    others = Retention()
    _read_builds(others, state, state / "manifest.json", keep_builds, oldest, keep_days, None)
    found.want(others.wanted, "the manifest in the folder")
    found.originals |= others.originals
    found.is_uncertain |= others.is_uncertain or bool(journal.in_use(state / "builds"))


def _read_journals(found: Retention, folder: Path, oldest: float, failed: Path | None) -> None:
    used = journal.in_use(folder)
    for place in (*used, *journal.left(folder)):
        try:
            noted = journal.read(place)
            is_kept = place in used or (place != failed and place.stat().st_mtime > oldest)
        except OSError as error:
            raise recorded.unreadable(place, error) from error
        if is_kept:
            found.want((each.path for each in noted), "builds that did not end")
        else:
            # Not what others have given the same name first, while the build was about to.
            own = {each.path: each.size for each in noted if each.is_there()}
            found.drop(own, may_be_link=False)
            found.journals.append(place)


def _read_manifest(found: Retention, place: Path, newest: Iterable[str], *, was_killed: bool) -> None:
    """What pages print may be in no history: a build that was killed at the end has not recorded it."""
    try:
        manifest = Manifest.read(place)
    except ManifestError:
        found.is_uncertain = was_killed and place.exists()
        return
    given = {_base(name) for key in manifest.runs for name in key.split("\n")[1:]}
    # Source maps are among the files, and in no run.
    public = [*manifest.files, *(each.public for runs in manifest.runs.values() for each in runs)]
    printed = {decoded(_base(each)) for each in public}
    named = {_base(path) for path in newest}
    found.is_uncertain = was_killed and bool(printed - given - named)
    found.want([path for path in found.unwanted if _base(path) in printed], "the manifest")


def _base(path: str) -> str:
    return os.path.basename(path)  # noqa: PTH119 (thousands of files)


def _builds(count: int) -> str:
    return "the last build" if count == 1 else f"the last {count} builds"


def _days(days: float) -> str:
    return "1 day" if days == 1 else f"{days:g} days"
