"""Static files served as well as they can be, from five template tags: ``{% load django_static %}``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .preloads import early_hints
    from .resolver import slimfile, staticfile

__all__ = ["__version__", "early_hints", "slimfile", "staticfile"]

__version__ = "0.1.0"

#: What is imported when it is first asked for: the processes that minify for builds need nothing of pages.
_LATER = {"early_hints": ".preloads", "slimfile": ".resolver", "staticfile": ".resolver"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_LATER[name], __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
