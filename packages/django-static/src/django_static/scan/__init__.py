"""Find what the five tags will be asked for, in every template that the project's engines can load.

Templates are compiled, and then walked as a page would render them, but nothing is rendered: no context processor, no
tag and no filter of others is called. What depends on a request is reported as unknown, with template and line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .result import Absence, Failure, Scan, Unknown, Use

__all__ = ["Absence", "Failure", "Scan", "Unknown", "Use", "scan"]


def scan(engines: Iterable[Any] | None = None, *, static: Callable[[str], str] | None = None) -> Scan:
    """Walk every template of some engines.

    :param engines: template backends as ``django.template.engines.all()`` gives them, which is the default. A
        ``django.template.Engine`` or a ``jinja2.Environment`` will do as well.
    :param static: the URL that ``{% static path %}`` will print when the pages are rendered; that of
        ``django.templatetags.static`` by default.
    """
    from .engines import scan_all

    return scan_all(engines, static)
