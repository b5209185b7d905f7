"""The panel: what a request asked MongoDB for, how long that took, from where in the code, and what it asked twice."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import bson
import pymongo
from debug_toolbar.panels import Panel
from debug_toolbar.utils import get_stack_trace, render_stacktrace
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

import django_mongokit
import mongokit
from django_mongokit.toolbar.commands import Command, Log

__all__ = ["MongoPanel"]

_BELOW = tuple(
    f"{Path(str(module.__file__)).parent}{os.sep}" for module in (bson, pymongo, mongokit, django_mongokit)
)
"""Where every command comes from; of interest is who has called them."""


class MongoPanel(Panel):
    """The commands that PyMongo sends during a request, documents or not, in views that are async too."""

    template = "django_mongokit/toolbar.html"
    is_async = True
    nav_title = _("MongoDB")
    title = _("Commands sent to MongoDB")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._log = Log(_stack)

    @property
    def nav_subtitle(self) -> str:
        """How many commands there were, and how long they took."""
        stats: dict[str, Any] = self.get_stats()  # type: ignore[no-untyped-call]  # the toolbar has no types for it
        number = stats.get("number", 0)
        text = ngettext("%(number)d command in %(time).2fms", "%(number)d commands in %(time).2fms", number)
        return text % {"number": number, "time": stats.get("milliseconds", 0.0)}

    def enable_instrumentation(self) -> None:
        """Listen to the commands of this request."""
        self._log.start()

    def disable_instrumentation(self) -> None:
        """Listen no more."""
        self._log.stop()

    def generate_stats(self, request: Any, response: Any) -> None:
        """Keep what there was to hear."""
        commands = self._log.commands
        same = Counter((one.shape, one.text) for one in commands)
        of_shape = Counter(one.shape for one in commands)
        texts = Counter(key for key, _text in same)
        # Those of which all are the same do not differ in their values.
        alike = {one: number for one, number in of_shape.items() if texts[one] > 1}
        rows = [self._row(one, same[one.shape, one.text], alike.get(one.shape, 0)) for one in commands]
        self.record_stats(  # type: ignore[no-untyped-call]  # as above
            {
                "number": len(rows),
                "milliseconds": sum(one.milliseconds for one in commands),
                "commands": rows,
                "same": sum(number for number in same.values() if number > 1),
                "alike": sum(alike.values()),
            }
        )

    def _row(self, command: Command, same: int, alike: int) -> dict[str, Any]:
        return {
            "name": command.name,
            "namespace": f"{command.database}.{command.collection}".rstrip("."),
            "text": command.text,
            "milliseconds": command.milliseconds,
            "documents": command.documents,
            "error": command.error,
            "is_open": command.is_open,
            "same": same if same > 1 else 0,
            "alike": alike,
            "trace": render_stacktrace(command.trace),
        }

    def generate_server_timing(self, request: Any, response: Any) -> None:
        """Put the sum into the Server-Timing header."""
        stats: dict[str, Any] = self.get_stats()  # type: ignore[no-untyped-call]  # the toolbar has no types for it
        self.record_server_timing(  # type: ignore[no-untyped-call]  # as above
            "commands", f"MongoDB {stats.get('number', 0)} commands", stats.get("milliseconds", 0.0)
        )


def _stack() -> Any:
    """Return the stack without PyMongo's and our own frames; all of it where there is nothing else."""
    found = get_stack_trace(skip=2)  # type: ignore[no-untyped-call]  # as above
    return [frame for frame in found if not str(frame[0]).startswith(_BELOW)] or found
