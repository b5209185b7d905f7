"""Run one contestant in a process of its own, and bring back its reply."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from harness.worker import Reply, Request

__all__ = ["launch"]

_HOME = Path(__file__).resolve().parent.parent
_TAIL = 2000


def launch(request: Request, *, environment: Mapping[str, str], hash_seed: int, timeout: float) -> Reply:
    """Start the worker, wait for it (``timeout`` seconds at most) and return its reply.

    A process that crashed, hung or said nothing is a reply with an error. What it printed is shown only then.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        asked, reply, output = (Path(scratch, name) for name in ("request.json", "reply.json", "output.txt"))
        workspace = Path(scratch, "workspace")
        workspace.mkdir()
        asked.write_text(json.dumps({**asdict(request), "workspace": str(workspace)}))
        with output.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.worker", str(asked), str(reply)],
                cwd=workspace,
                env={
                    **os.environ,
                    **environment,
                    "PYTHONHASHSEED": str(hash_seed),
                    "PYTHONPATH": _python_path(),
                },
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                # A group of its own, so that what a rival starts ends with it.
                start_new_session=True,
            )
            try:
                code = process.wait(timeout)
                problem = f"the process ended with exit code {code} and no reply"
            except subprocess.TimeoutExpired:
                problem = f"no reply within {timeout:g} s; the process was killed"
            finally:
                _end_group(process)
        if reply.exists():
            return Reply.from_json(reply.read_text())
        printed = output.read_text(errors="replace")[-_TAIL:]
        return Reply(samples={}, versions={}, error=problem, traceback=printed)


def _python_path() -> str:
    """Where the worker finds the harness and the races, however the harness itself was found."""
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(_HOME), *([given] if given else [])])


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
