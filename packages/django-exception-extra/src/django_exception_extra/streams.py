"""The body of a streaming answer, which can fail after Django has given it away.

Django hears nothing of that: the exception goes to the server, which closes the connection. Here it is seen on its way.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse

from . import conf, who

__all__ = ["broken_by", "watch"]

# Where Django logs what a request failed with, and AdminEmailHandler listens.
_logger = logging.getLogger("django.request")


def watch(request: HttpRequest, response: StreamingHttpResponse) -> None:
    """Have the request recorded when the body of the answer raises; the exception goes on as it came.

    A `FileResponse` over a file is left alone: to be wrapped would cost it `wsgi.file_wrapper`.
    """
    if getattr(response, "file_to_stream", None) is not None:
        return
    content = response.streaming_content
    response.streaming_content = (
        _watched_async(request, response.status_code, content)
        if isinstance(content, AsyncIterable)
        else _watched(request, response.status_code, content)
    )


def broken_by(error: BaseException | None) -> HttpRequest | None:
    """The request in the body of whose answer the error was raised, as its traceback knows; None for all others."""
    if error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code in (_watched.__code__, _watched_async.__code__):
                request: HttpRequest = frame.f_locals["request"]
                return request
    return None


def _watched(request: HttpRequest, status: int, content: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from content
    except Exception as error:
        _failed(request, status, error)
        raise


async def _watched_async(
    request: HttpRequest, status: int, content: AsyncIterable[bytes]
) -> AsyncIterator[bytes]:
    try:
        async for part in content:
            yield part
    except Exception as error:
        await sync_to_async(_failed)(request, status, error)
        raise


def _failed(request: HttpRequest, status: int, error: Exception) -> None:
    who.record(request, error)
    if conf.report_streams():
        _logger.error(
            "Failed while the answer was being sent: %s",
            request.path,
            exc_info=error,
            extra={"status_code": status, "request": request},
        )
