"""How far a command has come, in one line of a terminal that others may write to as well."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from django.core.management.base import OutputWrapper

__all__ = ["ProgressLine"]


class ProgressLine:
    """Shows ``12 of 345`` while work is done, and leaves nothing behind; where nobody watches nothing is written.

    Warnings that are logged meanwhile, by other threads too, begin at the beginning of the line.

    Args:
        stream: where a command writes its errors.
        is_wanted: whether to show anything at all.
    """

    def __init__(self, stream: OutputWrapper, *, is_wanted: bool = True) -> None:
        self._stream = stream
        self._is_shown = is_wanted and stream.isatty()
        self._shown = ""
        self._lock = threading.Lock()
        self._logger = logging.getLogger("django_static")

    def __enter__(self) -> Self:
        if self._is_shown:
            self._logger.addFilter(self._make_room)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._logger.removeFilter(self._make_room)
        self._show("")

    def __call__(self, done: int, total: int) -> None:
        """Show that so many of so many pieces are done."""
        if self._is_shown:
            self._show(f"{done} of {total}")

    def _make_room(self, record: logging.LogRecord) -> bool:
        """Clear the line for a record; it is shown again with the next piece of work."""
        self._show("")
        return True

    def _show(self, text: str) -> None:
        with self._lock:
            if text == self._shown:
                return
            # Blanks rather than a control sequence, which not every terminal knows.
            rest = " " * (len(self._shown) - len(text))
            # In no style: that of errors is red.
            self._stream.write(f"\r{text}{rest}" if text else f"\r{rest}\r", str, "")
            self._stream.flush()
            self._shown = text
