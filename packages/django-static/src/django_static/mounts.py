"""A site below a path: ``STATIC_URL = "static/"`` means ``/app/static/`` where the server says ``SCRIPT_NAME=/app``.

Templates name files as if the site were at the root, and builds run where no server says anything: both mean the files of
wherever the site turns out to be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from . import import_maps
from .manifest import Manifest, names_of
from .mount import Mount
from .names import decoded, quoted

__all__ = ["SETTINGS", "mounted"]

#: The settings that URLs of files begin with: in a manifest, by the names they have in :class:`.sources.Sources`.
SETTINGS: Mapping[str, str] = {"STATIC_URL": "static_url", "MEDIA_URL": "files_url"}


class _Move(NamedTuple):
    before: str
    now: str


def mounted(manifest: Manifest, mounts: Sequence[Mount]) -> Manifest:
    """A manifest as it would be had the site been built where it is."""
    moves = [
        move
        for mount in mounts
        if (before := manifest.settings.get(SETTINGS[mount.setting], "")).strip("/")
        and before != (now := decoded(mount.here))
        # As names of files have it, and as URLs do.
        for move in dict.fromkeys((_Move(before, now), _Move(quoted(before), quoted(now))))
    ]
    if not moves:
        return manifest

    def move(url: str) -> str:
        for before, now in moves:
            if url.startswith(before):
                return f"{now}{url[len(before) :]}"
        return url

    return dataclasses.replace(
        manifest,
        runs={
            _moved_key(key, move): tuple(each._replace(public=move(each.public)) for each in printed)
            for key, printed in manifest.runs.items()
        },
        texts={
            key: import_maps.renamed(text, move) if import_maps.is_key(key) else text
            for key, text in manifest.texts.items()
        },
        files={move(url): place for url, place in manifest.files.items()},
    )


def _moved_key(key: str, move: Callable[[str], str]) -> str:
    head = key.partition("\n")[0]
    return "\n".join((head, *(move(name).replace("\n", "\0") for name in names_of(key))))
