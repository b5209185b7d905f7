"""The flow of cleaning up: lock, tell what is wanted, remove the rest, forget it last."""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import claims, names, noting, output, removal, retention
from .compress import Cache
from .folders import Folders
from .history import KEEP_BUILDS, KEEP_DAYS
from .originals import COPIES, Originals
from .page_claims import PageClaims
from .places import STATE_FOLDER, Places, former_of, receiving, served_of, shared_by_sites
from .recorded import Unreadable
from .records import Options
from .removal import Guard
from .retention import Retention, Unwanted
from .shelf import PUBLISHING_LOCK
from .sources import Sources

__all__ = ["Cleaned", "Cleaning", "Running"]

_DAY_SECONDS = 86_400
#: How long a build that failed waits for pages that publish.
_PATIENCE_SECONDS = 1
_LOCK = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?\.lock")
_HALF_RECORD = re.compile(
    r"[0-9a-f]{32}\.json-\d+-\d+\.tmp|[0-9]{20}\.tmp|\.(?:originals\.json\.tmp|[0-9a-f]{16}\.building)"
)


class Running(Exception):
    """A build or a page is publishing, so that nothing may be removed now."""


@dataclass
class Cleaned:
    """What was removed, or would be."""

    #: Bytes of each removed file by its path.
    files: dict[str, int] = field(default_factory=dict)
    #: What killed processes had left.
    leftovers: dict[str, int] = field(default_factory=dict)
    #: Why recorded files were left alone, by path.
    refused: dict[str, str] = field(default_factory=dict)
    #: What could not be removed, and why.
    failed: dict[str, str] = field(default_factory=dict)
    #: How many files are wanted, by reason.
    wanted: Counter[str] = field(default_factory=Counter)
    #: Builds that are forgotten, folders that were empty, compressed bytes dropped from the cache.
    builds: int = 0
    folders: int = 0
    cached: int = 0
    is_uncertain: bool = False


class Cleaning:
    """One clean-up; plain arguments in.

    Args:
        sources: where originals are, and so which folders receive files.
        options: the settings of the pipeline.
        manifest: the one builds leave.
        keep_builds: how many of the last builds are wanted.
        keep_days: for how many days what was replaced is wanted.
    """

    def __init__(
        self,
        sources: Sources,
        options: Options,
        manifest: Path,
        *,
        keep_builds: int = KEEP_BUILDS,
        keep_days: float = KEEP_DAYS,
    ) -> None:
        self._sources = sources
        self._options = options
        self._manifest = manifest
        self._keep_builds = keep_builds
        self._keep_days = keep_days
        self._receiving = receiving(sources, options.save_prefix)
        #: Those of which nobody else is at work in now.
        self._quiet = self._receiving
        self._page_claims = PageClaims(options.state, shared_by_sites(sources, options.save_prefix))

    def run(self, *, dry: bool = False, clock: Callable[[], float] = time.time) -> Cleaned:
        """Remove what nobody wants; with ``dry`` only say what that is.

        Raises:
            Running: a build or a page did not end in time.
            Unreadable: a record is damaged; nothing was removed.
        """
        with contextlib.nullcontext(0.0) if dry else self._alone() as patience:
            static_root = self._sources.static_root
            kept = retention.read(
                self._manifest,
                self._options.state,
                static_root,
                self._keep_builds,
                self._keep_days,
                clock(),
                shared=self._receiving,
                is_left=self._left_copies(),
            )
            cleaned = Cleaned(wanted=Counter(kept.wanted.values()), is_uncertain=kept.is_uncertain)
            if not kept.is_uncertain:
                self._clean(kept, cleaned, dry=dry)
            if patience is not None:
                self._sweep(cleaned, patience, dry=dry)
            if not dry:
                self._prune_cache(cleaned)
        return cleaned

    @contextlib.contextmanager
    def _alone(self) -> Iterator[float | None]:
        """Keep builds and publishing pages out.

        Yields how many seconds ago something must have been written to be what a killed process has left; None where the
        system has no locks, so that nobody can tell.
        """
        state, options = self._manifest.parent, self._options
        has_locks, patience = True, 0.0
        with contextlib.ExitStack() as stack:
            for place, timeout in (
                (state / "build.lock", options.build_timeout),
                (options.state / PUBLISHING_LOCK, options.lock_timeout),
            ):
                if place.name == PUBLISHING_LOCK:
                    # After the wait for builds, since these may make its folder.
                    self._keep_out_others(stack)
                if not place.parent.is_dir():
                    patience = removal.LONG_SECONDS  # whoever makes it now is kept out by nothing
                    continue
                try:
                    held = stack.enter_context(output.locked(place, timeout))
                except output.LockTimeout as error:
                    raise Running(f"{place}: something is being published; nothing was removed") from error
                has_locks = has_locks and held
                if not held and (state / "unfinished").exists():
                    raise Running(
                        f"{state / 'unfinished'}: a build runs or was killed, and there are no locks here to tell which; "
                        "nothing was removed. Run 'manage.py staticbuild' to its end first"
                    )
            yield patience if has_locks else None

    def _keep_out_others(self, stack: contextlib.ExitStack) -> None:
        try:
            self._quiet = stack.enter_context(claims.alone(self._receiving, self._options.build_timeout))
        except output.LockTimeout as error:
            raise Running(f"{error.filename}: something is being published; nothing was removed") from error

    def take_back(self, journal: Path) -> None:
        """Remove what a build has added that failed, and that nobody else names; the caller holds its lock.

        What cannot be removed now is left to a clean-up.
        """
        pages = self._options.state / PUBLISHING_LOCK
        with contextlib.suppress(OSError, Unreadable), contextlib.ExitStack() as stack:
            stack.enter_context(claims.alone(self._receiving, 0))
            if pages.parent.is_dir() and not stack.enter_context(output.locked(pages, _PATIENCE_SECONDS)):
                return
            kept = retention.read(
                self._manifest,
                self._options.state,
                self._sources.static_root,
                sys.maxsize,
                math.inf,
                time.time(),
                failed=journal,
                shared=self._receiving,
                is_left=self._left_copies(),
            )
            if not kept.is_uncertain and journal in kept.journals:
                kept.records.clear()
                self._clean(kept, Cleaned(), dry=False)

    def _left_copies(self) -> Callable[[str], bool]:
        """Tells whether a file in ``STATIC_ROOT`` is the copy of an original that is gone, by its path.

        Files with names that bundlers gave are published under these, and so are copies and published files in one.
        """
        static_root, finders = self._sources.static_root, self._sources.finders
        if static_root is None or finders is None:
            return lambda path: False
        copies = Originals(static_root, self._manifest.with_name(COPIES), Folders())

        def is_left(path: str) -> bool:
            if not copies.is_left(path):
                return False
            found = finders.find(os.path.relpath(path, static_root))
            # A finder may look in STATIC_ROOT, too.
            return found is None or (os.path.exists(path) and os.path.samefile(found, path))  # noqa: PTH110, PTH121

        return is_left

    def _clean(self, kept: Retention, cleaned: Cleaned, *, dry: bool) -> None:
        guard = Guard(self._receiving, kept.originals, self._is_published)
        parents = set()
        for path, known in sorted(kept.unwanted.items()):
            # A sibling of what is wanted is wanted.
            if any(
                path == sibling
                for base in _bases(path)
                if base in kept.wanted
                for sibling in removal.siblings(base)
            ):
                continue
            found = self._place(guard, path, known, cleaned)
            if found is None:
                continue
            # The siblings go first: without the file nobody asks for them, and nobody would know that they are ours.
            for each in removal.siblings(path):
                if each not in kept.wanted:
                    self._remove(each, self._place(guard, each, None, cleaned), cleaned, dry=dry)
            self._remove(path, found, cleaned, dry=dry)
            parents.add(os.path.dirname(path))  # noqa: PTH120 (thousands of files)
        cleaned.builds = len(kept.entries)
        if dry or cleaned.failed:
            return
        cleaned.folders = removal.remove_empty(parents, self._own_folders())
        # What is known of the files is forgotten when they are gone, so that the next run can finish what this one did not.
        for place, value in kept.records.items():
            self._page_claims.leave(place, value)
            if value is None:
                place.unlink(missing_ok=True)
            else:
                output.store(place, value)
        gone = [path for path in kept.unwanted if not os.path.lexists(path.partition("\0")[0])]
        noting.forget(self._manifest, Places.of(self._sources, self._options.save_prefix), gone)
        for place in (*kept.entries, *kept.journals):
            place.unlink(missing_ok=True)

    def _place(self, guard: Guard, path: str, known: Unwanted | None, cleaned: Cleaned) -> str | None:
        """Where a file lies that may be removed, empty if it is gone already; None if it may not be."""
        try:
            if known is None:
                return guard.place(path, may_be_link=False)
            return guard.place(path, may_be_link=known.may_be_link, sizes=known.sizes)
        except PermissionError as error:
            if os.path.lexists(path.partition("\0")[0]):
                cleaned.refused[path] = str(error)
            return None

    def _remove(self, path: str, place: str | None, cleaned: Cleaned, *, dry: bool) -> None:
        if place and path not in cleaned.files:
            try:
                cleaned.files[path] = os.lstat(place).st_size if dry else removal.remove(place)
            except OSError as error:
                cleaned.failed[path] = str(error)

    def _sweep(self, cleaned: Cleaned, patience: float, *, dry: bool) -> None:
        """Remove what killed processes have left: whoever is at work now holds one of the locks, or began a moment ago."""
        found: list[str] = []
        #: Seconds since when nothing must have been written to each.
        waits: dict[str, float] = {}
        for folder in self._receiving:
            is_quiet = folder in self._quiet
            for path in removal.leftovers([folder]):
                waits[path] = max(waits.get(path, 0.0), patience if is_quiet else removal.LONG_SECONDS)
        state, pages = self._manifest.parent, self._options.state
        written = (self._manifest.name, former_of(self._manifest).name, served_of(self._manifest).name)
        manifest = re.compile("|".join(re.escape(f".{name}.tmp") for name in written))
        for folder, pattern in (
            (state, _HALF_RECORD),
            (state, manifest),
            (state / "builds", _HALF_RECORD),
            (pages, _HALF_RECORD),
            (pages, _LOCK),
            *((place, _HALF_RECORD) for place in self._lists()),
        ):
            with contextlib.suppress(OSError):
                found += [str(path) for path in folder.iterdir() if pattern.fullmatch(path.name)]
        now = time.time()
        for path in found:
            waits.setdefault(path, patience)
        for path, wait in waits.items():
            if wait and not removal.is_older(path, now - wait):
                continue
            try:
                cleaned.leftovers[path] = os.lstat(path).st_size if dry else removal.remove(path)
            except OSError as error:
                cleaned.failed[path] = str(error)

    def _lists(self) -> list[Path]:
        """Where other manifests have left what they need."""
        return [place for folder in self._receiving for place in claims.places(folder)]

    def _prune_cache(self, cleaned: Cleaned) -> None:
        """Compressed bytes that no build has asked for in that time; they can be made again."""
        state = self._manifest.parent
        folder = self._options.compress_cache or state / "compressed"
        # Elsewhere a folder of that name may be somebody else's.
        if folder.is_dir() and (self._options.compress_cache or state.name == STATE_FOLDER):
            age = max(self._keep_days, 1) * _DAY_SECONDS
            cleaned.cached = Cache(folder).prune(age, sys.maxsize).bytes

    def _own_folders(self) -> list[Path]:
        """Those of them that hold nothing but what is published; elsewhere somebody may want a folder that is empty."""
        own = self._options.save_prefix or self._sources.static_root
        return [own] if own is not None and own not in self._sources.roots else []

    def _is_published(self, name: str) -> bool:
        options = self._options
        return (
            names.has_mark(name)
            or names.is_hashed(name, options.hashed_names)
            or options.filename_generator is not None
            or options.combine_filenames_generator is not None
        )


def _bases(path: str) -> list[str]:
    base, _, suffix = path.rpartition(".")
    return [base] if suffix else []
