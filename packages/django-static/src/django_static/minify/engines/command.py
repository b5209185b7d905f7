"""Run an engine that is a program: text in, text out, within a time limit."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO

from .errors import EngineError

__all__ = ["TIMEOUT_SECONDS", "run"]

TIMEOUT_SECONDS = 60.0
_SHOWN_CHARACTERS = 400
#: What a program may print: this, or so many times what it was given where that is more.
_MOST_BYTES = 4_000_000
_MOST_TIMES = 4
#: What is kept of its error output, in which traces are long, and what is read at once.
_ERROR_BYTES = 65_536
_PIECE_BYTES = 65_536
#: What a Java machine says about its environment.
_CHATTER = ("Picked up ", "WARNING: ")
#: The lines of a trace: where something was called, and what was thrown.
_FRAME = re.compile(r"at \S+\(.*\)|\.\.\. \d+ (?:more|common frames omitted)")
_THROWN = re.compile(r'(?:Exception in thread "[^"]*" |Caused by: )|(?=(?:\w+\.)+\w*(?:Exception|Error)\b)')


class _TooMuch(Exception):
    """A program prints more than a minified text can be."""


def run(name: str, command: Sequence[str], text: str, timeout: float | None = None) -> str:
    """What a program prints when it is given a text, both in UTF-8.

    It gets a session of its own, so that at the time limit what it has started itself ends with it. Of its output no more
    is taken than a minified text can be, and of its error output the beginning.

    Raises:
        EngineError: it cannot be run, takes more than ``timeout`` seconds (:data:`TIMEOUT_SECONDS` unless given), fails,
            or prints nothing or too much.
    """
    limit = TIMEOUT_SECONDS if timeout is None else timeout
    data = text.encode()
    try:
        process = subprocess.Popen(  # noqa: S603 (the program that the settings name)
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"{name} could not be run: {error}") from error
    most = max(_MOST_BYTES, _MOST_TIMES * len(data))
    try:
        output, errors = _exchanged(process, data, most, time.monotonic() + limit)
    except subprocess.TimeoutExpired:
        raise EngineError(f"{name} took more than {limit:g} seconds and was stopped") from None
    except _TooMuch:
        raise EngineError(
            f"{name} printed more than {most:,} bytes for a text of {len(data):,} and was stopped"
        ) from None
    said = _said(errors)
    if process.returncode:
        raise EngineError(f"{name} ended with {process.returncode}: {said or 'it said nothing'}")
    if text.strip() and not output.strip() and said:
        raise EngineError(f"{name} printed no result: {said}")
    try:
        return output.decode()
    except UnicodeDecodeError as error:
        raise EngineError(f"{name} printed what is not UTF-8: {error}") from error


def _exchanged(
    process: subprocess.Popen[bytes], data: bytes, most: int, deadline: float
) -> tuple[bytes, bytes]:
    """What a program has printed on its two outputs when it has ended; on the way out it has, in any case.

    Each pipe has a thread that closes it. None is waited for after the end: a process that got away may hold a pipe open.

    Raises:
        subprocess.TimeoutExpired: it had not ended at the deadline of the monotonic clock.
        _TooMuch: it printed more than ``most`` bytes.
    """
    ends: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()

    def feed(pipe: IO[bytes]) -> None:
        rest = memoryview(data)
        with contextlib.suppress(OSError, ValueError), pipe:  # it need not read all of it
            while rest:
                rest = rest[pipe.write(rest) or 0 :]

    def take(which: str, pipe: IO[bytes], enough: int) -> None:
        """Read to the end, or of the output until it is too much; only what is enough is kept."""
        taken = bytearray()
        with contextlib.suppress(OSError, ValueError), pipe:
            while (piece := pipe.read(_PIECE_BYTES)) and (which == "errors" or len(taken) <= enough):
                taken += piece[: enough + 1 - len(taken)]
        ends.put((which, bytes(taken)))

    threads = (
        threading.Thread(target=feed, args=(process.stdin,), daemon=True),
        threading.Thread(target=take, args=("output", process.stdout, most), daemon=True),
        threading.Thread(target=take, args=("errors", process.stderr, _ERROR_BYTES), daemon=True),
    )
    try:
        for thread in threads:
            thread.start()
        printed: dict[str, bytes] = {}
        while len(printed) < 2:
            try:
                which, taken = ends.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise subprocess.TimeoutExpired(process.args, 0) from None
            printed[which] = taken
            if len(printed.get("output", b"")) > most:
                raise _TooMuch
        process.wait(max(0.0, deadline - time.monotonic()))
    except BaseException:
        _kill(process)
        process.wait()
        for thread, pipe in zip(threads, (process.stdin, process.stdout, process.stderr), strict=True):
            if thread.ident is None and pipe is not None:
                pipe.close()  # this was interrupted; one that is about to have it finds it closed
        raise
    return printed["output"], printed["errors"]


def _kill(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        # Not reaped yet, so the number is still its own.
        os.killpg(process.pid, signal.SIGKILL)
    else:  # pragma: no cover (Windows)
        process.kill()


def _said(errors: bytes) -> str:
    """What a program said on its error output, in one line; of the trace of a Java machine, what was wrong at its root."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines()]
    lines = [line for line in lines if line and not line.startswith(_CHATTER) and not _FRAME.fullmatch(line)]
    said = [line for line in lines if not _THROWN.match(line)]
    thrown = [line for line in lines if _THROWN.match(line)]
    # What the program says itself is for people; a trace tells last where it began.
    telling = said or [_THROWN.sub("", line) for line in thrown[-1:]]
    return " ".join(telling)[:_SHOWN_CHARACTERS]
