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

__all__ = ["META_KEY", "META_REQUEST_ID", "Memory", "Who", "drop", "forget", "keep", "remembered"]

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
        same = getattr(request, "user", None) is self.user
        return same and not trace.session_differs(request, self.session_id)


def remembered(request: object) -> Memory | None:
    """The memory of a request; one that does not hold any more is given up."""
    memory = getattr(request, _SEEN, None)
    if not isinstance(memory, Memory) or not isinstance(request, HttpRequest):
        return None
    if memory.holds(request):
        return memory
    forget(request)
    return None


def keep(request: HttpRequest, memory: Memory) -> None:
    """Remember this; puts nothing into `META`."""
    setattr(request, _SEEN, memory)


def drop(request: HttpRequest) -> None:
    """The request is as if it had never been looked at."""
    delattr(request, _SEEN)


def forget(request: object) -> None:
    """Take back what was said of a request that goes on; what it failed with stays."""
    memory = getattr(request, _SEEN, None)
    if not isinstance(memory, Memory) or memory.final or not isinstance(request, HttpRequest):
        return
    drop(request)
    if memory.who.line:
        if request.META.get(META_KEY) == memory.who.line:
            del request.META[META_KEY]
        recorded.send_robust(Who, request=request, who=Who())
