"""manage.py draw_figures: write the pictures of the posts into the media folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from plog.figures import DARK, LIGHT, figures


class Command(BaseCommand):
    help = "Draw the SVG pictures of the sample posts from the figures in plog/figures.py."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.MEDIA_ROOT) / "img"
        for theme in (LIGHT, DARK):
            for name, text in figures(theme).items():
                (folder / name).write_text(text)
                self.stdout.write(f"{folder / name}")
