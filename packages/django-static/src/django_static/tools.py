"""What every piece of work is done with; see :mod:`.job`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .freshness import Freshness
from .keys import Keys
from .modules import Modules
from .records import Options, Record
from .shelf import Shelf
from .sources import Sources

if TYPE_CHECKING:
    from .rendering import Slimmer

__all__ = ["Tools"]


class Tools(NamedTuple):
    """What every piece of work is done with."""

    sources: Sources
    options: Options
    shelf: Shelf
    slimmer: Slimmer
    keys: Keys
    #: The folders that published files may go to.
    receiving: Sequence[Path]
    freshness: Freshness
    modules: Modules
    #: Told of each piece of work that was done now.
    tell: Callable[[Record], None]
    #: How many characters a piece of work may have minified; None for all.
    most_slimmed: int | None

    def holds(self, record: Record) -> bool:
        """Whether a record by itself is true still."""
        return self.modules.agrees(record) and self.freshness.is_unchanged(record)
