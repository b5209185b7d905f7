"""The flow of files to their compressed siblings: what stands already, what is cached, what is to be made.

A server that finds ``site.js.gz`` sends it instead of ``site.js`` without looking inside. So a sibling of another
content is worse than none: those are removed before anything else, and each appears whole or not at all.
"""

# Here names are strings: of ten thousand files a Path for each would cost more than asking for their state.
# ruff: noqa: PTH100, PTH108, PTH116, PTH120

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from .. import names
from ..cores import cores
from . import place, worth
from .cache import Cache
from .codecs import FORMATS, Codec, codecs
from .ledger import Ledger, Signature, signature

__all__ = ["Compressed", "compress_many", "siblings"]

logger = logging.getLogger("django_static")

_SUFFIXES = tuple(f".{name}" for name in FORMATS)
_JOIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Compressed:
    """A file and what stands beside it now."""

    path: Path
    #: Bytes of the file itself.
    size: int
    #: Bytes of each sibling by format; those that would not be smaller by 5% are not there.
    siblings: Mapping[str, int]
    #: Whether any of them had to be written.
    is_new: bool
    #: Why one is missing that should be there; empty if all went well.
    problem: str = ""
    #: :func:`django_static.names.digest` of the file; empty where it could not be read.
    digest: str = ""


@dataclass(slots=True)
class _File:
    """A file on its way through the flow."""

    given: Path
    digest: str
    path: str = ""
    status: os.stat_result | None = None
    siblings: dict[str, Signature | None] = field(default_factory=dict)
    is_new: bool = False
    problem: str = ""

    def __post_init__(self) -> None:
        self.path = os.fspath(self.given)

    def result(self) -> Compressed:
        sizes = {name: seen[0] for name, seen in self.siblings.items() if seen}
        size = self.status.st_size if self.status else 0
        return Compressed(self.given, size, sizes, self.is_new, self.problem, self.digest)


@dataclass(frozen=True, slots=True)
class _Task:
    """One content to be brought into one format, for each file that has it."""

    files: Sequence[_File]
    codec: Codec
    cost: float


def siblings(path: Path, digest: str, formats: Iterable[str], cache: Cache | None) -> Compressed:
    """Bring the compressed siblings of one published file up to date, in this thread.

    ``digest`` is :func:`django_static.names.digest` of the file's bytes, or empty to have it computed. A file that lies
    where a sibling belongs is replaced, or removed where there should be none.

    Raises:
        FormatError: a format that cannot be made here.
    """
    chosen = codecs(formats)
    file = _File(path, digest)
    _look(file)
    if not file.problem and not worth.is_compressed(file.path):
        _clear(file, frozenset())
        for codec in chosen:
            _carry_out(_Task([file], codec, 0), cache, frozenset(), threading.Event())
    return file.result()


def compress_many(
    items: Iterable[tuple[Path, str]],
    formats: Iterable[str],
    cache: Cache,
    *,
    root: Path,
    workers: int = 0,
    progress: Callable[[Compressed], object] | None = None,
) -> list[Compressed]:
    """Bring the siblings of published files up to date, in threads; the results are in the order of ``items``.

    ``items`` are paths with digests as for :func:`siblings`; a sibling's name that is itself among them is left alone.
    ``root`` is the published folder, by which the cache remembers what stands there. ``workers`` is the number of
    threads, as many as this process may use cores if 0 (the compressors run outside of the interpreter's lock).
    ``progress`` is called in the calling thread with each file that is done.

    What fails for one file is in its result, and the others go on. After ``KeyboardInterrupt`` nothing more appears.

    Raises:
        FormatError: a format that cannot be made here.
    """
    chosen = codecs(formats)
    ledger = Ledger(cache.ledgers, os.path.abspath(root), chosen)
    files = [_File(path, digest) for path, digest in items]
    published = {file.path for file in files}
    own = frozenset(
        path for path in published if path.endswith(_SUFFIXES) and path.rpartition(".")[0] in published
    )
    waiting: list[_File] = []
    for file in files:
        if _stands(file, ledger, own) or file.problem:
            if progress is not None:
                progress(file.result())
        else:
            waiting.append(file)
    if waiting:
        for file in waiting:
            if not file.digest or ledger.digest(file.path) != file.digest:
                _clear(file, own)
        place.remove_leftovers({os.path.dirname(file.path) for file in waiting})
        _run(_tasks(waiting, chosen), len(chosen), cache, own, workers or cores(), progress)
    try:
        ledger.store(
            {
                file.path: [file.digest, file.status.st_mtime_ns, file.siblings]
                for file in files
                if file.status is not None and file.siblings and not file.problem
            }
        )
    except OSError as error:
        logger.warning("what was compressed cannot be remembered for the next build: %s", error)
    return [file.result() for file in files]


def _look(file: _File) -> None:
    try:
        file.status = os.stat(file.path)
        if not file.digest:
            file.digest = names.content_digest(Path(file.path).read_bytes())
    except OSError as error:
        file.problem = f"{type(error).__name__}: {error}"


def _stands(file: _File, ledger: Ledger, own: frozenset[str]) -> bool:
    """Whether a file needs nothing: its siblings are as they were left, or it is never compressed."""
    _look(file)
    if worth.is_compressed(file.path):
        return True
    if file.status is None:
        return False
    known = ledger.siblings(file.path, file.digest, file.status.st_mtime_ns)
    if known is None or len(known) != sum(f"{file.path}.{name}" not in own for name in ledger.codecs):
        return False
    for name, seen in known.items():
        if signature(f"{file.path}.{name}") != seen:
            return False
    file.siblings = known
    return True


def _clear(file: _File, own: frozenset[str]) -> None:
    """Remove what a file's earlier content may have left beside it."""
    for name in FORMATS:
        if (path := f"{file.path}.{name}") not in own:
            with contextlib.suppress(OSError):
                os.unlink(path)


def _tasks(files: Sequence[_File], chosen: Sequence[Codec]) -> list[_Task]:
    """The work, its longest parts first, so that no thread is left alone with one at the end."""
    groups: dict[str, list[_File]] = {}
    for file in files:
        groups.setdefault(file.digest, []).append(file)
    tasks = [
        _Task(group, codec, codec.cost * (group[0].status.st_size if group[0].status else 0))
        for group in groups.values()
        for codec in chosen
    ]
    return sorted(tasks, key=lambda task: task.cost, reverse=True)


def _run(
    tasks: Sequence[_Task],
    parts: int,
    cache: Cache,
    own: frozenset[str],
    workers: int,
    progress: Callable[[Compressed], object] | None,
) -> None:
    """Carry out tasks in threads, telling of each file when its last part is done."""
    queue = iter(tasks)
    lock, stop = threading.Lock(), threading.Event()
    done: SimpleQueue[_Task] = SimpleQueue()

    def work() -> None:
        while not stop.is_set():
            with lock:
                task = next(queue, None)
            if task is None:
                return
            try:
                _carry_out(task, cache, own, stop)
            finally:
                done.put(task)

    # Daemons, since nothing can interrupt a compressor that has a minute to go; what it makes is then not published.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(tasks)))]
    left: dict[int, int] = {}
    try:
        for thread in threads:
            thread.start()
        for _ in tasks:
            for file in done.get().files:
                left[id(file)] = left.get(id(file), parts) - 1
                if not left[id(file)] and progress is not None:
                    progress(file.result())
    finally:
        stop.set()
        for thread in threads:
            thread.join(_JOIN_SECONDS)


def _carry_out(task: _Task, cache: Cache | None, own: frozenset[str], stop: threading.Event) -> None:
    """Make one sibling of some files of the same content; what goes wrong is noted with them."""
    try:
        data = _compressed(task.files[0], task.codec, cache)
    except Exception as error:  # noqa: BLE001 (whatever happens to one file must not cost the others)
        for file in task.files:
            _note(file, task.codec, error, own)
        return
    for file in task.files:
        path = f"{file.path}{task.codec.suffix}"
        if stop.is_set() or path in own or file.status is None:
            continue
        try:
            if data:
                if (signature(path) or [0, 0])[1] != file.status.st_mtime_ns or Path(
                    path
                ).read_bytes() != data:
                    place.write(path, data, file.status)
                    file.is_new = True
                file.siblings[task.codec.format] = signature(path)
            else:
                Path(path).unlink(missing_ok=True)
                file.siblings[task.codec.format] = None
        except Exception as error:  # noqa: BLE001
            _note(file, task.codec, error, own)


def _note(file: _File, codec: Codec, error: Exception, own: frozenset[str]) -> None:
    file.problem = f"{codec.format}: {type(error).__name__}: {error}"
    path = f"{file.path}{codec.suffix}"
    if path not in own:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _compressed(file: _File, codec: Codec, cache: Cache | None) -> bytes:
    """The compressed bytes of a file, from the cache if it has them; empty where it is not worth it."""
    if file.status is None or file.status.st_size < worth.MINIMUM_BYTES:
        return b""
    if cache is not None and (cached := cache.get(file.digest, codec.key)) is not None:
        return cached
    content = Path(file.path).read_bytes()
    if names.content_digest(content) != file.digest:
        raise ValueError(f"{file.path} has another content than it was published with")
    data = b"" if worth.looks_compressed(content) else codec.compress(content)
    if not worth.is_effective(len(content), len(data)):
        data = b""
    if cache is not None:
        try:
            cache.put(file.digest, codec.key, data)
        except OSError as error:
            logger.debug("%s is not kept for the next build: %s", file.path, error)
    return data
