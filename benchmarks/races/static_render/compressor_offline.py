"""django-compressor with ``COMPRESS_OFFLINE``: the blocks were compressed ahead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import compressor, site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% compress css %}``, after ``manage.py compress``."""
    from django.core.management import call_command

    compressor.configure(workspace, offline=True)
    call_command("compress", verbosity=0)
    yield site.operations(compressor.EXPECTED, compressor.EXPECTED)
