# mypy: disable-error-code="import-not-found"
# (Brotli is installed in the races' own environment only)
"""The judge: ``python -m races.static_build.verify SPEC REPORT``, after a build and outside of its time.

For every file that the finders know it asks the site's own storage for the URL, as ``{% static %}`` does, and reads what was
published under it. *Broken* is a file without published bytes, or a reference in a published style sheet or script that
leads nowhere, or to another file, although that of the original led somewhere. *Past the fingerprint* are references that
lead to the right file under its plain name, although the file has a fingerprinted one: they hold, and must not be cached.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from races.static_build import reading
from races.static_build.reading import KINDS, target

__all__ = ["Remembered", "Verdict", "judge", "main", "require_encodings"]

_BROTLI_QUALITY = 5
_WORTH_COMPRESSING = 10_000

Read = Callable[[bytes, str], list[str]]


@dataclass
class Verdict:
    """What was counted; ``examples`` name some of what is broken."""

    broken: int = 0
    unhashed: int = 0
    references: int = 0
    brotli: int = 0
    examples: list[str] = field(default_factory=list)

    def blame(self, number: int, example: str) -> None:
        """Count so many broken references, if any."""
        if number > 0:
            self.broken += number
            self.examples.append(example)


@dataclass(frozen=True)
class _Site:
    """What was there, and what is: both by the names that URLs have."""

    originals: Mapping[str, Path]
    published: Mapping[str, str]
    files: frozenset[str]
    named: Mapping[str, str]

    def original_of(self, name: str) -> str | None:
        """The original whose bytes are at a published name; None where nothing is there."""
        if name not in self.files:
            return None
        return self.named.get(name, name if name in self.originals else None)


def judge(
    originals: Mapping[str, Path],
    published: Mapping[str, str],
    root: Path,
    *,
    compress: Callable[[bytes], int] = len,
    bundles: Iterable[str] = (),
    read: Read = reading.references,
) -> Verdict:
    """Compare a tree with what was published of it in ``root``.

    ``originals`` has the file of each name, ``published`` the name each is published under; ``bundles`` are published files
    that stand for no single original. ``compress`` tells the bytes of a text that travel; where there are bundles they
    travel, and the files by themselves do not.
    """
    files = frozenset(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    site = _Site(originals, published, files, {new: old for old, new in published.items()})
    joined = [(name, kind) for name in bundles if (kind := _kind(name))]
    verdict = Verdict()
    for name, path in originals.items():
        new = published.get(name)
        if new is None or new not in files:
            verdict.blame(1, f"{name}: published nowhere ({new})")
            continue
        kind = _kind(name)
        if kind is None:
            continue
        before, after = path.read_bytes(), (root / new).read_bytes()
        wanted = read(before, kind)
        _compare(site, verdict, name, wanted, new, wanted if after == before else read(after, kind))
        verdict.brotli += 0 if joined else compress(after)
    for name, kind in joined:
        content = (root / name).read_bytes()
        _compare(site, verdict, name, [], name, read(content, kind))
        verdict.brotli += compress(content)
    return verdict


def _kind(name: str) -> str | None:
    return KINDS.get(posixpath.splitext(name)[1])


def _compare(site: _Site, verdict: Verdict, name: str, wanted: list[str], new: str, found: list[str]) -> None:
    meant = _targets(name, wanted)
    led = _targets(new, found)
    right = {each for each in meant if each in site.originals}
    reached = {site.original_of(each) for each in led}
    dangling = [each for each in led if site.original_of(each) is None]
    before = [each for each in meant if each not in site.originals]
    missed = right - reached
    verdict.references += len(meant)
    # A reference that leads nowhere also misses the file it meant: it counts once. What led nowhere before may go on.
    number = max(len(dangling) - len(before), len(missed))
    verdict.blame(
        number, f"{new}: leads nowhere {sorted(dangling)[:3]}, no longer leads to {sorted(missed)[:3]}"
    )
    verdict.unhashed += sum(
        1
        for each in led
        if each in site.files and each not in site.named and site.published.get(each, each) != each
    )


def _targets(name: str, found: list[str]) -> list[str]:
    """The site's own files that references mean, be they there or not."""
    return [each for reference in found if (each := target(name, reference)) is not None]


class Remembered:
    """A reader that keeps what it found in a file beside the trees, since the originals are the same for everyone.

    What is kept is kept by the hash of the text, under a name that changes with the code of the reading.
    """

    def __init__(self, folder: Path) -> None:
        code = Path(reading.__file__).read_bytes()
        self.path = folder / f"references-{hashlib.sha256(code).hexdigest()[:16]}.json"
        self.known: dict[str, list[str]] = {}
        if self.path.exists():
            self.known = json.loads(self.path.read_text(encoding="utf-8"))

    def __call__(self, content: bytes, kind: str) -> list[str]:
        """The references of a text, read or remembered."""
        key = hashlib.sha256(kind.encode() + content).hexdigest()
        if key not in self.known:
            self.known[key] = reading.references(content, kind)
        return self.known[key]

    def keep(self, contents: Iterable[tuple[bytes, str]]) -> None:
        """Write down what was found in these texts, and nothing else."""
        keys = {hashlib.sha256(kind.encode() + content).hexdigest() for content, kind in contents}
        unfinished = self.path.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(json.dumps({key: self.known[key] for key in sorted(keys & set(self.known))}))
        unfinished.replace(self.path)


def require_encodings(root: Path, names: Iterable[str], encodings: Iterable[str]) -> None:
    """Check that each published style sheet and script, unless it is small, has a sibling in every encoding.

    Raises:
        ValueError: who compresses less than the others must not win.
    """
    texts = [name for name in names if _kind(name) and (root / name).exists()]
    wanted = [name for name in texts if (root / name).stat().st_size >= _WORTH_COMPRESSING]
    for encoding in encodings:
        absent = [name for name in wanted if not (root / f"{name}.{encoding}").exists()]
        if absent or not wanted:
            raise ValueError(
                f"{len(absent)} of {len(wanted)} published style sheets and scripts of at least {_WORTH_COMPRESSING} "
                f"bytes have no .{encoding} beside them, such as {absent[:1]}"
            )


def main(arguments: list[str]) -> int:
    """Judge the site of a spec; writes the counts, prints what is broken."""
    import django
    from django.conf import settings

    spec = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    settings.configure(**spec["settings"])
    django.setup()
    root = Path(spec["settings"]["STATIC_ROOT"])
    originals = _originals()
    names = {name: _published(name, spec["settings"]["STATIC_URL"]) for name in originals}
    pattern = spec.get("bundles")
    bundles = [path for path in root.glob(pattern) if path.is_file()] if pattern else []
    published = {name: new for name, new in names.items() if new is not None}
    joined = [path.relative_to(root).as_posix() for path in bundles]
    require_encodings(root, joined or published.values(), spec["encodings"])
    read = Remembered(Path(spec["tree"]))
    verdict = judge(
        originals,
        published,
        root,
        compress=_compressor(),
        bundles=joined,
        read=read,
    )
    if not read.path.exists():
        kinds = ((path, KINDS.get(path.suffix)) for path in originals.values())
        read.keep((path.read_bytes(), kind) for path, kind in kinds if kind is not None)
    counts = {
        "broken": verdict.broken,
        "unhashed": verdict.unhashed,
        "references": verdict.references,
        **({"brotli": verdict.brotli} if verdict.brotli else {}),
    }
    Path(arguments[1]).write_text(json.dumps(counts), encoding="utf-8")
    print("\n".join(verdict.examples))
    return 0


def _compressor() -> Callable[[bytes], int]:
    """Tells the bytes that travel; none are counted where Brotli is not installed, as it is for the races."""
    try:
        import brotli  # type: ignore[import-untyped]
    except ImportError:
        return lambda content: 0
    return lambda content: len(brotli.compress(content, quality=_BROTLI_QUALITY))


def _originals() -> dict[str, Path]:
    from django.contrib.staticfiles.finders import get_finders

    found: dict[str, Path] = {}
    for finder in get_finders():
        # As collectstatic: what it ignores, and the first of two files of one name.
        for name, storage in finder.list(["CVS", ".*", "*~"]):
            found.setdefault(posixpath.join(*Path(name).parts), Path(storage.path(name)))
    return found


def _published(name: str, static_url: str) -> str | None:
    from django.contrib.staticfiles.storage import staticfiles_storage

    try:
        url = staticfiles_storage.url(name)
    except ValueError:
        return None
    path = unquote(urlsplit(url).path)
    return path.removeprefix(static_url) if path.startswith(static_url) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
