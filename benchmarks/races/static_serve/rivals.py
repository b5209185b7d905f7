"""What WhiteNoise and ServeStatic have in common: both send what ``collectstatic`` left in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from races.static_serve import site

__all__ = ["MAX_AGE", "collect", "folder", "move"]

#: Seconds; as long as ours says.
MAX_AGE = 315_360_000


def collect() -> str:
    """Publish as a deployment does, with their compressed siblings, and tell the path of the file."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    return f"/static/{site.NAME}"


def folder() -> Path:
    """What was published."""
    return Path(os.environ[site.PLACE], "published")


def move() -> None:
    """Publish files that are too small for compressed siblings, without the minute that it would take."""
    folder().with_name("source").rename(folder())
