"""Django's error mail, with the user in its subject."""

from __future__ import annotations

import copy
import logging

from django.utils import log

from .log import of_record

__all__ = ["SUBJECT_LENGTH", "AdminEmailHandler"]

SUBJECT_LENGTH = 120
"""How many characters of the line get into a subject at most."""


class AdminEmailHandler(log.AdminEmailHandler):
    """`django.utils.log.AdminEmailHandler`, which ends the subject with who was logged in.

    `[Django] ERROR (EXTERNAL IP): Internal Server Error: /pay/ [anita (Anita Test)]`, and so does the first line of the
    text. Nobody known: as Django has it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        found = of_record(record)
        if found and found.line:
            line = found.line
            if len(line) > SUBJECT_LENGTH:
                line = line[: SUBJECT_LENGTH - 1] + "…"
            record = copy.copy(record)
            record.msg, record.args = f"{record.getMessage()} [{line}]", ()
        super().emit(record)
