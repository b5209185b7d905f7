"""A view that serves the files of a storage in GridFS, with conditional requests and ranges (RFC 9110).

    urlpatterns = [path("media/<path:name>", serve)]

Each request costs a worker for as long as it lasts: put a cache or a CDN in front of what many people load. The files
are for everybody who knows their names: wrap the view in `login_required`, or in more, where that is not right.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe

from django_mongokit.storage import GridFSStorage, read_range

__all__ = ["serve"]

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)", re.IGNORECASE)
# Of a number that no file has bytes.
_DIGITS = 18
# What a browser may show at once. All else is downloaded: a page that somebody uploads must not run as one of the site.
_SHOWN = re.compile(r"image/(?!svg)|audio/|video/|text/plain$|application/pdf$")


def serve(request: HttpRequest, name: str, storage: GridFSStorage | None = None) -> HttpResponseBase:
    """Answer with a file of a `GridFSStorage`, the default storage unless one is given; 404 where there is none.

    Answers 304 and 412 to conditions, 206 and 416 to one range (several at once are answered with the whole). Types that
    can carry scripts are sent to be downloaded, whatever whoever uploaded them said that they are.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    chosen: Any = default_storage if storage is None else storage
    try:
        file = chosen.grid_out(name)
    except (FileNotFoundError, SuspiciousFileOperation):
        raise Http404(f"There is no file {name!r}.") from None
    stored: datetime.datetime = file.upload_date
    modified = int(stored.replace(tzinfo=stored.tzinfo or datetime.UTC).timestamp())
    etag = f'"{file._id}"'  # a file is never changed once it is stored
    conditional = get_conditional_response(request, etag, modified)
    if conditional is not None:
        response: HttpResponseBase = conditional
    else:
        response = _answer(request, file, etag, modified)
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(modified)
    return response


def _answer(request: HttpRequest, file: Any, etag: str, modified: int) -> HttpResponseBase:
    length = file.length
    start, stop, status = 0, length, 200
    wanted = request.headers.get("Range")
    if wanted is not None and request.method == "GET" and _is_of_this_version(request, etag, modified):
        found = _range(wanted, length)
        if found is not None and not found:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{length}"})
        if found is not None:
            start, stop, status = found.start, found.stop, 206
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(status=status)
    else:
        parts: Any = read_range(file, start, stop)
        is_async = isinstance(request, ASGIRequest)
        response = StreamingHttpResponse(_awaited(parts) if is_async else parts, status=status)
    kind = (file.metadata or {}).get("contentType") or "application/octet-stream"
    response.headers["Content-Type"] = kind
    response.headers["Content-Length"] = str(stop - start)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not _SHOWN.match(kind.lower()):
        response.headers["Content-Disposition"] = "attachment"
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{length}"
    return response


def _is_of_this_version(request: HttpRequest, etag: str, modified: int) -> bool:
    """Return whether `If-Range`, where it is given, names what is there now."""
    condition = request.headers.get("If-Range", "").strip()
    if not condition or condition == etag:
        return True
    return '"' not in condition and parse_http_date_safe(condition) == modified


def _range(wanted: str, length: int) -> range | None:
    """Return which bytes one range names; none where nothing of it is there, None for what is to be ignored."""
    found = _RANGE.fullmatch(wanted.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(0, length - _number(last)), length
    else:
        start, stop = _number(first), min(length, _number(last) + 1 if last else length)
        if last and _number(last) < start:
            return None
    return range(start, stop)


def _number(digits: str) -> int:
    """Return the number, or one that is more than any file has bytes: of very many digits Python makes none."""
    significant = digits.lstrip("0")
    return 10**_DIGITS if len(significant) > _DIGITS else int(significant or "0")


async def _awaited(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    read = sync_to_async(lambda: next(parts, None))
    while (part := await read()) is not None:
        yield part
