"""The originals under their own names beside the published files, as ``collectstatic`` would leave them.

Some are asked for by names that nobody can read beforehand: plugins a script loads, images a data attribute names.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from . import names
from .sources import Signature, signature

__all__ = ["Originals"]


class Originals:
    """Copies of the originals below a folder, with what they were copies of kept in one file."""

    def __init__(self, folder: Path, place: Path) -> None:
        self._folder = str(folder)
        self._place = place
        self._given = self._read()
        self._wanted: dict[str, tuple[Signature, Signature]] = {}
        self._folders: set[str] = set()
        self.written = 0

    def put(self, name: str, original: str, twin: str | None) -> str:
        """Have an original under its name below the folder, and tell its path; ``twin`` is a published file with its bytes.

        Raises:
            OSError: it could not be written.
        """
        target = f"{self._folder}/{name}"
        state = signature(original)
        known = self._given.get(name)
        if known is None or known[0] != state or known[1] != signature(target):
            if not os.path.exists(target) or not os.path.samefile(target, original):  # noqa: PTH110, PTH121 (thousands)
                self._copy(original, target, twin)
            known = (state, signature(target))
        self._wanted[name] = known
        return target

    def close(self) -> None:
        """Remember the copies."""
        if self._wanted == self._given:
            return
        temporary = self._place.with_name(f".{self._place.name}.tmp")
        temporary.write_text(json.dumps(self._wanted), "utf-8")
        temporary.replace(self._place)

    def _copy(self, original: str, target: str, twin: str | None) -> None:
        folder = target.rpartition("/")[0]
        if folder not in self._folders:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        self.written += 1
        if twin is not None and _linked(twin, target):
            return
        temporary = f"{folder}/.{names.digest(target)[:16]}.building"
        try:
            if twin is None or not _linked(twin, temporary):
                shutil.copyfile(original, temporary)
            os.replace(temporary, target)  # noqa: PTH105 (thousands of files)
        finally:
            # Of two links to one file that replace one another both stay.
            Path(temporary).unlink(missing_ok=True)

    def _read(self) -> dict[str, tuple[Signature, Signature]]:
        try:
            value: dict[str, Any] = json.loads(self._place.read_bytes())
            return {name: (_signature(state), _signature(copy)) for name, (state, copy) in value.items()}
        except (OSError, ValueError, OverflowError, RecursionError, TypeError, AttributeError, IndexError):
            return {}


def _linked(twin: str, path: str) -> bool:
    """Make another name for a published file; False where there is a file, or the file system has no such links."""
    try:
        os.link(twin, path)
    except OSError:
        return False
    return True


def _signature(value: Any) -> Signature:
    return None if value is None else (int(value[0]), int(value[1]), int(value[2]))
