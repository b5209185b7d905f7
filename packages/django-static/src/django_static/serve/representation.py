"""A file in one content coding: everything that is said of it, computed once."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.utils.http import http_date

__all__ = ["Answer", "Headers", "Piece", "Representation", "Terms"]

Headers = tuple[tuple[str, str], ...]
#: Bytes as they are, or where they are in the representation: from the first up to, and without, the second.
Piece = bytes | tuple[int, int]

#: Without ``Expires``: who reads this must ignore that (RFC 9111, 5.3), and a server in Python takes its time for each field.
_LASTING = "max-age=315360000, public, immutable"


class Answer:
    """What to send; without a representation the pieces are all bytes."""

    __slots__ = ("asgi", "headers", "pieces", "representation", "status", "wsgi")

    def __init__(
        self,
        status: int,
        headers: Headers,
        pieces: Sequence[Piece] = (),
        representation: Representation | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        #: Empty for one without content, such as 304.
        self.pieces = pieces
        self.representation = representation
        #: Status and headers in the forms of the edges, which put them here.
        self.wsgi: tuple[str, list[tuple[str, str]]] | None = None
        self.asgi: list[tuple[bytes, bytes]] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is all of a representation, and nothing else."""
        return self.status == 200


class Terms:
    """What is said of a file in every coding."""

    __slots__ = ("headers", "is_lasting", "kind", "modified")

    def __init__(
        self, kind: str, *, modified: int, max_age: int, is_lasting: bool, is_shared: bool, is_varying: bool
    ) -> None:
        """``modified`` is in epoch seconds, 0 to say nothing of it; ``max_age`` in seconds; ``is_shared`` lets pages of
        other hosts use it; ``is_varying`` says that there are several codings."""
        self.kind = kind
        # RFC 9110, 8.8.2.1: never later than the answer.
        self.modified = modified if modified <= time.time() else 0
        self.is_lasting = is_lasting
        headers = [("Cache-Control", _LASTING if is_lasting else _short(max_age))]
        if is_varying:
            headers.append(("Vary", "Accept-Encoding"))
        if is_shared:
            headers.append(("Access-Control-Allow-Origin", "*"))
        #: What goes with every status.
        self.headers: Headers = tuple(headers)


class Representation:
    """A file in one content coding; its bytes may be in memory."""

    __slots__ = (
        *(
            "coding",
            "content",
            "described",
            "digest",
            "etag",
            "fixed",
            "is_small",
            "is_used",
            "kind",
            "modified",
        ),
        *("path", "size", "unchanged", "whole"),
    )

    def __init__(
        self, terms: Terms, *, path: str, size: int, etag: str, coding: str, digest: str, is_small: bool
    ) -> None:
        """``size`` in bytes; ``digest`` is what its bytes must have when they are read, or empty; ``is_small`` says that
        they may be kept in memory."""
        self.path = path
        self.size = size
        self.etag = etag
        #: ``gzip``, ``br``, ``zstd`` or ``identity``.
        self.coding = coding
        self.digest = digest
        self.is_small = is_small
        self.kind = terms.kind
        self.modified = terms.modified
        #: The same where no other content can have been there within that second, else 0 (8.8.2.2).
        self.fixed = terms.modified if terms.is_lasting else 0
        #: All of it, while it is in memory.
        self.content: bytes | None = None
        #: Asked for since the memory last had to make room.
        self.is_used = False
        coded = (("Content-Encoding", coding),) if coding != "identity" else ()
        # It may be left out, and parts be asked for all the same (14.3); of a small file nobody wants any.
        ranged = () if is_small else (("Accept-Ranges", "bytes"),)
        dated = (("Last-Modified", http_date(terms.modified)),) if terms.modified else ()
        #: What goes with 200 and 206, but for type and length of what is sent.
        self.described: Headers = (
            *coded,
            ("ETag", etag),
            *dated,
            *terms.headers,
            *ranged,
            ("X-Content-Type-Options", "nosniff"),
        )
        self.whole = Answer(
            200,
            (("Content-Type", terms.kind), ("Content-Length", str(size)), *self.described),
            ((0, size),),
            self,
        )
        #: What 15.4.5 wants of a 304, and not what the client knows.
        self.unchanged = Answer(304, (("ETag", etag), *terms.headers))


def _short(max_age: int) -> str:
    return f"max-age={max_age}, public" if max_age else "no-cache"
