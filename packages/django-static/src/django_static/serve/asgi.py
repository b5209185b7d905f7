"""An ASGI application around another one (ASGI 3), which sends static files itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, BinaryIO

from .catalogue import as_text
from .entry import Entry
from .holdings import Content
from .of_settings import holdings_of_settings
from .representation import Answer, Headers
from .request import Request

__all__ = ["StaticServer"]

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_Application = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

_CHUNK = 1 << 18
_PATHSEND = "http.response.pathsend"
#: Where a field goes in a :class:`Request`.
_FIELDS = {name.replace("_", "-").encode(): place for place, name in enumerate(Request._fields) if place}


class StaticServer:
    """``application = StaticServer(get_asgi_application())`` at the end of ``asgi.py``.

    What the manifest names is sent from here, all else is left to the application: other paths, lifespan, websockets.
    Settings are read now, and the manifest; another manifest is gone over to while requests are answered.
    """

    def __init__(
        self,
        app: _Application,
        *,
        small: int | None = None,
        memory: int | None = None,
        max_age: int | None = None,
    ) -> None:
        """Bytes of the largest file that is kept in memory, bytes of all that are kept, and the seconds for which files without
        a fingerprint may be cached; ``DJANGO_STATIC_SERVE_SMALL``, ``…_MEMORY`` and ``…_MAX_AGE`` unless given."""
        self.app = app
        self._holdings = holdings_of_settings(as_text, str, small, memory, max_age)

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        found: Entry | Answer | None = self._holdings.known(path)
        if found is None:
            path, found = await self._find(path, scope)
            if found is None:
                await self.app(scope, receive, send)
                return
        method = scope["method"]
        content: Content = None
        if isinstance(found, Entry):
            request = _request(method, scope["headers"])
            ready = self._holdings.at_once(found, request)
            if ready is None:
                ready = await asyncio.to_thread(self._holdings.respond, path, found, request)
            given, content = ready
        else:
            given = found
        headers = given.asgi
        if headers is None:
            headers = given.asgi = _encoded(given.headers)
        start = {"type": "http.response.start", "status": given.status, "headers": headers.copy()}
        if content is None or isinstance(content, bytes):
            await send(start)
            body = b"" if method == "HEAD" else _joined(given, content)
            await send({"type": "http.response.body", "body": body})
        else:
            with content:
                await self._send_file(scope, receive, send, start, given, content)

    async def _find(self, path: str, scope: _Scope) -> tuple[str, Entry | Answer | None]:
        """What the path of a request stands for; servers differ in whether it has the root path in it."""
        candidates = [path]
        root = scope.get("root_path", "")
        if root:
            candidates += [root + path, path.removeprefix(root)]
        if "\ufffd" in path and scope.get("raw_path"):
            # Not UTF-8; the server has put a mark in place of the bytes.
            candidates.append(as_text(scope["raw_path"].decode("latin-1")))
        gone: Answer | None = None
        for candidate in candidates:
            if self._holdings.concerns(candidate):
                found = await asyncio.to_thread(self._holdings.find, candidate)
                if isinstance(found, Entry):
                    return candidate, found
                gone = gone or found
        return path, gone

    async def _send_file(
        self,
        scope: _Scope,
        receive: _Receive,
        send: _Send,
        start: MutableMapping[str, Any],
        given: Answer,
        file: BinaryIO,
    ) -> None:
        await send(start)
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        if given.is_whole and _PATHSEND in (scope.get("extensions") or {}):
            await send({"type": _PATHSEND, "path": file.name})
            return
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            async for chunk in _chunks(given, file):
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await gone


async def _disconnected(receive: _Receive) -> None:
    """Wait until nobody is there to send to."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _chunks(given: Answer, file: BinaryIO) -> AsyncIterator[bytes]:
    for piece in given.pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        start, stop = piece
        while start < stop:
            chunk = await asyncio.to_thread(_read, file, start, min(_CHUNK, stop - start))
            if not chunk:
                # The length has been sent: only a broken connection tells that it does not hold.
                raise OSError(f"{file.name} was cut while it was sent")
            start += len(chunk)
            yield chunk


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


def _joined(given: Answer, content: bytes | None) -> bytes:
    if content is None:
        return b"".join(piece for piece in given.pieces if isinstance(piece, bytes))
    if given.is_whole:
        return content
    return b"".join(piece if isinstance(piece, bytes) else content[slice(*piece)] for piece in given.pieces)


def _request(method: str, headers: Any) -> Request:
    """The fields that matter; those that were sent in several lines as one list (RFC 9110, 5.3)."""
    fields: list[Any] = [method, None, None, None, None, None, None, None]
    for name, value in headers:
        place = _FIELDS.get(name)
        if place is not None:
            text = value.decode("latin-1")
            before = fields[place]
            fields[place] = text if before is None else f"{before}, {text}"
    return Request(*fields)


def _encoded(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers]
