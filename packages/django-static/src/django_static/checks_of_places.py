"""System checks of where published files are, and of where what is known of them is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from django.core.checks import CheckMessage, Error

from .checks_of_code import given
from .conf import PREFIX, conf
from .output import STATE_FOLDER
from .places import Places

__all__ = ["check"]


def check() -> Iterator[CheckMessage]:
    """What is wrong with them."""
    prefix = given("_NAME_PREFIX")
    if isinstance(prefix, str) and {".", ".."} & set(unquote(prefix).split("/")):
        yield Error(
            f"{PREFIX}_NAME_PREFIX is {prefix!r}: browsers leave '.' and '..' out of a path, and ask for another one.",
            hint="Write the path that is meant, such as '/cache-forever'.",
            id="django_static.E023",
        )
    place = given("_MANIFEST_FILE")
    if isinstance(place, str | Path) and place and Path(place).is_absolute():
        yield from _manifest(os.path.abspath(place))  # noqa: PTH100 (links stay)


def _manifest(place: str) -> Iterator[CheckMessage]:
    try:
        folders = Places.of(conf.sources(), conf.save_prefix).folders.values()
    except (AttributeError, TypeError):
        return  # of settings that are told of already
    for folder in folders:
        start = os.path.join(folder, "")  # noqa: PTH118
        if place.startswith(start) and STATE_FOLDER not in Path(place[len(start) :]).parent.parts:
            yield Error(
                f"{PREFIX}_MANIFEST_FILE is {place!r}, in a folder of published files: whoever asks a web server for it, "
                "or for the records beside it, gets them.",
                hint=f"Put it elsewhere, or into a folder {STATE_FOLDER} there, which is never sent.",
                id="django_static.E024",
            )
            return
