"""manage.py prepare_site: everything between a fresh checkout and a site that can be served; may run at any time."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.test import Client
from pymongo.errors import PyMongoError

from plog import blog
from plog.content import ContentError, load, read


class Command(BaseCommand):
    help = "Migrate the accounts, load the sample posts, and prepare the static files by rendering each page once."

    def handle(self, *args: Any, **options: Any) -> None:
        # Whoever stops this wants no traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._step("accounts", self._migrate)
        try:
            self._step("posts", self._load)
            self._step("static files", self._render)
        except PyMongoError as error:
            raise CommandError(f"MongoDB cannot be used: {error}") from error

    def _step(self, name: str, work: Any) -> None:
        started = time.monotonic()
        result = work()
        self.stdout.write(f"{name}: {result} ({time.monotonic() - started:.1f} s)")
        self.stdout.flush()

    def _migrate(self) -> str:
        call_command("migrate", verbosity=0, interactive=False)
        return "up to date"

    def _load(self) -> str:
        blog.ensure_indexes()
        try:
            done = load(Path(settings.CONTENT_DIR), Path(settings.MEDIA_ROOT))
        except ContentError as error:
            raise CommandError(str(error)) from error
        return str(done)

    def _render(self) -> str:
        client = Client(headers={"host": "localhost"})
        slugs = [sample.slug for sample in read(Path(settings.CONTENT_DIR))]
        for address in ("/", "/slides/mongodb-in-django", *(f"/plog/{slug}" for slug in slugs)):
            response = client.get(address)
            if response.status_code != 200:
                raise CommandError(
                    f"{address} answers {response.status_code}; see {settings.VAR / 'plog.log'}"
                )
            if f'href="{settings.DJANGO_STATIC_NAME_PREFIX}/css/' not in response.text:
                raise CommandError(
                    f"the style sheets of {address} could not be prepared in {settings.DJANGO_STATIC_SAVE_PREFIX}; "
                    f"make it writable for you, or remove it. {settings.VAR / 'plog.log'} says more"
                )
        folder = Path(settings.DJANGO_STATIC_SAVE_PREFIX)
        count = sum(1 for path in folder.rglob("*") if path.is_file())
        return f"{count} in {folder}"
