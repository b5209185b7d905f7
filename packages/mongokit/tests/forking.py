"""What a forked child says."""

from __future__ import annotations

import os
import warnings


def in_child(action):
    """Run in a forked child; return what it says."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                said = repr(action())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write_end, said.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said
