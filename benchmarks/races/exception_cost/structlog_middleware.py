"""django-structlog as its manual sets it up, logging to where nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from harness.contestant import Operation
from races.exception_cost import site

_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(),
        }
    },
    "handlers": {"null": {"class": "logging.NullHandler", "formatter": "json"}},
    "loggers": {"django_structlog": {"handlers": ["null"], "level": "INFO", "propagate": False}},
}


@contextmanager
def enter(workspace: Path) -> Iterator[Mapping[str, Operation]]:
    """In a whole request only: it asks for the user."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.processors.UnicodeDecoder(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    site.configure(
        workspace,
        "django_structlog.middlewares.RequestMiddleware",
        apps=["django_structlog"],
        LOGGING=_LOGGING,
    )
    yield {"request": site.whole()}
