"""What tells one piece of work from every other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path

from . import names
from .records import Manner, Options
from .sources import Source

__all__ = ["FORMAT", "Keys"]

#: To be raised whenever the same originals would be published as other bytes.
FORMAT = "10"


class Keys:
    """The keys of pieces of work that are done by the same settings."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._settings: dict[tuple[bool, Manner, frozenset[str]], str] = {}

    def of(self, wanted: Sequence[Source], slim: bool, manner: Manner, *, of_tree: bool = False) -> str:
        """The key of publishing a run of files in one way; settings are part of it.

        ``of_tree``: where no page has asked for a script, its modules keep the form they have.
        """
        kinds = frozenset(source.kind for source in wanted) if slim else frozenset()
        manners = (slim, manner, kinds)
        settings = self._settings.get(manners)
        if settings is None:
            settings = self._settings[manners] = self._settings_of(slim, manner, kinds)
        files = [f"{source.name}\n{source.path}" for source in wanted]
        mark = ("tree",) if of_tree and not slim and any(source.kind == "js" for source in wanted) else ()
        return names.digest(settings, *files, *mark)[:32]

    def _settings_of(self, slim: bool, manner: Manner, kinds: frozenset[str]) -> str:
        options = self._options
        engines = sorted((kind, str(options.minifiers.get(kind))) for kind in kinds)
        settings = (
            options.save_prefix,
            options.name_prefix,
            options.media_url,
            options.use_symlink,
            options.name_max_length,
            _name_of(options.filename_generator),
            _name_of(options.combine_filenames_generator),
            options.by_hash,
            options.hashed_names.pattern,
            options.integrity,
            options.source_maps,
        )
        return names.digest(FORMAT, repr((slim, manner.value, engines, settings)))


def _name_of(function: Callable[..., str] | None) -> str:
    """What tells a function of the site from another one, and from what it was before its file was edited."""
    if function is None:
        return ""
    try:
        code = Path(inspect.getsourcefile(function) or "").read_bytes()
    except (OSError, TypeError):  # one that is not written in Python, or not in a file
        code = b""
    return f"{function.__module__}.{function.__qualname__} {names.content_digest(code)}"
