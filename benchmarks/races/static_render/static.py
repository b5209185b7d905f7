"""Django's own ``{% static %}`` with the plain storage: names as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% static 'css/sheet.css' %}``"""
    site.configure(workspace, load="{% load static %}", tag=lambda name: f"{{% static '{name}' %}}")
    pattern = r"/static/css/sheet\d+\.css"
    yield site.operations(pattern, pattern)
