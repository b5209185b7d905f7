"""What a stored document has beside its structure, or against it: a form leaves it as it is, unless somebody changes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django_mongokit.forms.refusals import failures_of
from mongokit import StructureError
from mongokit.errors import Failure
from mongokit.structure.nodes import reaches

__all__ = ["strays_of", "without"]

_POSITION = re.compile(r"\.\d+(?=\.|$)")


def strays_of(document: Any) -> frozenset[str]:
    """Return the dotted paths of the fields that a document has and its class does not declare.

    What is in lists has no positions: another order of the elements does not make it new.
    """
    root = type(document)._structure.root
    return frozenset(
        _general(failure.path)
        for failure in failures_of(document)[0]
        if failure.error is StructureError and failure.path and not reaches(root, failure.path)
    )


def without(failures: Iterable[Failure], strays: frozenset[str]) -> list[Failure]:
    """Return the failures that are not about these paths."""
    return [failure for failure in failures if _general(failure.path) not in strays]


def _general(path: str) -> str:
    return _POSITION.sub("", path)
