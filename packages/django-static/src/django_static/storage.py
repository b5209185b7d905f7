"""The storage behind ``{% static %}``: the names of third-party apps and of the admin, from the same manifest as the tags.

``STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}, ...}``
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage

from . import when_needed
from .conf import conf
from .modules import is_script
from .names import is_hashed
from .resolver import current

__all__ = ["StaticStorage"]

#: Later than any file; not the last of days, which other time zones have not.
_NEVER_OLDER = datetime(9999, 12, 30)  # noqa: DTZ001 (it gets the time zone of what it stands for)


class StaticStorage(StaticFilesStorage):
    """Prints the names of the manifest while ``DJANGO_STATIC`` and ``DJANGO_STATIC_USE_MANIFEST_FILE`` are on.

    Without a manifest what it prints is the original, but for ES modules: the tags have them under one name, too.

    ``DJANGO_STATIC_FILE_PROXY`` is asked for each of its URLs as for those of the tags.

    ``collectstatic`` collects as it always does, and then publishes all it has collected with their references right;
    ``staticbuild`` does both without copying first.
    """

    #: The location, the folder that ``path`` was asked about last, and its path.
    _latest: tuple[str | os.PathLike[str], str, str] = ("", "", "")
    #: The name that says what is in its file and was asked last when that was changed, which whoever replaces it does before.
    _asked = ""

    def url(self, name: str | None) -> str:
        """The URL of a file; that of the file as it is where the manifest does not have it."""
        plain = super().url(name)
        if not name or not (
            conf.has_file_proxy or (conf.enabled and (conf.use_manifest_file or is_script(name)))
        ):
            return plain
        return current().stored(name, plain).url

    def path(self, name: str | os.PathLike[str]) -> str:
        """The path of a file, as Django has it; where its folder is is kept, as ``collectstatic`` asks thrice for each file.

        Raises:
            SuspiciousFileOperation: the name leads out of the folder of the storage.
            ImproperlyConfigured: there is none.
        """
        text = os.fspath(name)
        folder, _, own = text.rpartition("/")
        if not (folder and own and os.sep == "/") or text.startswith(("/", ".")) or "/." in text:
            return super().path(name)
        location, known, found = self._latest
        if known != folder or location != self.location:
            found = super().path(folder)
            self._latest = (self.location, folder, found)
        return f"{found}/{own}"  # thousands of files

    def get_modified_time(self, name: str) -> datetime:
        """When a file was changed, by which ``collectstatic`` replaces what is older than its original.

        A name that says what is in the file stands for one content for ever, whoever has published that, a build or a page: it is
        never older.
        """
        changed = super().get_modified_time(name)
        is_kept = conf.enabled and is_hashed(name, conf.hashed_names)
        self._asked = name if is_kept else ""
        return _NEVER_OLDER.replace(tzinfo=changed.tzinfo) if is_kept else changed

    def exists(self, name: str) -> bool:
        """Whether there is a file or folder; ``collectstatic`` asks before all else, also where it clears a folder."""
        self._asked = ""
        return super().exists(name)

    def delete(self, name: str) -> None:
        """Remove a file, but not so that ``collectstatic --link`` may put another content under a name that says what is in it.

        That replaces files by links however old they are.

        Raises:
            CommandError: it would.
        """
        if name == self._asked:
            when_needed.refuse_to_replace(self, name)
        super().delete(name)

    def put(self, name: str, content: Any) -> None:
        """Have a file under a name, in place of one that is there.

        Raises:
            OSError: it could not be written; what was there still is.
        """
        when_needed.saved(self, self._django_save, name, content, overwrite=True)

    def _save(self, name: str, content: Any) -> str:
        """Save a file as Django does, but whole or not at all: of a cut one ``collectstatic`` says that nothing has changed.

        Raises:
            OSError: it could not be written.
        """
        overwrite: bool = getattr(self, "_allow_overwrite", False)
        return when_needed.saved(self, self._django_save, name, content, overwrite=overwrite)

    def _django_save(self, name: str, content: Any) -> object:
        above: Any = super()
        return above._save(name, content)

    def post_process(
        self, paths: Mapping[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        """Publish what has been collected; yields each name, that of its published file, and True.

        What ``staticbuild`` tells goes to the log: a storage is given no verbosity and no output of the command's. How far it
        has come a terminal shows all the same.

        Raises:
            CommandError: a setting is wrong, or something could not be written; the old manifest stays.
        """
        if dry_run or not conf.enabled:
            return
        yield from when_needed.post_processed(self, paths)
