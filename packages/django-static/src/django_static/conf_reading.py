"""How a setting of the package is read: when it is asked for, so that ``override_settings`` works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings

__all__ = ["PATHS", "PREFIX", "Reading", "root_of_django"]

#: What the name of each setting begins with; by itself it is the switch.
PREFIX = "DJANGO_STATIC"
#: What a path may be given as.
PATHS = (str, os.PathLike)


def root_of_django(name: str) -> Path | None:
    """``STATIC_ROOT`` or ``MEDIA_ROOT``; None where it is not set, and where it is no path, which a check says."""
    value = getattr(settings, name)
    return Path(value) if value and isinstance(value, PATHS) else None


class Reading:
    """Reads settings by the rest of their names."""

    def _get(self, name: str, default: Any) -> Any:
        return getattr(settings, f"{PREFIX}_{name}", default)

    def _of(self, name: str, kinds: Any, default: Any) -> Any:
        """A setting, or the default where it is of another kind: a check says so, and pages go on."""
        value = self._get(name, default)
        return value if isinstance(value, kinds) else default
