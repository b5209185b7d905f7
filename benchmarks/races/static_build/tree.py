"""The two trees of files that are published: packages of the npm registry, fetched once, checked, and unpacked.

``packages.toml`` names them with the hash of each tarball. They are fetched with the npm client, which knows its
registry by its own configuration, into a cache outside git, ``.bench-cache`` or the folder that ``BENCH_CACHE``
names; ``python -m races.static_build.tree`` does that ahead of a race.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from harness.contestant import Services, Unavailable

__all__ = [
    "ENVIRONMENT",
    "TREES",
    "Package",
    "TreeError",
    "assemble",
    "cache_folder",
    "fetch",
    "members",
    "packages",
    "read_all",
    "services",
]

ENVIRONMENT = "BENCH_STATIC_TREE"
"""The environment variable by which contestants are told the folder that holds the trees."""

TREES = ("big", "small")

_LIST = Path(__file__).with_name("packages.toml")
_ROOT = Path(__file__).resolve().parents[3]
_FETCH_SECONDS = 300
_LARGEST_FILE = 64 * 2**20


class TreeError(Unavailable):
    """The tree cannot be had, and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package of one version; ``big`` and ``small`` are beginnings of the paths that each tree takes from it."""

    name: str
    version: str
    integrity: str
    big: tuple[str, ...] = ()
    small: tuple[str, ...] = ()

    @property
    def tarball(self) -> str:
        """The file name that the npm client gives it."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"

    def prefixes(self, tree: str) -> tuple[str, ...]:
        """What a tree takes from it."""
        return self.big if tree == "big" else self.small


@dataclass
class _Tally:
    """What is in a tree."""

    files: int = 0
    size: int = 0
    by_suffix: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        styles, scripts = (
            sum(self.by_suffix.get(suffix, 0) for suffix in suffixes) / 1e6
            for suffixes in ((".css",), (".js", ".mjs"))
        )
        return f"{self.files:,} files, {self.size / 1e6:.1f} MB: {styles:.1f} MB CSS, {scripts:.1f} MB JavaScript"


def packages(path: Path = _LIST) -> list[Package]:
    """What ``packages.toml`` names."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return [
        Package(
            name=entry["name"],
            version=entry["version"],
            integrity=entry["integrity"],
            **{tree: tuple(entry.get(tree, ())) for tree in TREES},
        )
        for entry in entries
    ]


def cache_folder() -> Path:
    """Where tarballs and trees are kept."""
    return Path(os.environ.get("BENCH_CACHE") or _ROOT / ".bench-cache").resolve()


def fetch(package: Package, cache: Path) -> Path:
    """The tarball of a package, from the cache or else from the registry.

    Raises:
        TreeError: there is no npm client, it fails, or what came has another hash.
    """
    path = cache / package.tarball
    if path.exists() and _integrity(path) == package.integrity:
        return path
    npm = shutil.which("npm")
    what = f"{package.name}@{package.version}"
    if npm is None:
        raise TreeError(
            f"{what}: the npm client is needed once to fetch the files of this race, and there is none. "
            f"Install it (Debian: apt install npm), or put {package.tarball} into {cache}"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as scratch:
        command = [npm, "pack", "--silent", "--ignore-scripts", f"--pack-destination={scratch}", what]
        try:
            done = subprocess.run(
                command, cwd=scratch, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise TreeError(f"{what}: npm did not bring it within {_FETCH_SECONDS} s; try again") from None
        fetched = Path(scratch, package.tarball)
        if done.returncode or not fetched.exists():
            said = " ".join((done.stderr or done.stdout).split())[-300:]
            raise TreeError(f"{what}: npm could not fetch it: {said or 'it said nothing'}")
        found = _integrity(fetched)
        if found != package.integrity:
            raise TreeError(
                f"{what}: its hash is {found}, and packages.toml says {package.integrity}; it is not used"
            )
        fetched.replace(path)
    return path


def _integrity(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    return "sha512-" + base64.b64encode(digest).decode("ascii")


def members(tarball: Path) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """The files in a tarball, without the folder that all npm tarballs begin with.

    Raises:
        TreeError: a link, a device, a path that leads out of its folder, or a file of more than 64 MB.
    """
    with tarfile.open(tarball, "r:gz") as archive:
        for member in archive:
            if member.isdir():
                continue
            path = PurePosixPath(member.name)
            if not member.isreg():
                raise TreeError(f"{tarball.name}: {member.name!r} is neither a file nor a folder")
            if path.is_absolute() or ".." in path.parts or "\\" in member.name or len(path.parts) < 2:
                raise TreeError(f"{tarball.name}: {member.name!r} leads out of the folder of its package")
            if member.size > _LARGEST_FILE:
                raise TreeError(
                    f"{tarball.name}: {member.name!r} has {member.size} bytes; too large to be true"
                )
            content = archive.extractfile(member)
            assert content is not None, "a regular file"
            yield PurePosixPath(*path.parts[1:]), content


def assemble(wanted: Iterable[Package], cache: Path) -> Path:
    """The folder with the two trees in it, unpacked if it is not there yet.

    It appears whole, under a name that changes with the list of packages.
    """
    chosen = list(wanted)
    digest = hashlib.sha256(repr(chosen).encode()).hexdigest()[:16]
    folder = cache / f"tree-{digest}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="unpack-") as scratch:
        whole = Path(scratch, "tree")
        for tree in TREES:
            (whole / tree).mkdir(parents=True)
        for package in chosen:
            _unpack(package, fetch(package, cache), whole)
        try:
            whole.rename(folder)
        except OSError:
            # Another race was faster.
            if not folder.is_dir():
                raise
    return folder


def _unpack(package: Package, tarball: Path, whole: Path) -> None:
    for path, file in members(tarball):
        trees = [tree for tree in TREES if str(path).startswith(package.prefixes(tree) or "\0")]
        content = file.read() if trees else b""
        for tree in trees:
            target = whole / tree / package.name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def read_all(folder: Path) -> _Tally:
    """Read every file, so that the file system has them all at hand; says what there was."""
    tally = _Tally()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            size = len(path.read_bytes())
            tally.files += 1
            tally.size += size
            tally.by_suffix[path.suffix] = tally.by_suffix.get(path.suffix, 0) + size
    return tally


@contextmanager
def services(workspace: Path) -> Iterator[Services]:
    """Have the trees ready before the race, and tell the contestants where."""
    del workspace
    folder = assemble(packages(), cache_folder())
    facts = {f"{tree} tree (without the admin)": str(read_all(folder / tree)) for tree in TREES}
    yield Services(environment={ENVIRONMENT: str(folder)}, facts=facts)


def main() -> int:
    """Fetch and unpack, and say what is there."""
    try:
        folder = assemble(packages(), cache_folder())
    except TreeError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    for tree in TREES:
        print(f"{folder / tree}: {read_all(folder / tree)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
