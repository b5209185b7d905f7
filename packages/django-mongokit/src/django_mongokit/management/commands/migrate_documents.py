"""`manage.py migrate_documents`: bring all stored documents up to date, by their classes' migration rules."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_mongokit.management.arguments import DocumentsCommand, alias_of, label, registered
from django_mongokit.shortcut import get_database
from mongokit import MigrationError, RuleReport, UpdateQueryError

__all__ = ["Command"]


class Command(DocumentsCommand):
    """Run the bulk rules (`allmigration…`) of the `migration_handler` of documents."""

    help = (
        "Applies the bulk rules of the migration_handler of documents to all that is stored. What was interrupted goes on "
        "where it was; of several that run at once one works, and the others wait for it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "documents", nargs="*", help="Documents, as talks.Talk; all that have rules unless given."
        )
        super().add_arguments(parser)
        parser.add_argument(
            "--collection", help="Where the documents are; for one class, without a __collection__."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Write nothing; show how many match each rule now."
        )
        parser.add_argument(
            "--batch-size",
            type=int,
            default=1_000,
            help="Documents between two notes of how far it is; 1000 unless given.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the rules of each class, and print what was done."""
        alias = alias_of(options)
        if options["batch_size"] < 1:
            raise CommandError(f"--batch-size {options['batch_size']}: a number of at least 1 is accepted.")
        database = get_database(using=alias)
        for cls, name in _chosen(alias, options["documents"], options["collection"]):
            if not name:
                self._pass_over(label(cls), is_asked_for=bool(options["documents"]))
                continue
            progress = self._tell if options["verbosity"] > 1 else None
            try:
                report = cls.migration_handler(cls).migrate_all(
                    database[name],
                    dry_run=options["dry_run"],
                    batch_size=options["batch_size"],
                    progress=progress,
                )
            except (MigrationError, UpdateQueryError) as error:
                raise CommandError(f"{label(cls)}: {error}") from None
            if options["verbosity"] > 0:
                self.stdout.write(str(report))

    def _pass_over(self, name: str, *, is_asked_for: bool) -> None:
        text = f"{name} has no __collection__: say where its documents are, migrate_documents {name} --collection <name>."
        if is_asked_for:
            raise CommandError(text)
        self.stderr.write(f"{text} It is passed over.", self.style.WARNING)

    def _tell(self, rule: RuleReport) -> None:
        self.stderr.write(f"{rule.name}: {rule}", self.style.NOTICE)


def _chosen(alias: str, labels: list[str], collection: str | None) -> list[tuple[Any, str | None]]:
    """Return the classes to migrate, each with the name of its collection if that is known."""
    known = {label(cls): cls for cls in registered(alias)}
    with_rules = {name: cls for name, cls in known.items() if cls.migration_handler is not None}
    for name in labels:
        if name not in known:
            raise CommandError(f"No document {name} is registered; there are {', '.join(known) or 'none'}.")
        if name not in with_rules:
            raise CommandError(f"{name} has no migration_handler, so there is nothing to apply to it.")
    if collection is not None and len(labels) != 1:
        raise CommandError("--collection says where the documents of one class are: name the class, too.")
    chosen = dict.fromkeys(labels or with_rules)
    return [(with_rules[name], collection or with_rules[name].__collection__) for name in chosen]
