"""A finder of which the storage keeps its files somewhere below the folder that it names."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import FileSystemStorage


class KeptBelow(FileSystemStorage):
    def path(self, name: Any) -> str:
        return super().path(f"kept/{name}")


class Finder(FileSystemFinder):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.storages = {root: KeptBelow(location=root) for _, root in self.locations}
