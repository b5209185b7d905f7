"""Small things that MongoKit had under this name."""

from __future__ import annotations

from mongokit.collapsed import DotCollapsedDict, DotExpandedDict
from mongokit.dotnotation import DotedDict
from mongokit.errors import EvalException
from mongokit.times import milliseconds as totimestamp
from mongokit.times import moment as fromtimestamp
from mongokit.translation import i18nDotedDict

__all__ = [
    "DotCollapsedDict",
    "DotExpandedDict",
    "DotedDict",
    "EvalException",
    "fromtimestamp",
    "i18nDotedDict",
    "totimestamp",
]
