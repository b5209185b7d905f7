"""The process that minifies for another: run as a program, it imports nothing of the package.

Reads questions from its standard input (a configuration as JSON, a media type, a text) and writes answers to its standard output, each with
a status and a length before it. Ends at the end of its input, or when nothing was asked for the given seconds.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys

_HEAD = struct.Struct("<BI")


def _read(length: int) -> bytes:
    pieces = []
    while length:
        piece = os.read(0, min(length, 1 << 20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _question() -> str:
    _, length = _HEAD.unpack(_read(_HEAD.size))
    return _read(length).decode()


def _answer(status: int, text: str) -> None:
    data = text.encode()
    rest = memoryview(_HEAD.pack(status, len(data)) + data)
    while rest:
        rest = rest[os.write(1, rest) :]


def _is_asked(seconds: float) -> bool:
    # Windows can wait for sockets only.
    return os.name != "posix" or bool(select.select([0], [], [], seconds)[0])


def main(idle_seconds: str) -> None:
    """Answer until the end."""
    configured = ""
    try:
        while _is_asked(float(idle_seconds)):
            configuration, media_type, text = _question(), _question(), _question()
            try:
                import minify  # type: ignore[import-untyped]

                if configuration != configured:
                    minify.config(json.loads(configuration))
                    configured = configuration
                status, result = 0, minify.string(media_type, text)
            except Exception as error:  # noqa: BLE001 (all that goes wrong is told to the one who asks)
                status, result = 1, f"{type(error).__name__}: {error}"
            _answer(status, result)
    except (EOFError, BrokenPipeError):
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
