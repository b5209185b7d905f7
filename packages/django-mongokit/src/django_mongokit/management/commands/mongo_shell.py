"""`manage.py mongo_shell`: Python, with the database and the document classes at hand."""

from __future__ import annotations

from typing import Any

import bson
from django.core.management.commands import shell

from django_mongokit.management.arguments import DocumentsCommand, alias_of, registered
from django_mongokit.mongodb.pool import shared_connection
from django_mongokit.shortcut import get_database

__all__ = ["Command"]


class Command(DocumentsCommand, shell.Command):
    """Django's `shell` (with its options), in which documents take the place of models."""

    help = (
        "Runs Python, IPython or bpython with database, connection, ObjectId and the registered documents: one that has a "
        "__collection__ is in it, so Talk.find() asks for all of them; of any other the name is the class."
    )

    def get_namespace(self, **options: Any) -> dict[str, Any]:
        """Return the names that are there."""
        alias = alias_of(options)
        database = get_database(using=alias)
        documents = {
            cls.__name__: database[cls.__collection__].proxy(cls) if cls.__collection__ else cls
            for cls in registered(alias)
        }
        names = {"connection": shared_connection(alias), "database": database, "ObjectId": bson.ObjectId}
        return {**documents, **names}

    def handle(self, **options: Any) -> None:
        """Say what there is, and begin."""
        if options["verbosity"] > 0 and not options["command"]:
            names = ", ".join(sorted(self.get_namespace(**options)))
            self.stderr.write(f"{get_database(using=alias_of(options)).name}: {names}", self.style.NOTICE)
        super().handle(**options)
