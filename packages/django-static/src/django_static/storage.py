"""The storage behind ``{% static %}``: the names of third-party apps and of the admin, from the same manifest as the tags.

``STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}, ...}``
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage

from .build import Build
from .conf import conf
from .modules import is_script
from .plan import plan
from .resolver import current, reset
from .tree import Tree

__all__ = ["StaticStorage"]

logger = logging.getLogger("django_static")


class StaticStorage(StaticFilesStorage):
    """Prints the names of the manifest while ``DJANGO_STATIC`` and ``DJANGO_STATIC_USE_MANIFEST_FILE`` are on.

    Without a manifest what it prints is the original, but for ES modules: the tags have them under one name, too.

    ``DJANGO_STATIC_FILE_PROXY`` is asked for each of its URLs as for those of the tags.

    ``collectstatic`` collects as it always does, and then publishes all it has collected with their references right;
    ``staticbuild`` does both without copying first.
    """

    def url(self, name: str | None) -> str:
        """The URL of a file; that of the file as it is where the manifest does not have it."""
        plain = super().url(name)
        if not name or not (
            conf.has_file_proxy or (conf.enabled and (conf.use_manifest_file or is_script(name)))
        ):
            return plain
        return current().stored(name, plain).url

    def post_process(
        self, paths: Mapping[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        """Publish what has been collected; yields each name, that of its published file, and True.

        Raises:
            OSError: something could not be written; the old manifest stays.
        """
        if dry_run or not conf.enabled:
            return
        sources = conf.sources()
        files = [(name, storage.path(path)) for name, (storage, path) in paths.items()]
        build = Build(Tree(sources, files), conf.options(), conf.manifest_file, with_originals=False)
        summary = build.run(plan(sources, remember=True).uses)
        reset()
        for problem in summary.problems:
            logger.warning("%s", problem)
        for name, path in summary.tree.items():
            yield name, os.path.relpath(path, self.location), True
