"""Declared structure -> compiled structure, once per class. No I/O, and nothing of it changes afterwards."""

from mongokit.structure.annotations import Required
from mongokit.structure.defaults import absent, field
from mongokit.structure.structure import Declarations, Structure

__all__ = ["Declarations", "Required", "Structure", "absent", "field"]
