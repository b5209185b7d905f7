"""`manage.py ensure_indexes`: build the indexes that documents declare."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from pymongo.errors import OperationFailure

from django_mongokit.management.arguments import DocumentsCommand, alias_of
from django_mongokit.mongodb.reaching import AccessDenied, reaching
from django_mongokit.shortcut import get_database
from mongokit import DuplicateKeyError

__all__ = ["Command"]


class Command(DocumentsCommand):
    """Compare what registered documents declare with what is there, and build what is missing."""

    help = "Builds the indexes that registered documents declare and the database lacks. It drops none unless told so."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="Only show what there is to do.")
        parser.add_argument(
            "--check",
            action="store_true",
            help="Only show what there is to do, and exit with 1 if there is something.",
        )
        parser.add_argument(
            "--drop",
            action="store_true",
            help="Also change indexes that are there and declared otherwise, dropping them where there is no other way.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a row for each index."""
        alias = alias_of(options)
        only_look = options["dry_run"] or options["check"]
        try:
            with reaching(alias):
                report = get_database(using=alias).ensure_indexes(dry_run=only_look, drop=options["drop"])
        except AccessDenied:
            raise
        except (DuplicateKeyError, OperationFailure) as error:
            raise CommandError(str(error)) from None
        if options["verbosity"] > 0:
            self.stdout.write(str(report))
        # Who says nowhere where his documents are is told so by the report, and cannot be asked for more here.
        number = len(report.of("missing", "different", "conflict"))
        if options["check"] and number:
            raise CommandError(f"{number} of the declared indexes are missing, or are not as declared.")
