"""The site's settings, but for the limits on its database: a machine that stalls for a moment is no outage to a test."""

from __future__ import annotations

from plog import settings
from plog.settings import *

MILLISECONDS = 60_000
_MONGODB = settings.DATABASES["mongodb"]
_LIMITS = {"timeoutMS": MILLISECONDS, "serverSelectionTimeoutMS": MILLISECONDS}
DATABASES = settings.DATABASES | {"mongodb": _MONGODB | {"OPTIONS": _MONGODB["OPTIONS"] | _LIMITS}}
