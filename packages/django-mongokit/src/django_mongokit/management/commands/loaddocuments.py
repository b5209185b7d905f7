"""`manage.py loaddocuments`: store what `dumpdocuments` wrote."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser

from django_mongokit.dump_files import reading
from django_mongokit.dumps import DumpError, load, read
from django_mongokit.management.arguments import DocumentsCommand, alias_of
from django_mongokit.shortcut import get_database

__all__ = ["Command"]


class Command(DocumentsCommand):
    """Read a dump twice: first to see that all of it is right, then to store it."""

    help = (
        "Stores what dumpdocuments wrote, each document in the place of the one with its _id. A dump with a mistake in it "
        "changes nothing; a load that was interrupted is begun anew, which changes nothing that is there already."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument("files", nargs="+", metavar="file", help="Dumps, of which those in .gz are unpacked; - is standard input.")  # fmt: skip
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="Only look whether the dumps are right.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check every file, then load them in their order."""
        database = get_database(using=alias_of(options))
        with _unfolded(options["files"]) as files:
            for name, file in files:
                with _naming(name):
                    number = sum(1 for _ in read(file, database.name))
                if options["dry_run"]:
                    self._say(options, f"{name}: {number:,} documents, all of them right")
            if options["dry_run"]:
                return
            for name, file in files:
                file.seek(0)
                with _naming(name):
                    number = load(
                        database, read(file, database.name), self._tell if options["verbosity"] > 0 else None
                    )
                self._say(options, f"{name}: loaded {number:,} documents into {database.name}")

    def _say(self, options: dict[str, Any], text: str) -> None:
        if options["verbosity"] > 0:
            self.stdout.write(text, self.style.SUCCESS)

    def _tell(self, name: str, number: int) -> None:
        self.stderr.write(f"{name}: {number:,} documents", self.style.NOTICE)


@contextmanager
def _unfolded(names: list[str]) -> Iterator[list[tuple[str, IO[bytes]]]]:
    """Open the files; what comes by standard input can be read once only, so it is kept in a temporary file."""
    files: list[tuple[str, IO[bytes]]] = []
    try:
        for name in names:
            with _naming(name):
                files.append(
                    ("standard input", _kept_input()) if name == "-" else (name, reading(Path(name)))
                )
        yield files
    finally:
        for _name, file in files:
            file.close()


def _kept_input() -> IO[bytes]:
    kept = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
    shutil.copyfileobj(sys.stdin.buffer, kept)
    kept.seek(0)
    return kept


@contextmanager
def _naming(name: str) -> Iterator[None]:
    try:
        yield
    except DumpError as error:
        raise CommandError(f"{name}: {error}") from None
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror or error}") from None
