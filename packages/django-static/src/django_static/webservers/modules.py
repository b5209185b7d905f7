"""Which modules of nginx there are, as far as that can be seen here."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ENCODINGS", "Modules", "installed"]

#: The encodings nginx can send ready files of, in the order in which it should try them.
ENCODINGS = ("zstd", "brotli", "gzip")
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Modules:
    """What nginx can do."""

    #: Those of ``ENCODINGS`` that it sends ready files in.
    encodings: tuple[str, ...] = ()
    #: Files of modules that must be loaded for that.
    files: tuple[str, ...] = ()


def installed(program: str = "nginx") -> Modules | None:
    """What the nginx on this machine was built with (``nginx -V``), or None where there is none."""
    path = shutil.which(program) or shutil.which(
        program, path="/usr/sbin:/usr/local/sbin:/usr/local/nginx/sbin"
    )
    if path is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 (the program of that name, and one option)
            [path, "-V"], capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return read(done.stderr + done.stdout)


def read(told: str) -> Modules:
    """What ``nginx -V`` has told."""
    given = re.search(r"--modules-path=(\S+)", told)
    prefix = re.search(r"--prefix=(\S+)", told)
    folder = Path(given[1]) if given else Path(prefix[1] if prefix else "/usr/local/nginx", "modules")
    encodings, files = [], []
    for name in ENCODINGS:
        module = folder / f"ngx_http_{name}_static_module.so"
        built_in = r"--with-http_gzip_static_module" if name == "gzip" else rf"--add-module=\S*{name}"
        if re.search(built_in, told):
            encodings.append(name)
        elif module.is_file():
            encodings.append(name)
            files.append(str(module))
    return Modules(tuple(encodings), tuple(files))
