"""Engines and name generators that tests name in settings; importable by dotted path."""

from __future__ import annotations

import os
import time


def broken(text: str, kind: str) -> str:
    raise RuntimeError("no */ luck </script>")


def lossy(text: str, kind: str) -> str:
    return text[: len(text) // 2]


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


def by_version(parts: tuple[str, str], mtime: int) -> str:
    return f"{parts[0]}-v{mtime}{parts[1]}"


def to_parent(parts: tuple[str, str], mtime: int) -> str:
    return f"/../{mtime}{parts[1]}"


def all_in_one(names: list[str], max_length: int) -> str:
    return (
        "/bundles/" + "+".join(name.rsplit("/", 1)[1].split(".")[0] for name in names)[:max_length] + ".css"
    )


not_callable = 7
