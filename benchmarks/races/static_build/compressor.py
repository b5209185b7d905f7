"""django-compressor with ``COMPRESS_OFFLINE``, over a page that names every style sheet and script of the tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_build import site


def _write_page(home: Path, tree: Path) -> None:
    """A block for each file, as in a site that names them in its templates; modules are none of its business."""
    names = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    lines = ["{% load compress %}"]
    for name in names:
        if name.endswith(".css"):
            element = f'<link rel="stylesheet" href="/static/{name}">'
            lines.append(f"{{% compress css %}}{element}{{% endcompress %}}")
        elif name.endswith(".js"):
            element = f'<script src="/static/{name}"></script>'
            lines.append(f"{{% compress js %}}{element}{{% endcompress %}}")
    (home / "templates" / "page.html").write_text("\n".join(lines), encoding="utf-8")


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``collectstatic``, then ``compress``, which writes Brotli beside its output; it writes either that or gzip."""
    yield site.operations(
        workspace,
        "django.contrib.staticfiles.storage.StaticFilesStorage",
        trees=("small",),
        apps=("compressor",),
        commands=(site.COLLECT, ("compress", {"verbosity": 0})),
        prepare=_write_page,
        bundles="CACHE/**/*",
        encodings=("br",),
        STATICFILES_FINDERS=[
            "django.contrib.staticfiles.finders.FileSystemFinder",
            "django.contrib.staticfiles.finders.AppDirectoriesFinder",
            "compressor.finders.CompressorFinder",
        ],
        COMPRESS_ENABLED=True,
        COMPRESS_OFFLINE=True,
        COMPRESS_STORAGE="compressor.storage.BrotliCompressorFileStorage",
    )
