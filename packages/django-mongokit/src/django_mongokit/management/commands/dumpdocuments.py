"""`manage.py dumpdocuments`: documents as Extended JSON, one in each line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_mongokit.dump_files import replacing
from django_mongokit.dumps import DumpError, collection_names, dump
from django_mongokit.management.arguments import DocumentsCommand, alias_of, label, registered
from django_mongokit.shortcut import get_database

__all__ = ["Command"]


class Command(DocumentsCommand):
    """Write the documents of collections as lines of canonical Extended JSON, to be read by `loaddocuments`."""

    help = (
        "Writes documents as lines of MongoDB Extended JSON, to be read by loaddocuments. They are read while others may "
        "write: stop the site for a copy of one moment. Indexes are not in it: ensure_indexes builds them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "collections",
            nargs="*",
            help="Collections, or documents as talks.Talk; all collections unless given.",
        )
        super().add_arguments(parser)
        parser.add_argument(
            "--exclude", action="append", default=[], metavar="COLLECTION", help="Leave this one out."
        )
        parser.add_argument(
            "-o",
            "--output",
            help="The file, compressed if it ends with .gz; standard output unless given, and for - (a file of that name is ./-).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the dump. A file appears, or is replaced, when it is complete."""
        alias = alias_of(options)
        database = get_database(using=alias)
        there = collection_names(database)
        known = {label(cls): cls.__collection__ for cls in registered(alias) if cls.__collection__}
        chosen = [known.get(one, one) if one not in there else one for one in options["collections"]] or there
        excluded = {known.get(one, one) if one not in there else one for one in options["exclude"]}
        missing = sorted({*chosen, *excluded} - {*there, *known.values()})
        if missing:
            raise CommandError(
                f"There is no collection, nor document, {', '.join(missing)} in {database.name}; "
                f"there are {', '.join(there) or 'none'}."
            )
        names = [name for name in dict.fromkeys(chosen) if name not in excluded]
        given = options["output"]  # a text still: as a path ./- is - as well
        output: Path | None = None if given is None or str(given) == "-" else Path(given)
        try:
            if output is None:
                for line in dump(database, names):
                    self.stdout.write(line, ending="")
                return
            with replacing(output) as file:
                for line in dump(database, names, self._tell if options["verbosity"] > 0 else None):
                    file.write(line.encode())
        except DumpError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(
                f"{output or 'standard output'} cannot be written: {error.strerror or error}"
            ) from None

    def _tell(self, name: str, number: int) -> None:
        self.stderr.write(f"{name}: {number:,} documents", self.style.NOTICE)
