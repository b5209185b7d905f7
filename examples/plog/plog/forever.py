"""Serves what the static tags have published, to be kept for ever. In production nginx does it (see the README)."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django.views.defaults import page_not_found

__all__ = ["serve"]

CACHE_CONTROL = "public, max-age=315360000, immutable"
EXPIRES = "Thu, 31 Dec 2037 23:55:55 GMT"

_STAMPED = re.compile(r"^(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.\d+\.(?P<extension>\w+)$")
_TYPES = {"css": "text/css", "js": "text/javascript", "py": "text/x-python", "svg": "image/svg+xml"}


@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with a published file; 404, never to be cached, for everything else."""
    match = _STAMPED.match(name)
    content = _read(name) if match else None
    if match is None or content is None:
        missing: HttpResponse = page_not_found(request, Http404(f"{name!r} has not been published."))
        # While a new version is being rolled out, a file may be asked for before it is there.
        missing["Cache-Control"] = "no-store"
        return missing
    extension = match["extension"]
    kind = _TYPES.get(extension) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith("+xml")
    return HttpResponse(
        content,
        content_type=f"{kind}; charset=utf-8" if text else kind,
        headers={"Cache-Control": CACHE_CONTROL, "Expires": EXPIRES, "Content-Length": str(len(content))},
    )


def _read(name: str) -> bytes | None:
    """The bytes of a published file. A link may lead to an original in the media folder, and to nowhere else."""
    folder = Path(settings.DJANGO_STATIC_SAVE_PREFIX)
    path = (folder / name).resolve()
    if not any(path.is_relative_to(Path(root).resolve()) for root in (folder, settings.MEDIA_ROOT)):
        return None
    try:
        return path.read_bytes()
    except OSError:
        return None
