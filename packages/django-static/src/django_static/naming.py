"""What published files are called, where they lie, and what pages print of them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

from . import names
from .content_types import has_charset
from .parts import Part
from .records import Options

__all__ = ["Naming"]


class Naming:
    """The names that some options give to files."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def url(self, group: Sequence[Part], marks: Sequence[int | str], mark: int | str) -> str:
        """The URL path of a group of files, one or several; ``marks`` are those of each, and ``mark`` is that of all."""
        options = self._options
        urls = [part.source.url for part in group]
        if len(group) == 1:
            return names.stamped(
                urls[0], mark, options.filename_generator, is_readable=_is_said_right(group[0])
            )
        return names.combined(urls, marks, mark, options.name_max_length, options.combine_filenames_generator)

    def keeps(self, group: Sequence[Part]) -> bool:
        """Whether a file has been named by its content by a bundler, and nobody needs to be told more by its name."""
        return (
            len(group) == 1
            and names.is_hashed(group[0].source.url, self._options.hashed_names)
            and _is_said_right(group[0])
        )

    def of_map(self, group: Sequence[Part], mark: str) -> str:
        """The base name of the source map of a group."""
        urls = [part.source.url for part in group]
        return f"{posixpath.basename(names.combined(urls, (), mark, self._options.name_max_length))}.map"

    def path(self, group: Sequence[Part], url: str) -> str:
        """Where the file with such a URL path lies."""
        if self._options.save_prefix is not None:
            return str(self._options.save_prefix / url.lstrip("/"))
        folder, _, name = url.rpartition("/")
        for part in group:
            if part.source.url.rpartition("/")[0] == folder:
                return _joined(part.source.folder, name)
        source = group[0].source
        climb = names.relative(folder or "/", posixpath.dirname(source.url))
        return _joined(Path(posixpath.normpath(source.folder / climb)), name)

    def public(self, original: Part, url: str) -> str:
        """What pages print: of one whose name has no slash before it, a name without."""
        source = original.source
        prefix = self._options.media_url + self._options.name_prefix
        if not prefix and not source.host and not source.name.startswith("/"):
            url = url.removeprefix("/")
        return f"{prefix or source.host}{names.quoted(url)}"


def _joined(folder: Path, name: str) -> str:
    """``str(folder / name)``, for thousands of files."""
    start = str(folder)
    return name if start == "." else os.path.join(start, name)  # noqa: PTH118


def _is_said_right(part: Part) -> bool:
    """Whether it does no harm that servers call the file UTF-8, if they do that to its kind."""
    return not has_charset(part.source.url) or part.is_readable
