"""Published files on a CDN: ``DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"``.

Pages never wait for it: until a copy is there and answers, they name the file on the site itself.
"""

from __future__ import annotations

from .proxy import file_proxy
from .slow_map import SlowMap

__all__ = ["SlowMap", "file_proxy"]
