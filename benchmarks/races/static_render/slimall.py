"""django-static's ``{% slimall %}`` around one link: what corresponds to a block of django-compressor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import ours, site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% slimall %}<link …>{% endslimall %}``"""
    ours.configure(
        workspace,
        tag=lambda name: f'{{% slimall %}}<link rel="stylesheet" href="/{name}">{{% endslimall %}}',
    )
    yield {"tag": site.operation(r'<link rel="stylesheet" href="/static/css/sheet\d+\.\d+\.css"[^>]*>')}
