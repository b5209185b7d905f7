"""django-static's ``{% staticfile %}`` with the name written in the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import ours, site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% staticfile "/css/sheet.css" %}``"""
    ours.configure(workspace, tag=lambda name: f'{{% staticfile "/{name}" %}}')
    yield {"tag": site.operation(r"/static/css/sheet\d+\.\d+\.css")}
