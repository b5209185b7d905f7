"""Small things that MongoKit had under this name."""

from __future__ import annotations

from mongokit.times import milliseconds as totimestamp
from mongokit.times import moment as fromtimestamp
from mongokit.translation import i18nDotedDict

__all__ = ["fromtimestamp", "i18nDotedDict", "totimestamp"]
