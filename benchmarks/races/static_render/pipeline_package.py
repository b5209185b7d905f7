"""django-pipeline: a package of one style sheet for each tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.contestant import Operation
from races.static_render import site


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """``{% stylesheet 'name' %}``, after collectstatic. Its compressor needs Node or Java, so there is none."""
    sheets = {
        Path(name).stem: {"source_filenames": (name,), "output_filename": f"packed/{Path(name).stem}.css"}
        for name in site.NAMES
    }
    site.configure(
        workspace,
        apps=("pipeline",),
        storage="pipeline.storage.PipelineManifestStorage",
        load="{% load pipeline %}",
        tag=lambda name: f"{{% stylesheet '{Path(name).stem}' %}}",
        PIPELINE={
            "PIPELINE_ENABLED": True,
            "STYLESHEETS": sheets,
            "CSS_COMPRESSOR": "pipeline.compressors.NoopCompressor",
            "JS_COMPRESSOR": "pipeline.compressors.NoopCompressor",
        },
    )
    site.collect()
    yield {"tag": site.operation(r'<link href="/static/packed/sheet\d+\.[0-9a-f]{12}\.css"[^>]*>')}
