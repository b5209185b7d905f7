"""ServeStatic's CompressedManifestStaticFilesStorage, with Brotli installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collectstatic``, gz and br; without zstd, which the others do not make."""
    yield site.operations(
        workspace,
        "servestatic.storage.CompressedManifestStaticFilesStorage",
        apps=("servestatic",),
        SERVESTATIC_USE_ZSTD=False,
        encodings=("gz", "br"),
    )
