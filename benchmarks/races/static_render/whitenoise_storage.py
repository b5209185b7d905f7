"""``{% static %}`` with WhiteNoise's CompressedManifestStaticFilesStorage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% static 'css/sheet.css' %}``, after collectstatic."""
    site.configure(
        workspace,
        storage="whitenoise.storage.CompressedManifestStaticFilesStorage",
        load="{% load static %}",
        tag=lambda name: f"{{% static '{name}' %}}",
    )
    site.collect()
    pattern = r"/static/css/sheet\d+\.[0-9a-f]{12}\.css"
    yield site.operations(pattern, pattern)
