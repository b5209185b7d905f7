"""A mapping that takes its time: a value appears only some seconds after it was set.

Use it where the answer is known before it works, as with the address of a CDN distribution that the name servers have
yet to hear of::

    addresses = SlowMap(60 * 60)
    addresses["/img/logo.1278671722.png"] = upload("logo.png")
    addresses.get("/img/logo.1278671722.png", "/img/logo.1278671722.png")  # the local address, for an hour

A key set again keeps its old value until the new one's time has come. May be used from several threads. Run as a
program it shows itself: ``python slowmap.py 2``.
"""

from __future__ import annotations

import sys
from threading import Lock
from time import monotonic, sleep
from typing import Any

__all__ = ["SlowMap"]


class SlowMap:
    """Values appear ``timeout_seconds`` after they were set; until then a key has its old value, or none."""

    def __init__(self, timeout_seconds: float) -> None:
        self.timeout = timeout_seconds
        self.guard: dict[Any, tuple[Any, float]] = {}  # key -> (value, when it may go)
        self.data: dict[Any, Any] = {}  # key -> released value
        self._lock = Lock()

    def __setitem__(self, key: Any, value: Any) -> None:
        with self._lock:
            self._release(key)
            self.guard[key] = (value, monotonic() + self.timeout)

    def __getitem__(self, key: Any) -> Any:
        return self.get(key)

    def get(self, key: Any, default: Any = None) -> Any:
        with self._lock:
            self._release(key)
            return self.data.get(key, default)

    def _release(self, key: Any) -> None:
        if key in self.guard:
            value, due = self.guard[key]
            if due <= monotonic():
                self.data[key] = value
                del self.guard[key]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].isdigit():
        sys.stderr.write("usage: python slowmap.py SECONDS\n")
        return 1
    slow = SlowMap(int(arguments[0]))
    slow["key"] = "Value"
    sys.stdout.write(f"{slow['key']}\n")
    sleep(slow.timeout)
    sys.stdout.write(f"{slow['key']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
