"""Run one contestant in a process of its own, and bring back its reply."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from harness.worker import Reply, Request

__all__ = ["launch"]

_HOME = Path(__file__).resolve().parent.parent
_TAIL = 2000


def launch(
    request: Request, *, environment: Mapping[str, str], hash_seed: int, timeout: float, scratch: Path
) -> Reply:
    """Start the worker, wait for it (``timeout`` seconds at most) and return its reply.

    A process that crashed, hung or said nothing is a reply with an error. What it printed is shown only then.

    It works in a new folder below ``scratch``, which stays until the race is over, its files without content. For
    minutes ext4 looks at each inode that was freed before it gives a new one away: were the files deleted, whoever
    races next and writes thousands of them would take up to twice as long as on a machine where nobody has raced.
    """
    folder = Path(tempfile.mkdtemp(dir=scratch, prefix="run-"))
    asked, reply, output = (folder / name for name in ("request.json", "reply.json", "output.txt"))
    workspace = folder / "workspace"
    workspace.mkdir()
    asked.write_text(json.dumps({**asdict(request), "workspace": str(workspace)}))
    try:
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
    finally:
        _empty(workspace)


def _empty(workspace: Path) -> None:
    """Leave the files, without content; not those that have a name elsewhere, too."""
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for folder, _, names in os.walk(workspace):
        for name in names:
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                facts = os.lstat(path)
                if stat.S_ISREG(facts.st_mode) and facts.st_size:
                    found[facts.st_dev, facts.st_ino].append(path)
    for paths in found.values():
        with contextlib.suppress(OSError):
            if os.stat(paths[0]).st_nlink == len(paths):
                os.truncate(paths[0], 0)


def _python_path() -> str:
    """Where the worker finds the harness and the races, however the harness itself was found."""
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(_HOME), *([given] if given else [])])


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
