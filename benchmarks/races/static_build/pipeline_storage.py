"""django-pipeline's manifest storage with its mixin for gzip; it makes no Brotli."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collectstatic``; there are no packages, so nothing is joined or minified."""
    yield site.operations(
        workspace,
        "races.static_build.gzipped.GzippedManifestStorage",
        apps=("pipeline",),
        PIPELINE={"PIPELINE_ENABLED": True},
        encodings=("gz",),
    )
