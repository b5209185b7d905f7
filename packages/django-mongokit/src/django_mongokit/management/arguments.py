"""What the commands about documents have in common: the alias, and the classes that live there."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_mongokit.conf import DEFAULT_ALIAS, ENGINE, mongodb_aliases
from django_mongokit.mongodb.pool import shared_connection
from django_mongokit.mongodb.reaching import reaching

__all__ = ["DocumentsCommand", "alias_of", "label", "registered"]


def alias_of(options: dict[str, Any]) -> str:
    """Return the alias that was chosen; raises `CommandError` for one that is none of MongoDB."""
    alias: str = options["database"]
    aliases = mongodb_aliases()
    if alias not in aliases:
        raise CommandError(
            f"--database {alias}: DATABASES has {', '.join(aliases) or 'no alias'} with the ENGINE {ENGINE}."
        )
    return alias


class DocumentsCommand(BaseCommand):
    """A command about documents. While the server is away it says so, and which, in one line."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--database`."""
        super().add_arguments(parser)
        parser.add_argument(
            "--database", default=DEFAULT_ALIAS, help='The alias in DATABASES; "mongodb" unless it is given.'
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; raises `CommandError` where the alias is none of MongoDB, or its server is away."""
        with reaching(alias_of(options)):
            return super().execute(*args, **options)


def registered(alias: str) -> list[Any]:
    """Return the document classes that are registered with an alias, in the order of their names."""
    classes = shared_connection(alias).registered
    return [classes[name] for name in sorted(classes)]


def label(document_class: Any) -> str:
    """Return "talks.Talk", or the name of a class that Django does not know."""
    meta = getattr(document_class, "_meta", None)
    return str(meta.label if meta is not None else document_class.__name__)
