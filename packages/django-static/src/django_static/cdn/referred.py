"""What style sheets and modules refer to by relative URLs, which browsers look for on the CDN, too."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..charsets import decoded
from ..references import css, js
from ..regular import read_regular
from ..sources import is_foreign

__all__ = ["referrers", "used", "with_used"]

_READERS = {".css": css.references, ".js": js.references, ".mjs": js.references}


def used(key: str, path: Path, prefix: str = "") -> Iterator[tuple[str, Path]]:
    """The files that one refers to, with their keys, as far as these are below the prefix."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        return
    try:
        text = decoded(read_regular(path), "css" if reader is css.references else "js").text
    except OSError:
        return
    for reference in reader(text):
        url = urlsplit(reference.url).path if not is_foreign(reference.url) else ""
        if not url or url.startswith("/") or reference.is_bare:
            continue
        name = unquote(url, errors="surrogateescape")
        other = posixpath.normpath(posixpath.join(posixpath.dirname(key), name))
        place = path.parent / name
        is_ours = other.startswith(f"{prefix}/") if prefix else not other.startswith("../")
        if is_ours and "\0" not in name and place.is_file():
            yield other, place


def with_used(wanted: Mapping[str, Path], prefix: str = "") -> dict[str, Path]:
    """Files with all that they refer to, each after what it needs itself; a circle begins anywhere."""
    found: dict[str, Path] = {}
    places = dict(wanted)
    begun: set[str] = set()
    waiting = [(key, False) for key in reversed(list(wanted))]
    while waiting:
        key, is_done = waiting.pop()
        if is_done:
            found[key] = places[key]
        elif key not in begun:
            begun.add(key)
            waiting.append((key, True))
            for other, place in used(key, places[key], prefix):
                places.setdefault(other, place)
                waiting.append((other, False))
    return found


def referrers(files: Mapping[str, Path], is_meant: Callable[[str], bool], prefix: str = "") -> dict[str, str]:
    """Those of the files that refer to what is meant, or to one that does; each with what it refers to."""
    found: dict[str, str] = {}
    begun = -1
    while begun != len(found):
        begun = len(found)
        for key, path in files.items():
            if key in found:
                continue
            others = (other for other, _ in used(key, path, prefix))
            meant = next((other for other in others if other in found or is_meant(other)), None)
            if meant is not None:
                found[key] = meant
    return found
