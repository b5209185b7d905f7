"""django-manifeststaticfiles-enhanced with its JavaScript modules and its lexer switched on."""

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
        {
            "BACKEND": "django_manifeststaticfiles_enhanced.storage.EnhancedManifestStaticFilesStorage",
            "OPTIONS": {"support_js_module_import_aggregation": True, "use_lexer": True},
        },
        trees=("big",),
        apps=("django_manifeststaticfiles_enhanced",),
    )
