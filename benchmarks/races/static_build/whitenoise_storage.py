"""WhiteNoise's CompressedManifestStaticFilesStorage, with Brotli installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collectstatic``, gz and br."""
    yield site.operations(
        workspace, "whitenoise.storage.CompressedManifestStaticFilesStorage", encodings=("gz", "br")
    )
