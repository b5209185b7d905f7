"""What the last build has left: what it prints for names, and the files behind that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .build_shelf import BuildShelf
from .compress import FORMATS
from .folders import Folders
from .manifest import Manifest, run_key
from .records import Manner, Output, Record
from .sources import Source, signature

__all__ = ["LastBuild", "Published", "sent"]


@dataclass(frozen=True, slots=True)
class Published:
    """A file of the last build."""

    url: str
    size: int
    sent: int
    #: Bytes of the originals in it.
    before: int


class LastBuild:
    """The last build: what it prints for a run of names, and the files behind that."""

    def __init__(self, place: Path) -> None:
        self.manifest = Manifest.read(place)
        self.written = place.stat().st_mtime
        self._by_public: dict[str, tuple[Output, Record]] = {}
        for record in BuildShelf(place.parent / "records.json", Folders()).given().values():
            for each in record.outputs:
                self._by_public.setdefault(each.public, (each, record))

    def printed(self, wanted: Sequence[Source], slim: bool, manner: Manner) -> list[str] | None:
        """The URLs for a run; None when the manifest does not have it."""
        forms = [source.form for source in wanted]
        for slimness in (slim, False):
            found = self.manifest.runs.get(run_key(forms, slimness, manner))
            if found is not None:
                return [each.public for each in found]
        return None

    def files(self, urls: Sequence[str]) -> dict[str, Output]:
        """The published files behind URLs, and the style sheets those import still."""
        found: dict[str, Output] = {}
        pending = [self._by_public[url] for url in urls if url in self._by_public]
        while pending:
            each, record = pending.pop()
            if each.path not in found:
                found[each.path] = each
                if each.path.lower().endswith(".css"):
                    pending += [
                        (inner, used)
                        for used in record.uses
                        for inner in used.outputs
                        if inner.path.lower().endswith(".css")
                    ]
        return found

    def published(self) -> Iterator[Published]:
        seen: set[str] = set()
        for each, record in self._by_public.values():
            if each.path not in seen and each.path not in record.inputs:
                seen.add(each.path)
                # Of a run in several files nobody recorded which original is in which.
                before = sum(state[1] for state in record.inputs.values() if state)
                yield Published(each.url, each.size, sent(each), before if len(record.outputs) == 1 else 0)


def sent(each: Output) -> int:
    """The bytes that are sent of a file, where the smallest of its siblings is."""
    states = [signature(f"{each.path}.{suffix}") for suffix in FORMATS]
    return min([each.size, *(state[1] for state in states if state)])
