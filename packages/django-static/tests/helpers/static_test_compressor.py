"""Compresses the files of a folder in a process of its own: python static_test_compressor.py ROOT CACHE FORMATS [HOW].

HOW is what is to go wrong: "nobody" is a user without rights, "full" a disk that takes files of 2 KB, "stall" stops for
ever when the first sibling is about to appear, having printed a line.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from pathlib import Path

from django_static import names
from django_static.compress import Cache, compress_many

if __name__ == "__main__":
    root, cache, formats, *how = sys.argv[1:]
    if how == ["nobody"] and os.getuid() == 0:
        os.setuid(65534)
    elif how == ["full"]:
        # Python would leave a compiled module that is cut off, and every later process would fail at it.
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    elif how == ["stall"]:
        replace = os.replace

        def stall(source: str, target: str) -> None:
            if str(target).startswith(root):
                os.write(1, b"about to appear\n")  # in one piece, as more than one thread says it
                threading.Event().wait()
            replace(source, target)

        os.replace = stall
    items = [
        (path, names.content_digest(path.read_bytes()))
        for path in sorted(Path(root).rglob("*"))
        if path.is_file() and path.suffix in (".txt", ".bin", ".png")
    ]
    results = compress_many(items, formats.split(","), Cache(Path(cache)), root=Path(root))
    print(json.dumps([[str(r.path), r.size, dict(r.siblings), r.is_new, r.problem] for r in results]))
