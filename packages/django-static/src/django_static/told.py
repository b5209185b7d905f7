"""What the log says of pieces of work that are done while pages are rendered."""

from __future__ import annotations

import logging

from .answers import remember
from .records import Record
from .sizes import message
from .sources import Signature

__all__ = ["Told"]

logger = logging.getLogger("django_static")


class Told:
    """Says each thing once for as long as the file that it is about is as it was: the file may be in many pieces of work."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, Signature], None] = {}

    def __call__(self, record: Record) -> None:
        for level, notices in ((logging.WARNING, record.problems), (logging.INFO, record.notes)):
            for notice in notices:
                key = notice, record.inputs.get(notice.about)
                if key not in self._said:
                    remember(self._said, key, None)
                    logger.log(level, "%s", message(notice))
