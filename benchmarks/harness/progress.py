"""Say on a terminal, or in a log, how far a race is and how long it will still take."""

from __future__ import annotations

import time
from typing import TextIO

__all__ = ["Progress"]


class Progress:
    """Rewrites one line on a terminal; in a log it writes a line for each round."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._race = ""
        self._rounds = self._steps = self._done = self._logged = 0
        self._begun = 0.0

    def begin(self, race: str, rounds: int, contestants: int) -> None:
        """A race starts."""
        self._race, self._rounds, self._steps = race, rounds, rounds * contestants
        self._done, self._logged, self._begun = 0, 0, time.monotonic()

    def running(self, contestant: str, round_: int, *, repeated: bool) -> None:
        """A contestant starts its run in a round; a repeated run does not bring the race further."""
        self._done += not repeated
        where = f"{self._race}: round {round_ + 1}/{self._rounds}"
        if self._live:
            again = ", again, it was noisy" if repeated else ""
            self._write(f"\r\x1b[K{where} {contestant}{again}{self._remaining()}")
        elif round_ >= self._logged:
            self._logged = round_ + 1
            self._write(f"{where}{self._remaining()}\n")

    def end(self) -> None:
        """A race is over."""
        if self._live:
            self._write("\r\x1b[K")

    def _remaining(self) -> str:
        finished = self._done - 1
        if finished < 1:
            return ""
        left = (time.monotonic() - self._begun) / finished * (self._steps - finished)
        return f"  (about {left:.0f} s left)" if left > 0 else ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
