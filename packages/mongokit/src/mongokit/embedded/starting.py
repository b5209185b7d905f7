"""A keeper is started, as a process that lives on when the one that needs it first has ended."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

from mongokit.embedded import keeper, programs
from mongokit.embedded.keeper.process import Orders
from mongokit.embedded.programs import EmbeddedServerError
from mongokit.processes import unforked

__all__ = ["start_keeper"]

SERVER_OPTIONS = ("--cache-size", "256M", "--log-level", "WARNING")
"""Left alone, its cache takes up to 1 GB and its log grows without bound."""
ISOLATED = ("-I", "-S")
"""Options of the keeper's Python: nothing of the environment or of site-packages, which would cost time and memory."""
STOP_SECONDS = 30.0
"""Seconds the server has to stop by itself, which it needs to write what is in its cache."""


def start_keeper(
    path: Path,
    port: int | None,
    linger: float,
    seconds: float,
    last_port: int | None = None,
    fsync: bool = False,
) -> None:
    """Start a keeper and wait for what it reports; raises :class:`EmbeddedServerError` when it failed.

    :param path: the data folder.
    :param port: for the server; None: a free one.
    :param linger: seconds for which the server is kept when its last user has gone.
    :param seconds: in which the server has to answer.
    :param last_port: where it was; taken if it is free, and no port is asked for.
    :param fsync: whether each change waits until the disk has it.
    """
    configuration = path / "server.toml"
    command = [programs.find_server(), "--config", str(configuration), *SERVER_OPTIONS]
    read_end, write_end = os.pipe()
    try:
        # Empty, but named: left alone the server reads a configuration from the working or home folder.
        configuration.touch(mode=0o600)
        orders = Orders(str(path), port, linger, seconds, STOP_SECONDS, command, write_end, last_port, fsync)
        holder = str(Path(keeper.__file__).parent.parent)
        arguments = [
            programs.find_python(),
            *ISOLATED,
            "-c",
            keeper.COMMAND,
            holder,
            json.dumps(asdict(orders)),
        ]
        try:
            # A child forked meanwhile would keep the pipes open whose end is waited for.
            with unforked():
                process = subprocess.Popen(  # noqa: S603 (our own script)
                    arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    pass_fds=[write_end], start_new_session=True, text=True,
                )  # fmt: skip
            complaint = _complaint(process, seconds)
        finally:
            os.close(write_end)
        report = b""
        end = time.monotonic() + seconds + 5
        while select.select([read_end], [], [], max(0.0, end - time.monotonic()))[0]:
            chunk = os.read(read_end, 65536)
            report += chunk
            # Where this process was forked meanwhile, the child has the pipe open, too: it has no end.
            if not chunk or report.endswith(b"\n"):
                break
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedServerError(f"cannot start the keeper of {path}: {error}") from error
    finally:
        os.close(read_end)
    if not report:
        raise EmbeddedServerError(
            f"the keeper of {path} ended before it could report: {complaint.strip() or 'it said nothing'}"
        )
    error_text = json.loads(report)["error"]
    if error_text:
        raise EmbeddedServerError(f"cannot serve {path}: {error_text}")


def _complaint(process: subprocess.Popen[str], seconds: float) -> str:
    """Return what a process has written as errors when it ends; it is ended where that takes longer."""
    with process:
        try:
            return process.communicate(timeout=seconds)[1]
        except BaseException:
            process.kill()
            raise
