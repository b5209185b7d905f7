"""Engines and name generators that tests name in settings; importable by dotted path."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.finders import FileSystemFinder
from django.template import Origin
from django.template.loaders.base import Loader


def broken(text: str, kind: str) -> str:
    raise RuntimeError("no */ luck </script>")


def lossy(text: str, kind: str) -> str:
    return text[: len(text) // 2]


def careless(text: str, kind: str) -> str:
    """Leaves out the last statement, and in a text with double blanks these, too."""
    return text.rstrip().rpartition("\n")[0].replace("  ", "")


def watchful(text: str, kind: str) -> str:
    """Says whether the collector is at work."""
    raise RuntimeError(f"the collector is {'on' if gc.isenabled() else 'off'}")


def talkative(text: str, kind: str) -> str:
    print('["no answer", ""]')
    return text.replace(" ;", ";")


def no_text(text: str, kind: str) -> str:
    return None  # type: ignore[return-value]


def counted(text: str, kind: str) -> str:
    """Leaves a line for every piece of work, in the file the environment names."""
    journal = os.open(os.environ["STATIC_TEST_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, f"{kind} {len(text)} {os.getpid()}\n".encode())
    os.close(journal)
    if os.environ.get("STATIC_TEST_HANG"):
        time.sleep(600)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def leaving(text: str, kind: str) -> str:
    raise SystemExit(3)


def by_version(parts: tuple[str, str], mtime: int) -> str:
    return f"{parts[0]}-v{mtime}{parts[1]}"


def to_parent(parts: tuple[str, str], mtime: int) -> str:
    return f"/../{mtime}{parts[1]}"


def all_in_one(names: list[str], max_length: int) -> str:
    return (
        "/bundles/" + "+".join(name.rsplit("/", 1)[1].split(".")[0] for name in names)[:max_length] + ".css"
    )


not_callable = 7


class FailingLoader(Loader):
    """A template loader that knows a name and cannot read it."""

    def __init__(self, engine: Any, templates: dict[str, str]) -> None:
        super().__init__(engine)

    def list_templates(self) -> list[str]:
        return ["p"]

    def get_template_sources(self, name: str) -> Iterator[Origin]:
        yield Origin(name, name, self)

    def get_contents(self, origin: Origin) -> str:
        raise OSError("no luck")


class Silent(Loader):
    """Knows no template, and cannot list any."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        return iter(())


class StrangeFinder(FileSystemFinder):
    """A finder of somebody else, who may look anywhere."""
