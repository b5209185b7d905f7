"""Files that were published into folders of originals, where they are found as if they were some."""

from __future__ import annotations

import functools
import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from . import retention
from .compress import FORMATS
from .conf import conf
from .folders import Folders
from .manifest import ManifestError
from .names import has_mark, has_sure_mark, unmarked
from .originals import COPIES, Originals
from .places import STATE_FOLDER, is_inner, path_within, receiving
from .private import known_folder
from .recorded import Unreadable
from .sources import Sources

__all__ = ["is_published", "sources_of_builds", "without_published"]


def sources_of_builds() -> Sources:
    """Where builds look for originals, and what foretells or reports them.

    What a build or ``collectstatic`` has copied to ``STATIC_ROOT`` is no original: on a machine where nothing was built
    before it would not be there.
    """
    sources = conf.sources()
    static_root = sources.static_root
    if static_root is None or sources.finders is None:
        return sources

    @functools.cache
    def copies() -> Originals | None:
        try:
            return Originals(static_root, conf.manifest_file.with_name(COPIES), Folders())
        except ManifestError:  # no build can have been
            return None

    def is_left(path: str) -> bool:
        known = copies()
        return known is not None and known.is_left(path)

    return Sources(*sources.parts[:-1], is_left)


def is_published(path: Path, published: Container[str], *, is_alone: bool = False) -> bool:
    """Whether a file was published, now or by those whose records are gone.

    ``published`` are the paths that records name. Other files are known by their names, beside their originals, or
    without these where they are not to be expected (``is_alone``).
    """
    if STATE_FOLDER in path.parts:
        return True
    if path.suffix.removeprefix(".") in FORMATS and is_published(
        path.with_suffix(""), published, is_alone=is_alone
    ):
        return True
    if str(path) in published:
        return True
    original = unmarked(path.name)
    is_marked = has_sure_mark(path.name) and bool(original)
    return is_marked and (is_alone or path.with_name(original).is_file())


def without_published(files: Iterable[tuple[str, str]], sources: Sources) -> Iterator[tuple[str, str]]:
    """Pairs of a name and the path of a file, as the finders list them, without those that builds and pages have published.

    Where published files go to a folder that the finders look in, each build would publish those of the last one again; and
    where they went to one, the first build would that has them go elsewhere.
    """
    prefix = conf.save_prefix
    places = list(sources.finders.locations()) if sources.finders else []
    if sources.static_root is not None and is_inner(sources.static_root, places):
        files = _outside(files, sources.static_root)
    shared = [each for each in receiving(sources, prefix) if _overlaps(str(each), places)]
    if shared:
        is_alone = prefix is not None and all(_within(place, prefix) is None for place in places)
        files = _without_own(files, shared, _recorded(sources), is_alone=is_alone)
    yield from _without_left(files, sources, places)


def _outside(files: Iterable[tuple[str, str]], root: Path) -> Iterator[tuple[str, str]]:
    is_inside = functools.cache(lambda folder: _within(folder, root) is not None)
    for name, path in files:
        if not is_inside(os.path.dirname(path)):  # noqa: PTH120 (thousands of files)
            yield name, path


def _without_own(
    files: Iterable[tuple[str, str]], shared: Iterable[Path], published: set[str], *, is_alone: bool
) -> Iterator[tuple[str, str]]:
    """Those that are no published ones in the folders that go on receiving some."""
    # A folder that receives them may be a link to the one they are found in.
    real = functools.cache(os.path.realpath)
    published = published | {
        f"{real(folder)}{os.sep}{name}" for folder, name in map(os.path.split, published)
    }
    folders: dict[str, str | None] = {}
    for name, path in files:
        folder, last = os.path.split(path)
        if folder not in folders:
            is_shared = any(_within(folder, each) is not None for each in shared)
            folders[folder] = real(folder) if is_shared else None
        followed = folders[folder]
        if followed is None or not (
            is_published(Path(path), published, is_alone=is_alone)
            or is_published(Path(followed, last), published, is_alone=is_alone)
        ):
            yield name, path


def _without_left(
    files: Iterable[tuple[str, str]], sources: Sources, places: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Those of which no record says that they were published, when files went elsewhere."""
    folders = [Path(place, STATE_FOLDER) for place in [*places, *map(str, sources.roots)]]
    private = known_folder()
    states = [each for each in folders if each.is_dir()] + ([] if private is None else [private])
    left: set[str] | None = None
    for name, path in files:
        if states and has_mark(_without_format(name)):
            if left is None:  # few sites have files of such names
                left = set().union(*map(_published_by, states))
            if path in left or _without_format(path) in left:
                continue
        yield name, path


def _without_format(path: str) -> str:
    """The path of the file of which that is a compressed sibling, if it is one."""
    rest, _, suffix = path.rpartition(".")
    return rest if suffix in FORMATS else path


def _overlaps(folder: str, places: Iterable[str]) -> bool:
    return any(_within(folder, each) is not None or _within(each, folder) is not None for each in places)


def _within(path: str, folder: str | os.PathLike[str]) -> str | None:
    """How a path goes on below a folder, which it may be itself."""
    return path_within(os.path.join(path, ""), folder)  # noqa: PTH118 (it ends in a slash)


def _recorded(sources: Sources) -> set[str]:
    """The paths of what records say was published, originals left out."""
    try:
        return _published(conf.manifest_file, conf.options().state, sources.static_root)
    except ManifestError:
        return set()


def _published_by(state: Path) -> set[str]:
    """Those that the records in one folder name."""
    return _published(state / "manifest.json", state, None)


def _published(manifest: Path, state: Path, static_root: Path | None) -> set[str]:
    try:
        return retention.read(manifest, state, static_root, 1, 0, 0).published
    except Unreadable:
        return set()
