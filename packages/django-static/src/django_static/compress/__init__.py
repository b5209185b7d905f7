"""Compressed siblings of published files (``site.js.gz``, ``.br``, ``.zst``), made ahead of the first request.

Works on bytes and paths, and knows no settings.
"""

from __future__ import annotations

from .cache import Cache, Pruned
from .codecs import FORMATS, FormatError, available, check
from .mistaken import Mistaken, mistaken
from .siblings import Compressed, compress_many, siblings

__all__ = [
    "FORMATS",
    "Cache",
    "Compressed",
    "FormatError",
    "Mistaken",
    "Pruned",
    "available",
    "check",
    "compress_many",
    "mistaken",
    "siblings",
]
