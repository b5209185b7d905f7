"""The settings of :mod:`django_static.serve`."""

from __future__ import annotations

from .conf_reading import Reading

__all__ = ["ServingConf"]


class ServingConf(Reading):
    """What is kept in memory, and what browsers may keep."""

    @property
    def serve_small(self) -> int:
        """``DJANGO_STATIC_SERVE_SMALL``: bytes up to which :mod:`django_static.serve` keeps a file in memory."""
        return int(self._get("SERVE_SMALL", 256 * 1024))

    @property
    def serve_memory(self) -> int:
        """``DJANGO_STATIC_SERVE_MEMORY``: bytes of files that each process keeps in memory together."""
        return int(self._get("SERVE_MEMORY", 32 * 1024 * 1024))

    @property
    def serve_max_age(self) -> int:
        """``DJANGO_STATIC_SERVE_MAX_AGE``: seconds for which files without a fingerprint may be cached."""
        return int(self._get("SERVE_MAX_AGE", 60))
