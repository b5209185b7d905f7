"""An environment of Jinja2 as Django's documentation has it."""

from __future__ import annotations

from typing import Any

import jinja2
from django.templatetags.static import static


def with_static(**options: Any) -> jinja2.Environment:
    environment = jinja2.Environment(**options)
    environment.globals["static"] = static
    return environment
