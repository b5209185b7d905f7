"""manage.py load_sample_content: bring the sample posts and their comments into the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from plog import blog
from plog.content import ContentError, load


class Command(BaseCommand):
    help = "Load the sample posts and comments, once; what visitors have written since stays."
    # The command needs no SQL, and makes the indexes that a check might miss.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        blog.ensure_indexes()
        try:
            done = load(Path(settings.CONTENT_DIR), Path(settings.MEDIA_ROOT))
        except ContentError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(done))
