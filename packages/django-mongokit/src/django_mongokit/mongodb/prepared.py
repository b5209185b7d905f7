"""Which aliases have a test database now, and of which of several that share one it is.

`current` is what this process knows: `creation` writes it down when it switches an alias, and nobody else does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_mongokit.conf import SettingError, entry, mongodb_aliases
from django_mongokit.mongodb.naming import mirrored, safe_test_name, signature_of

__all__ = [
    "Prepared",
    "aliases_of",
    "current",
    "is_prepared",
    "owner_of",
    "real_name",
    "real_names",
    "worker",
]


@dataclass(frozen=True)
class Prepared:
    """The test database that an alias's NAME was switched to, and what to restore."""

    name: str
    original: str
    by_runner: bool
    worker: int
    pid: int
    owner: str | None = None
    """The alias that this one follows; None where it has a test database of its own."""
    address: Mapping[str, Any] | None = None
    """Where its own server is, while it follows an alias of another."""


current: dict[str, Prepared] = {}


def real_name(alias: str, values: Mapping[str, Any]) -> Any:
    """Return the NAME of an entry's real database, also while its NAME is that of a test database."""
    prepared = current.get(alias)
    if prepared is not None and prepared.name == values.get("NAME"):
        return prepared.original
    return values.get("NAME")


def real_names() -> dict[str, Any]:
    """Return the NAME of each alias's real database, the one from before while it has a test database."""
    found = {alias: current.get(alias) for alias in mongodb_aliases()}
    return {alias: known.original if known else entry(alias).get("NAME") for alias, known in found.items()}


def is_prepared(alias: str) -> bool:
    """Return whether a test database of the alias is in use that this process, or the runner, made for it."""
    prepared = current.get(alias)
    if prepared is None or prepared.name != entry(alias)["NAME"]:
        return False  # or somebody has set NAME since then
    if prepared.owner is not None:
        return is_prepared(prepared.owner) and prepared.name == entry(prepared.owner)["NAME"]
    return prepared.by_runner or prepared.worker == worker()


def owner_of(alias: str) -> str:
    """Return the alias that owns, or is to own, the test database of this one; itself where it shares none.

    That is the one that has it already, else the first in `DATABASES`. Raises `SettingError` for a TEST that cannot be.
    """
    found = mirrored(alias)
    sharing = aliases_of(_signature(found))
    return next((other for other in sharing if _owns(other)), sharing[0])


def _owns(alias: str) -> bool:
    return is_prepared(alias) and current[alias].owner is None


def aliases_of(signature: tuple[str, ...]) -> list[str]:
    """Return the aliases of a test database, without those that only mirror one, in the order of `DATABASES`."""
    return [alias for alias in mongodb_aliases() if _has_signature(alias, signature)]


def _has_signature(alias: str, signature: tuple[str, ...]) -> bool:
    try:
        return mirrored(alias) == alias and _signature(alias) == signature
    except SettingError:
        return False  # who asks for that alias is told


def _signature(alias: str) -> tuple[str, ...]:
    values = entry(alias)
    return signature_of(alias, values, safe_test_name(alias, values, real_name(alias, values), real_names()))


def worker() -> int:
    """Return the number of this worker of Django's parallel runner, counted from 1; 0 anywhere else."""
    runner = sys.modules.get("django.test.runner")
    return getattr(runner, "_worker_id", 0)
