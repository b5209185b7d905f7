"""A WSGI application around another one (PEP 3333), which sends static files itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, BinaryIO

from .answer import usual
from .catalogue import as_latin1
from .entry import Entry
from .holdings import Content
from .of_settings import holdings_of_settings
from .representation import Answer, Piece
from .request import Request

__all__ = ["StaticServer"]

_Environ = dict[str, Any]
_Application = Callable[[_Environ, Any], Iterable[bytes]]

_CHUNK = 1 << 18


class StaticServer:
    """``application = StaticServer(get_wsgi_application())`` at the end of ``wsgi.py``.

    What the manifest names is sent from here, all else is left to the application. Settings are read now, and the
    manifest; another manifest is gone over to while requests are answered.
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
        self._holdings = holdings_of_settings(as_latin1, _decoded, small, memory, max_age)

    def __call__(self, environ: _Environ, start_response: Any) -> Iterable[bytes]:
        get = environ.get
        path = get("PATH_INFO", "")
        entry = self._holdings.known(path)
        if (
            entry is None
            or environ["REQUEST_METHOD"] != "GET"
            or "HTTP_RANGE" in environ
            or "HTTP_IF_MATCH" in environ
            or "HTTP_IF_UNMODIFIED_SINCE" in environ
        ):
            return self._answer(environ, start_response, path, entry)
        # Nearly every request. Few calls: beneath a server in Python each costs a hundredth of the whole.
        given = usual(
            entry, get("HTTP_ACCEPT_ENCODING"), get("HTTP_IF_NONE_MATCH"), get("HTTP_IF_MODIFIED_SINCE")
        )
        if given is None:
            return self._answer(environ, start_response, path, entry)
        chosen = given.representation
        if chosen is None:
            body = []
        else:
            content = chosen.content
            if content is None:
                return self._answer(environ, start_response, path, entry)
            chosen.is_used = True
            body = [content]
        form = given.wsgi or _formed(given)
        start_response(form[0], form[1].copy())
        return body

    def _answer(
        self, environ: _Environ, start_response: Any, path: str, found: Entry | Answer | None
    ) -> Iterable[bytes]:
        """By all the rules, and from the disk, or by the application."""
        if found is None:
            path, found = self._find(path, environ.get("SCRIPT_NAME", ""))
            if found is None:
                return self.app(environ, start_response)
        method = environ["REQUEST_METHOD"]
        content: Content = None
        if isinstance(found, Answer):
            given = found
        else:
            given, content = self._holdings.respond(path, found, _request(method, environ.get))
        form = given.wsgi or _formed(given)
        start_response(form[0], form[1].copy())
        if method == "HEAD":
            if content is not None and not isinstance(content, bytes):
                content.close()
            return []
        if content is None:
            return [piece for piece in given.pieces if isinstance(piece, bytes)]
        if isinstance(content, bytes):
            if given.is_whole:
                return [content]
            return [piece if isinstance(piece, bytes) else content[slice(*piece)] for piece in given.pieces]
        if given.is_whole and "wsgi.file_wrapper" in environ:
            wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](content, _CHUNK)
            return wrapped
        return _Chunks(content, given.pieces)

    def _find(self, path: str, script: str) -> tuple[str, Entry | Answer | None]:
        """What the path of a request stands for, or else the path below the one where the application was put."""
        gone: Answer | None = None
        for candidate in (script + path, path) if script else (path,):
            if self._holdings.concerns(candidate):
                found = self._holdings.find(candidate)
                if isinstance(found, Entry):
                    return candidate, found
                gone = gone or found
        return path, gone


class _Chunks:
    """Parts of an open file, and the file is closed whatever happens."""

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._file = file
        self._chunks = self._read(pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        self._chunks.close()
        self._file.close()

    def _read(self, pieces: Sequence[Piece]) -> Generator[bytes, None, None]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            start, stop = piece
            self._file.seek(start)
            while start < stop:
                chunk = self._file.read(min(_CHUNK, stop - start))
                if not chunk:
                    # The length has been sent: only a broken connection tells that it does not hold.
                    raise OSError(f"{self._file.name} was cut while it was sent")
                start += len(chunk)
                yield chunk


def _request(method: str, get: Callable[[str], str | None]) -> Request:
    return Request(
        method,
        get("HTTP_ACCEPT_ENCODING"),
        get("HTTP_IF_MATCH"),
        get("HTTP_IF_NONE_MATCH"),
        get("HTTP_IF_MODIFIED_SINCE"),
        get("HTTP_IF_UNMODIFIED_SINCE"),
        get("HTTP_IF_RANGE"),
        get("HTTP_RANGE"),
    )


def _formed(given: Answer) -> tuple[str, list[tuple[str, str]]]:
    """Status and headers as PEP 3333 has them; kept with the answer, so copy the list, which others may change."""
    given.wsgi = (f"{given.status} {HTTPStatus(given.status).phrase}", list(given.headers))
    return given.wsgi


def _decoded(path: str) -> str:
    return path.encode("latin-1").decode("utf-8", "surrogateescape")
