"""A command whose messages cannot play tricks on a terminal, whatever the files and templates they quote are called."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ..sizes import message

__all__ = ["TellingCommand", "add_ignore"]


def add_ignore(parser: ArgumentParser) -> None:
    """Give a command ``--ignore``."""
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="GLOB",
        help=(
            "say nothing of what is wrong in files whose path matches, and in templates whose name does; may be given several "
            "times"
        ),
    )


class TellingCommand(BaseCommand):
    """What it says goes through here; ``NO_COLOR`` in the environment means what no-color.org says."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; Ctrl-C ends it with 130 and in one line, since no half-done work is left."""
        try:
            return super().execute(*args, **options)
        except KeyboardInterrupt:
            raise CommandError("interrupted", returncode=130) from None

    def say(self, text: object) -> None:
        """Write what was asked for."""
        self.stdout.write(message(text))

    def warn(self, text: object) -> None:
        """Write what people should know, in the colour of warnings."""
        self.stderr.write(message(text), self._style(self.style.WARNING))

    def fail(self, text: object) -> None:
        """Write what failed, in the colour of errors."""
        self.stderr.write(message(text), self._style(self.style.ERROR))

    def _style(self, style: Callable[[str], str]) -> Callable[[str], str]:
        return style if self.stderr.isatty() and not os.environ.get("NO_COLOR") else str
