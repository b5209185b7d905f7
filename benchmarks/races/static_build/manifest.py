"""Django's ManifestStaticFilesStorage as its manual has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collectstatic``"""
    yield site.operations(
        workspace, "django.contrib.staticfiles.storage.ManifestStaticFilesStorage", trees=("big",)
    )
