"""The process of one contestant in one round: ``python -m harness.worker REQUEST REPLY`` (two JSON files)."""

from __future__ import annotations

import importlib
import json
import platform
import sys
import traceback
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.contestant import Crash, Figure, Operation
from harness.measure import Sample, Timing, measure, settle_gc

__all__ = ["Reply", "Request", "main", "samples_from_json"]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the process has to do; ``hints`` are the loops that the last round found for each case.

    ``skip`` are the cases that are known to crash; ``check`` says that this is the round in which checks are made.
    """

    module: str
    packages: tuple[str, ...]
    workspace: str
    cases: tuple[str, ...]
    figure: Figure
    minimum: float
    samples: int
    hints: dict[str, tuple[int, int]]
    skip: tuple[str, ...] = ()
    check: bool = False


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of it: samples and gauges for each case, or why it crashes; or an error."""

    samples: dict[str, list[Sample]]
    versions: dict[str, str]
    gauges: dict[str, dict[str, float]] = field(default_factory=dict)
    crashes: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    traceback: str | None = None

    @classmethod
    def from_json(cls, text: str) -> Reply:
        """Read what the worker wrote."""
        data = json.loads(text)
        samples = {case: samples_from_json(taken) for case, taken in data.pop("samples").items()}
        return cls(samples=samples, **data)


def samples_from_json(taken: list[dict[str, Any]]) -> list[Sample]:
    """The samples that ``dataclasses.asdict`` turned into plain data."""
    return [
        Sample(
            units=sample["units"],
            run=Timing(**sample["run"]),
            overhead=Timing(**sample["overhead"]) if sample["overhead"] else None,
        )
        for sample in taken
    ]


@dataclass
class _Taken:
    """What is known so far."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    gauges: dict[str, dict[str, float]] = field(default_factory=dict)
    crashes: dict[str, str] = field(default_factory=dict)


def _race(request: Request, taken: _Taken) -> None:
    adapter = importlib.import_module(request.module)
    with adapter.enter(Path(request.workspace)) as operations:
        unknown = sorted(set(operations) - set(request.cases))
        if unknown:
            raise KeyError(
                f"{request.module} has operations for {unknown}; the race's cases are {request.cases}"
            )
        settle_gc()
        for case in request.cases:
            if case in operations and case not in request.skip:
                _run_case(request, case, operations[case], taken)


def _run_case(request: Request, case: str, operation: Operation, taken: _Taken) -> None:
    hint = request.hints.get(case, (1, 1))
    try:
        samples = measure(
            operation, request.figure, minimum=request.minimum, samples=request.samples, hint=hint
        )
    except Crash as crash:
        taken.crashes[case] = str(crash)
        return
    taken.samples[case] = samples
    gauges = dict(operation.gauges()) if operation.gauges else {}
    if request.check and operation.check:
        gauges |= operation.check()
    if gauges:
        taken.gauges[case] = gauges


def main(arguments: list[str]) -> int:
    """Read the request, race, write the reply; an error of the adapter is a reply too."""
    request = Request(**json.loads(Path(arguments[0]).read_text()))
    versions = {"Python": platform.python_version()}
    taken = _Taken()
    error = trace = None
    try:
        versions |= {package: version(package) for package in request.packages}
        _race(request, taken)
    except Exception as problem:  # noqa: BLE001 (whatever a rival raises belongs into the result)
        error = f"{type(problem).__name__}: {problem}"
        trace = traceback.format_exc()
    reply = Reply(
        samples=taken.samples,
        gauges=taken.gauges,
        crashes=taken.crashes,
        versions=versions,
        error=error,
        traceback=trace,
    )
    # Written under another name first: a process killed while it writes has given no reply.
    unfinished = Path(arguments[1] + ".part")
    unfinished.write_text(json.dumps(asdict(reply)))
    unfinished.replace(arguments[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
