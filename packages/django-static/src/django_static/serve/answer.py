"""The answer to a request for a file: facts in, facts out (RFC 9110)."""

from __future__ import annotations

from http import HTTPStatus

from .conditions import holds_range, verdict
from .entry import Entry
from .ranges import Span, spans
from .representation import Answer, Piece, Representation
from .request import Request

__all__ = ["FAILED", "GONE", "answer", "plain", "usual"]

_ALLOW = ("Allow", "GET, HEAD, OPTIONS")


def plain(status: int, *headers: tuple[str, str]) -> Answer:
    """An answer that has only its name to say, and may not be kept."""
    text = f"{status} {HTTPStatus(status).phrase}\n".encode()
    return Answer(
        status,
        (
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(text))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *headers,
        ),
        (text,),
    )


#: There is no such file any more; a cache that remembered it would hide the one that a deployment is about to bring.
GONE = plain(404)
#: There is something else than what was published.
FAILED = plain(500)

_NOT_ALLOWED = plain(405, _ALLOW)
_OPTIONS = Answer(204, (_ALLOW,))
_NOT_ACCEPTABLE = plain(406, ("Vary", "Accept-Encoding"))
_PRECONDITION_FAILED = plain(412)


def answer(entry: Entry, request: Request) -> Answer:
    """What to answer; the content of a HEAD request's is not to be sent."""
    method = request.method
    if method not in ("GET", "HEAD"):
        return _OPTIONS if method == "OPTIONS" else _NOT_ALLOWED
    chosen = entry.select(request.accept_encoding)
    if chosen is None:
        return _NOT_ACCEPTABLE
    if request[2:] == _UNCONDITIONAL:
        return chosen.whole
    status = verdict(request, chosen.etag, chosen.modified)
    if status:
        return chosen.unchanged if status == 304 else _PRECONDITION_FAILED
    if (
        method == "GET"
        and request.range is not None
        and (request.if_range is None or holds_range(request.if_range, chosen.etag, chosen.fixed))
    ):
        return _partial(chosen, request.range)
    return chosen.whole


def usual(
    entry: Entry, accept_encoding: str | None, if_none_match: str | None, if_modified_since: str | None
) -> Answer | None:
    """What :func:`answer` says to a GET with none of the other fields of :class:`Request`, for a client that has nothing, and for
    one that has the file and names its tag as it got it; None for whatever else, and for the first of each ``accept_encoding``.
    """
    chosen = entry.chosen.get(accept_encoding)
    if chosen is None:
        return None
    if if_none_match is not None:
        return chosen.unchanged if if_none_match == chosen.etag else None
    return chosen.whole if if_modified_since is None else None


_UNCONDITIONAL = (None,) * (len(Request._fields) - 2)


def _partial(chosen: Representation, field: str) -> Answer:
    wanted = spans(field, chosen.size)
    if wanted is None:
        return chosen.whole
    if not wanted:
        return plain(416, ("Content-Range", f"bytes */{chosen.size}"))
    if len(wanted) > 1:
        return _multipart(chosen, wanted)
    span = wanted[0]
    headers = (
        ("Content-Type", chosen.kind),
        ("Content-Length", str(span[1] - span[0])),
        ("Content-Range", _content_range(span, chosen.size)),
        *chosen.described,
    )
    return Answer(206, headers, (span,), chosen)


def _multipart(chosen: Representation, wanted: list[Span]) -> Answer:
    """Several ranges in one body (14.6)."""
    # No content holds the digest of itself.
    boundary = f"part-{''.join(filter(str.isalnum, chosen.etag))}"
    pieces: list[Piece] = []
    for number, span in enumerate(wanted):
        start = "\r\n" if number else ""
        pieces.append(
            f"{start}--{boundary}\r\nContent-Type: {chosen.kind}\r\n"
            f"Content-Range: {_content_range(span, chosen.size)}\r\n\r\n".encode("ascii")
        )
        pieces.append(span)
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    length = sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces)
    headers = (
        ("Content-Type", f"multipart/byteranges; boundary={boundary}"),
        ("Content-Length", str(length)),
        *chosen.described,
    )
    return Answer(206, headers, pieces, chosen)


def _content_range(span: Span, size: int) -> str:
    return f"bytes {span[0]}-{span[1] - 1}/{size}"
