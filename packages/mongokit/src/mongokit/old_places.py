"""Names that applications of MongoKit import from modules where they are not defined here.

They are looked up when they are first asked for: the modules need not import them, and new code takes them from ``mongokit``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["old_names"]

_STRUCTURE = (
    "AuthorizedTypeError BadKeyError DefaultFieldTypeError DuplicateDefaultValueError DuplicateI18nError "
    "DeprecationError ModifierOperatorError i18nError "
    "DuplicateRequiredError EvalException RequireFieldError SchemaDocumentError SchemaTypeError StructureError ValidationError "
    "CustomType IS NOT OR SchemaOperator Set i18n SchemaDocument SchemaProperties "
    "DotCollapsedDict DotExpandedDict DotedDict i18nDotedDict"
)
_STORED = (
    "AutoReferenceError BadIndexError ConnectionError MaxDocumentSizeError MultipleResultsFound OptionConflictError "
    "MongoAuthException UpdateQueryError InvalidDocument OperationFailure DBRef ObjectId "
    "INDEX_ALL INDEX_ASCENDING INDEX_DESCENDING INDEX_GEO2D INDEX_GEOHAYSTACK INDEX_GEOSPHERE INDEX_HASHED INDEX_OFF"
)
_NAMES = {
    "mongokit.schema_document": frozenset(_STRUCTURE.split()),
    "mongokit.document": frozenset(f"{_STRUCTURE} {_STORED}".split()),
}
_ELSEWHERE = {"i18nDotedDict": "mongokit.helpers"}
"""Where those are that ``mongokit`` itself does not have."""


def old_names(module: str) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a module; raises AttributeError for what is no old name of it."""

    def find(name: str) -> Any:
        if name not in _NAMES[module]:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(_ELSEWHERE.get(name, "mongokit")), name)
        setattr(sys.modules[module], name, found)
        return found

    return find
