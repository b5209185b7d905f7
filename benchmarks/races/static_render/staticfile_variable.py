"""django-static's ``{% staticfile %}`` with the name in a variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import ours, site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% staticfile sheet000 %}``, another variable in each tag."""
    ours.configure(workspace, tag=lambda name: f"{{% staticfile {Path(name).stem} %}}")
    variables = {Path(name).stem: f"/{name}" for name in site.NAMES}
    yield {"tag": site.operation(r"/static/css/sheet\d+\.\d+\.css", variables)}
