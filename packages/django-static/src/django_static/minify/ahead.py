"""Minify many texts at once, in processes of their own: the judge is Python, and one interpreter uses one core.

The processes are plain programs that are spoken to through pipes. A pool of ``multiprocessing`` would run the module the
command was started from once more in each, which not every one is written for.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, cast

from ..cores import cores
from . import Slimmed, slim
from .engines.errors import EngineError
from .engines.helper import python

__all__ = ["Ahead"]

logger = logging.getLogger("django_static")

_Key = tuple[str, str, tuple[str, ...]]


class Ahead:
    """Results of :func:`django_static.minify.slim` that have been asked for before they are needed.

    Args:
        workers: how many processes; as many as this process may use cores if 0.
    """

    def __init__(self, workers: int = 0) -> None:
        self._workers = workers or cores()
        self._pool: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._futures: dict[_Key, Future[Slimmed]] = {}

    def want(self, text: str, kind: str, chain: Sequence[str]) -> None:
        """Begin to minify a text."""
        key = (text, kind, tuple(chain))
        if key not in self._futures:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers)
            self._futures[key] = self._pool.submit(self._ask, *key)

    def slim(self, text: str, kind: str, chain: Sequence[str]) -> Slimmed:
        """The result for a text, whether it was wanted before or not."""
        future = self._futures.get((text, kind, tuple(chain)))
        if future is not None:
            try:
                return future.result()
            except (OSError, EOFError, ValueError, EngineError) as error:
                logger.info("a process that minifies failed, this one does its work: %r", error)
        return slim(text, kind, chain)

    def close(self) -> None:
        """End the processes, also those that are at work."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    cast("IO[bytes]", pipe).close()

    def _ask(self, text: str, kind: str, chain: tuple[str, ...]) -> Slimmed:
        process = self._process()
        stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        stdin.write(json.dumps([text, kind, chain]).encode() + b"\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            del self._local.process
            raise EOFError(f"it ended with {process.wait()}")
        return Slimmed(*json.loads(line))

    def _process(self) -> subprocess.Popen[bytes]:
        """The process of this thread."""
        process: subprocess.Popen[bytes] | None = getattr(self._local, "process", None)
        if process is None:
            process = subprocess.Popen(  # noqa: S603 (our own interpreter and code)
                [python(), "-P", "-c", "from django_static.minify.ahead import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            self._processes.append(process)
            self._local.process = process
        return process


def serve() -> None:
    """Answer the questions of :class:`Ahead`, a line each, until there are no more."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # an engine that prints must not be taken for an answer
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        for line in sys.stdin.buffer:
            output.write(json.dumps(slim(*json.loads(line))).encode() + b"\n")
            output.flush()
