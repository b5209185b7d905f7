"""How a setting of the package is read: when it is asked for, so that ``override_settings`` works."""

from __future__ import annotations

from typing import Any

from django.conf import settings

__all__ = ["PREFIX", "Reading"]

#: What the name of each setting begins with; by itself it is the switch.
PREFIX = "DJANGO_STATIC"


class Reading:
    """Reads settings by the rest of their names."""

    def _get(self, name: str, default: Any) -> Any:
        return getattr(settings, f"{PREFIX}_{name}", default)

    def _of(self, name: str, kinds: Any, default: Any) -> Any:
        """A setting, or the default where it is of another kind: a check says so, and pages go on."""
        value = self._get(name, default)
        return value if isinstance(value, kinds) else default
