"""What a request is remembered for: who was found, and whether that still holds.

People log in and out, and act as others, while a request lasts; what was found for an error logged before is no word
on what comes after. What the request failed with for good is: who saw that is no other later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from . import trace
from .signals import recorded

__all__ = ["META_KEY", "META_REQUEST_ID", "Memory", "Who", "forget", "keep", "peek", "remembered"]

META_KEY = "ERROR-X-LOGGED-IN"
META_REQUEST_ID = "ERROR-X-REQUEST-ID"

_SEEN = "_exception_extra_who"


@dataclass(frozen=True, slots=True)
class Who:
    """What is told about a failed request; by `EXCEPTION_EXTRA_IDENTITY` no more than may be.

    `line` is what `request.META["ERROR-X-LOGGED-IN"]` says, "" for nobody or nobody known. `fields` holds the same in
    parts, those of `id`, `username`, `email`, `name` and `impersonator` that may be told. `request_id` is the id
    django-guid gave the request, else "".
    """

    line: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Who was found, `final` or not, beside which `request.user` and which id in the session."""

    who: Who
    final: bool
    user: Any
    session_id: str | None

    def holds(self, request: HttpRequest) -> bool:
        """Whether a look would find the same, as far as can be said without a query."""
        if self.final:
            return True
        same = request.__dict__.get("user") is self.user
        return same and not trace.session_differs(request, self.session_id)


def remembered(request: object) -> Memory | None:
    """The memory of a request; one that does not hold any more is given up."""
    memory = peek(request)
    if memory is None:
        forget(request)
    return memory


def peek(request: object) -> Memory | None:
    """The memory of a request if it holds; one that does not is left for the request's own thread to give up."""
    memory = getattr(request, _SEEN, None)
    if not isinstance(memory, Memory) or not isinstance(request, HttpRequest):
        return None
    return memory if memory.holds(request) else None


def keep(request: HttpRequest, memory: Memory) -> None:
    """Remember this, unless something final is known; puts nothing into `META`."""
    seen = getattr(request, _SEEN, None)
    if memory.final or not isinstance(seen, Memory) or not seen.final:
        setattr(request, _SEEN, memory)


def forget(request: object) -> None:
    """Take back what was said of a request that goes on; what it failed with stays."""
    memory = getattr(request, _SEEN, None)
    if not isinstance(memory, Memory) or memory.final or not isinstance(request, HttpRequest):
        return
    request.__dict__.pop(_SEEN, None)
    if memory.who.line:
        if request.META.get(META_KEY) == memory.who.line:
            del request.META[META_KEY]
        recorded.send_robust(Who, request=request, who=Who())
