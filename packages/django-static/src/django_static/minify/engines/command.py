"""Run an engine that is a program: text in, text out, within a time limit."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence

from .errors import EngineError

__all__ = ["TIMEOUT_SECONDS", "run"]

TIMEOUT_SECONDS = 60.0
_SHOWN_CHARACTERS = 400
#: What a Java machine says about its environment.
_CHATTER = ("Picked up ", "WARNING: ")
#: The lines of a trace: where something was called, and what was thrown.
_FRAME = re.compile(r"at \S+\(.*\)|\.\.\. \d+ (?:more|common frames omitted)")
_THROWN = re.compile(r'(?:Exception in thread "[^"]*" |Caused by: )|(?=(?:\w+\.)+\w*(?:Exception|Error)\b)')


def run(name: str, command: Sequence[str], text: str, timeout: float | None = None) -> str:
    """What a program prints when it is given a text, both in UTF-8.

    It gets a session of its own, so that at the time limit what it has started itself ends with it.

    Raises:
        EngineError: it cannot be run, takes more than ``timeout`` seconds (:data:`TIMEOUT_SECONDS` unless given), fails
            or prints nothing.
    """
    limit = TIMEOUT_SECONDS if timeout is None else timeout
    try:
        process = subprocess.Popen(  # noqa: S603 (the program that the settings name)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"{name} could not be run: {error}") from error
    with process:
        try:
            output, errors = process.communicate(text.encode(), limit)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise EngineError(f"{name} took more than {limit:g} seconds and was stopped") from None
        except BaseException:
            _kill(process)
            raise
    said = _said(errors)
    if process.returncode:
        raise EngineError(f"{name} ended with {process.returncode}: {said or 'it said nothing'}")
    if text.strip() and not output.strip() and said:
        raise EngineError(f"{name} printed no result: {said}")
    try:
        return output.decode()
    except UnicodeDecodeError as error:
        raise EngineError(f"{name} printed what is not UTF-8: {error}") from error


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
