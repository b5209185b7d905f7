"""The operators of a structure, under MongoKit's name for their module."""

from __future__ import annotations

from mongokit.types import IS, NOT, OR, SchemaOperator

__all__ = ["IS", "NOT", "OR", "SchemaOperator"]
