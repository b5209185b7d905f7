"""Static files served as well as they can be, from five template tags: ``{% load django_static %}``."""

from .resolver import slimfile, staticfile

__all__ = ["__version__", "slimfile", "staticfile"]

__version__ = "0.1.0"
