"""The rules that a migration declares: methods, found by their names, that set a target and an update."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mongokit.errors import shortened
from mongokit.flow import Flow

if TYPE_CHECKING:
    from mongokit.migration.rules import DocumentMigration

__all__ = ["called", "check_rules", "full_name", "names_of"]

PREFIXES = ("migration", "allmigration")
_ACCEPTED = "a rule is a method that takes self alone, and sets self.target and self.update"


def names_of(migration: object, prefix: str) -> list[str]:
    """Return the names of the rules of one kind, of a class or an instance, in the order in which they run."""
    return sorted(name for name in dir(migration) if name.startswith(prefix))


def full_name(migration: DocumentMigration, name: str) -> str:
    """Return what a rule is called in messages."""
    return f"{type(migration).__name__}.{name}"


def check_rules(cls: type[DocumentMigration]) -> None:
    """Check what bears the name of a rule, of the class and its bases; raises TypeError for what cannot be one."""
    for name in (name for prefix in PREFIXES for name in names_of(cls, prefix)):
        found, method = inspect.getattr_static(cls, name), getattr(cls, name)
        if isinstance(found, (staticmethod, classmethod)):
            why = f"is a {type(found).__name__}"
        elif not (callable(method) and hasattr(found, "__get__")):
            why = f"is {shortened(found)}"
        elif not _takes_self(method):
            why = f"takes {inspect.signature(method)}"
        else:
            continue
        raise TypeError(f"{cls.__name__}.{name} {why}: {_ACCEPTED}; other attributes need another name")


def _takes_self(method: Any) -> bool:
    """Return whether a method can be called without arguments."""
    try:
        inspect.signature(method).bind(None)
    except TypeError:
        return False
    except ValueError:
        # Nobody knows, as of some that are written in C.
        return True
    return True


def called(migration: DocumentMigration, name: str) -> Flow[None]:
    """Have a rule say what it wants; raises TypeError where it returns it, which nobody would look at."""
    said = yield getattr(migration, name)()
    if isinstance(said, (Mapping, list)) or callable(said):
        raise TypeError(
            f"{full_name(migration, name)} returns {shortened(said)}, which changes nothing: {_ACCEPTED}"
        )
