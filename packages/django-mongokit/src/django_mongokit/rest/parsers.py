"""JSON that people send: no larger than Django lets a request be, and no deeper than Python can read."""

from __future__ import annotations

import io
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from django_mongokit.rest.errors import RequestTooLarge

__all__ = ["BoundedJSONParser"]


class BoundedJSONParser(JSONParser):
    """The framework's JSON parser, which would read a body of any size, and stumble over one nested too deeply.

    A body larger than Django's `DATA_UPLOAD_MAX_MEMORY_SIZE` (bytes; None is no limit) is answered 413.
    """

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the value of JSON; raises `ParseError` and `RequestTooLarge`."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if limit is not None:
            body = stream.read(limit + 1)
            if len(body) > limit:
                raise RequestTooLarge
            stream = io.BytesIO(body)
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_("This is nested too deeply.")) from None
