"""django-manifeststaticfiles-enhanced as its manual has it; a missing source map is a warning there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collectstatic``, the package's own, with ten threads."""
    yield site.operations(
        workspace,
        "django_manifeststaticfiles_enhanced.storage.EnhancedManifestStaticFilesStorage",
        trees=("big",),
        apps=("django_manifeststaticfiles_enhanced",),
    )
