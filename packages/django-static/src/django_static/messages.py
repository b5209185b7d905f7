"""What a build has to tell of templates and files, beside what it publishes."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence

from .conf import PREFIX
from .plan import Plan

__all__ = ["Messages", "is_ignored"]

#: What a message is about: the path of a file or the name of a template, before its engine, line and tag.
_ABOUT = re.compile(
    r"(.+?)(?: \(engine [^)]*\))?(?:, line \d+.*?|, \{% \w+ %\}|:\d+| has not all compressed siblings)?: ",
    re.DOTALL,
)


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
        return self.heeded(map(str, (*self._work.failed, *self._work.missing)))

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

    def heeded(self, texts: Iterable[str]) -> list[str]:
        """Those of some messages that are not about what is to be ignored."""
        return [text for text in texts if not self._is_ignored(text)]

    def _is_ignored(self, text: str) -> bool:
        about = _ABOUT.match(text) if self._ignore else None
        return about is not None and is_ignored(about[1], self._ignore)
