"""A resolver that remembers what the tags hand to it."""

from __future__ import annotations

from typing import Any

from django_static.answers import Layout
from django_static.resolver import Address, Place


class Recorder:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def file(self, name: str, slim: bool, place: Place | None = None) -> Address:
        if name:
            self.calls.append((str(place), "file", slim, str.__str__(name), ""))
        return Address(f"/published{name}", f"/published{name}")

    def block(self, html: str, slim: bool, mode: str = "", place: Place | None = None) -> Layout:
        self.calls.append((str(place), "block", slim, str.__str__(html), mode))
        return Layout(f"[{html}]")

    def content(self, text: str, kind: str, place: Place | None = None) -> str:
        self.calls.append((str(place), "content", True, str.__str__(text), kind))
        return f"[{text}]"
