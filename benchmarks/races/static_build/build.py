"""The process of one build: ``python -m races.static_build.build SPEC REPORT`` (two JSON files).

It sets Django up, runs the management commands, and reports what they took and the memory they needed.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Report", "Spec", "main"]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A site: its settings, and the commands that publish its files, with their options."""

    settings: dict[str, Any]
    commands: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the commands took: seconds by both clocks, those of child processes included, and bytes of memory.

    ``peak_memory`` is the larger of this process's and that of its largest child. ``error`` is there if a command failed.
    """

    wall: float
    cpu: float
    peak_memory: int
    error: str | None = None


def main(arguments: list[str]) -> int:
    """Do what the spec says; a command that fails is a report too."""
    # The bare ``import django`` is Django's work and no part of ours.
    import django
    from django.conf import settings
    from django.core.management import call_command

    spec = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    settings.configure(**spec["settings"])
    django.setup()
    wall, cpu, error = time.perf_counter(), _cpu(), None
    try:
        for name, options in spec["commands"]:
            call_command(name, **options)
    except (Exception, SystemExit) as problem:  # noqa: BLE001 (whatever a rival raises is its result)
        error = f"{type(problem).__name__}: {problem}"
    report = Report(
        wall=time.perf_counter() - wall, cpu=_cpu() - cpu, peak_memory=_peak_memory(), error=error
    )
    Path(arguments[1]).write_text(json.dumps(asdict(report)), encoding="utf-8")
    return 0


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _peak_memory() -> int:
    largest = max(
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    # In kilobytes, except on a Mac.
    return largest if sys.platform == "darwin" else largest * 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
