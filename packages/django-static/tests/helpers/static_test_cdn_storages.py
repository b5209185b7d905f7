"""Storages of Django's that are slow, sign, know only what is there, or know no URLs."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage

#: The threads that have made a storage or asked it for a URL.
threads: list[threading.Thread] = []
#: While it is clear no URL is told.
gate = threading.Event()
#: What is raised for a URL, if anything is.
errors: list[Exception] = []
#: Parts of names that are refused.
refused: list[str] = []
#: Where the files of a storage are that is not told so by its options.
place = {"location": "", "base_url": ""}


class Slow(FileSystemStorage):
    def __init__(self, **options: Any) -> None:
        threads.append(threading.current_thread())
        super().__init__(**options)

    def url(self, name: str | None) -> str:
        threads.append(threading.current_thread())
        assert gate.wait(60)
        if errors:
            raise errors[0]
        return super().url(name)


class Signing(FileSystemStorage):
    """With the names that the S3 storage of django-storages has for it."""

    def __init__(
        self,
        *,
        querystring_auth: bool = True,
        custom_domain: str | None = None,
        cloudfront_signer: object = None,
        **options: Any,
    ) -> None:
        self.querystring_auth = querystring_auth
        self.custom_domain = custom_domain
        self.cloudfront_signer = cloudfront_signer
        super().__init__(**options)

    def url(self, name: str | None) -> str:
        return f"https://cdn.example.com/{name}" + ("?Signature=x" if self.querystring_auth else "")


class Finding(FileSystemStorage):
    """Knows the URLs of what is there only."""

    def url(self, name: str | None) -> str:
        if not name or not self.exists(name):
            raise FileNotFoundError(name)
        return super().url(name)


class Nameless(FileSystemStorage):
    def url(self, name: str | None) -> str:
        raise NotImplementedError("it is a vault")


class Refusing(FileSystemStorage):
    """Takes most files."""

    def save(self, name: str | None, content: File, max_length: int | None = None) -> str:  # type: ignore[override]
        if any(part in str(name) for part in refused):
            raise PermissionError(f"request {id(content)}: not this one")
        return super().save(name, content, max_length)


class Elsewhere(FileSystemStorage):
    """One that other settings than its own options tell where files are."""

    def __init__(self) -> None:
        super().__init__(**place)


class FindingElsewhere(Elsewhere):
    def url(self, name: str | None) -> str:
        if not name or not self.exists(name):
            raise FileNotFoundError(name)
        return super().url(name)


class Broken(FileSystemStorage):
    def __init__(self, **options: Any) -> None:
        raise RuntimeError("no such region")


class Far(Storage):
    """Somewhere else: it has no paths. A file of the same name gets another one."""

    def __init__(self, location: str) -> None:
        self.inner = FileSystemStorage(location=location)

    def _open(self, name: str, mode: str = "rb") -> File:
        return self.inner.open(name, mode)

    def _save(self, name: str, content: File) -> str:
        place = self.inner.path(name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(f"{place}~", "wb") as file:
            file.writelines(content.chunks())
        os.replace(f"{place}~", place)
        return name

    def delete(self, name: str) -> None:
        self.inner.delete(name)

    def exists(self, name: str) -> bool:
        return self.inner.exists(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        return self.inner.listdir(path)

    def size(self, name: str) -> int:
        return self.inner.size(name)

    def get_modified_time(self, name: str) -> datetime:
        return self.inner.get_modified_time(name)

    def url(self, name: str | None) -> str:
        return f"https://cdn.example.com/{name}"


class Overwriting(Far):
    """One that replaces files, as most of django-storages do unless told otherwise."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name
