"""From a failed request to the line about who was logged in."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest

from . import conf, identity, trace

__all__ = ["logged_in"]

logger = logging.getLogger("django_exception_extra")


def logged_in(request: HttpRequest, exception: BaseException | None) -> str:
    """Who was logged in, as one line by `EXCEPTION_EXTRA_IDENTITY`, or "" for nobody or nobody known.

    Where the user cannot be loaded but the session says who it was, that is what the line says:
    `id=7 (from the session)`. A function of the project's own is the only one to speak, though: where it cannot be
    asked nothing is said. Raises nothing but what the settings are wrong in (`ImproperlyConfigured`).
    """
    mode = conf.identity()
    custom = None if mode in conf.MODES else conf.custom_identity(mode)
    may_query = trace.may_query(exception)
    with trace.untouched(request):
        try:
            with trace.safe_queries() if may_query else trace.no_queries():
                user = trace.evaluated_user(request)
                if user is None and may_query:
                    user = trace.lazy_user(request)
                if user is not None and _is_authenticated(user):
                    text = custom(request, user) if custom else _describe(mode, user)
                    return identity.one_line(text or "")
        except Exception:
            logger.debug("Unable to debug who was logged in", exc_info=True)
        user_id = None if custom else trace.session_user_id(request, load=not may_query)
    return "" if user_id is None else identity.one_line(f"{identity.as_id(user_id)} (from the session)")


def _is_authenticated(user: Any) -> bool:
    flag = user.is_authenticated
    # User classes from before Django 1.10 have a method here, which is always true.
    return bool(flag() if callable(flag) else flag)


def _describe(mode: str, user: Any) -> str:
    if mode == "id":
        return identity.as_id(user.pk)
    if mode == "username":
        return identity.as_username(user)
    return identity.as_masked(user) if mode == "masked" else identity.as_full(user)
