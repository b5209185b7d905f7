"""django-pipeline: a package of one style sheet for each tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import site

LINK = r'<link href="/static/packed/{}\d+\.[0-9a-f]{{12}}\.css"[^>]*>'


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% stylesheet 'name' %}``, after collectstatic. Its compressor needs Node or Java, so there is none."""
    sheets = {
        Path(name).stem: {"source_filenames": (name,), "output_filename": f"packed/{Path(name).stem}.css"}
        for name in site.NAMES
    } | {
        f"three{number:03}": {"source_filenames": names, "output_filename": f"packed/three{number:03}.css"}
        for number, names in enumerate(site.GROUPS)
    }
    site.configure(
        workspace,
        apps=("pipeline",),
        storage="pipeline.storage.PipelineManifestStorage",
        load="{% load pipeline %}",
        tag=lambda name: f"{{% stylesheet '{Path(name).stem}' %}}",
        block=lambda names: f"{{% stylesheet 'three{site.GROUPS.index(names):03}' %}}",
        PIPELINE={
            "PIPELINE_ENABLED": True,
            "STYLESHEETS": sheets,
            "CSS_COMPRESSOR": "pipeline.compressors.NoopCompressor",
            "JS_COMPRESSOR": "pipeline.compressors.NoopCompressor",
        },
    )
    site.collect()
    yield site.operations(LINK.format("sheet"), LINK.format("three"))
