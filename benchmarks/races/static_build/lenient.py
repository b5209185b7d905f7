"""ManifestStaticFilesStorage as people bend it where it crashes on files that are not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage

__all__ = ["LenientStorage"]


class LenientStorage(ManifestStaticFilesStorage):
    """A missing file keeps its name, and whatever else goes wrong is passed over."""

    manifest_strict = False

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """The plain name where there is no such file."""
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name

    def post_process(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """What Django yields, without the errors."""
        for name, hashed, processed in super().post_process(*args, **kwargs):
            if not isinstance(processed, Exception):
                yield name, hashed, processed
