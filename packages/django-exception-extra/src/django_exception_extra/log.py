"""Log records that say who was logged in."""

from __future__ import annotations

import logging

from . import memory, who

__all__ = ["LoggedInFilter", "of_record"]

logger = logging.getLogger("django_exception_extra")


class LoggedInFilter(logging.Filter):
    """Gives every record the attribute `logged_in`, so that a format can have `%(logged_in)s`; lets all of them pass.

    It says who was logged in where the record belongs to a request that failed (`extra={"request": request}`, as
    Django's own records have it), and "" everywhere else. A record of level ERROR or above is itself such a failure:
    before a handler with this filter mails it, `request.META` has the line, whatever raised.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        found = of_record(record)
        record.logged_in = found.line if found else ""
        return True


def of_record(record: logging.LogRecord) -> memory.Who | None:
    """What is known about the request of a log record; looks at it if nobody did before and the record is an error.

    Never raises: what a project hands to its logger can be anything.
    """
    try:
        # The records of Django's development server have a socket there.
        request = who.http_request(getattr(record, "request", None))
        if request is None:
            return None
        if record.levelno < logging.ERROR:
            return who.known(request)
        return who.at_hand(request, _exception(record))
    except Exception:  # a lazy object that cannot be evaluated, or one that only looks like a request
        logger.debug(who.UNABLE, exc_info=True)
        return None


def _exception(record: logging.LogRecord) -> BaseException | None:
    # A record made by hand can have anything there.
    info: object = record.exc_info
    error = info[1] if isinstance(info, tuple) and len(info) > 1 else info
    return error if isinstance(error, BaseException) else None
