"""Static files served as well as they can be, from five template tags: ``{% load django_static %}``."""

from .preloads import early_hints
from .resolver import slimfile, staticfile

__all__ = ["__version__", "early_hints", "slimfile", "staticfile"]

__version__ = "0.1.0"
