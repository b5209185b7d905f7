"""What a build has to tell of templates and files, beside what it publishes."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence

from .conf import PREFIX
from .notice import Notice
from .plan import Plan

__all__ = ["Messages", "is_ignored"]


def is_ignored(name: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern meets the path of a file, or the name of a template with or without a slash before it."""
    return any(fnmatch.fnmatchcase(each, pattern) for each in (name, f"/{name}") for pattern in patterns)


class Messages:
    """What there is to tell of a piece of work.

    Args:
        ignore: glob patterns for names of templates and paths of files in which nothing is to be complained of.
    """

    def __init__(self, work: Plan, ignore: Sequence[str] = ()) -> None:
        self._work = work
        self._ignore = ignore

    def failures(self) -> list[str]:
        """What cannot be compiled, and what templates extend or include that there is not."""
        failed = (Notice(str(each), each.template) for each in self._work.failed)
        missing = (Notice(str(each), each.place.template) for each in self._work.missing)
        return self.heeded((*failed, *missing))

    def notes(self) -> list[str]:
        """What could not be looked at, which is no mistake of the site."""
        return self.heeded(self._work.notes)

    def unforeseen(self) -> Iterator[str]:
        """The names that are known at run time only, and what to do about them."""
        unknown = [
            found
            for found in self._work.unknown
            if not found.alone and not is_ignored(found.place.template, self._ignore)
        ]
        for found in unknown:
            yield f"{found.place}: {found.expression} is known at run time only"
        if any(found.place.tag != "slimcontent" for found in unknown):
            yield f"Names that are known at run time only can be declared in {PREFIX}_BUNDLES."

    def heeded(self, notices: Iterable[Notice]) -> list[str]:
        """Those of some notices that are not about what is to be ignored."""
        return [each for each in notices if not is_ignored(each.about, self._ignore)]
