"""Serve what a build has published, from inside the application server: for sites without nginx or Caddy in front.

Data goes one way: ``wsgi`` and ``asgi`` turn a request into :class:`.request.Request`, ``holdings`` finds the
:class:`.entry.Entry` its URL stands for, ``answer`` decides by RFC 9110, and the edge sends what was decided.
"""

from __future__ import annotations

__all__: list[str] = []
