# mypy: disable-error-code="import-not-found, misc"
# (django-pipeline is installed in the races' own environment only)
"""django-pipeline's storage with gzip, put together as its manual does."""

from __future__ import annotations

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from pipeline.storage import GZIPMixin, PipelineMixin

__all__ = ["GzippedManifestStorage"]


class GzippedManifestStorage(GZIPMixin, PipelineMixin, ManifestStaticFilesStorage):
    """Hashed names, and a .gz beside every style sheet and script."""
