"""How long is waited between attempts at what may go on failing: by the keeper for its server, by users for a keeper."""

from __future__ import annotations

__all__ = ["Pauses"]

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds."""


class Pauses:
    """Pauses that double, up to the longest, until it goes well."""

    def __init__(self) -> None:
        self.next = FIRST_PAUSE
        """Seconds of the pause that is due."""

    def take(self) -> float:
        """Return the seconds of the pause that is due; the one behind it is twice as long."""
        taken = self.next
        self.next = min(taken * 2, LONGEST_PAUSE)
        return taken

    def reset(self) -> None:
        """Begin again with the first, as it goes well."""
        self.next = FIRST_PAUSE
