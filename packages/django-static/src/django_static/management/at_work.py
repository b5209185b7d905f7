"""The management command in which code runs that is handed nothing of it, as the storage of ``collectstatic`` is."""

from __future__ import annotations

import inspect
import io

from django.core.management.base import BaseCommand, OutputWrapper

from .progress import ProgressLine

__all__ = ["progress_of_command"]


def progress_of_command() -> ProgressLine:
    """A line for the progress of the command that calls this, by however many others; without one nothing is shown.

    ``collectstatic`` keeps its verbosity to itself. A command that takes its place, or is run by another, is as good.
    """
    frame = inspect.currentframe()
    while frame is not None:
        owner = frame.f_locals.get("self")
        stream = getattr(owner, "stderr", None)
        if isinstance(owner, BaseCommand) and isinstance(stream, OutputWrapper):
            return ProgressLine(stream, is_wanted=getattr(owner, "verbosity", 1) > 0)
        frame = frame.f_back
    return ProgressLine(OutputWrapper(io.StringIO()), is_wanted=False)
