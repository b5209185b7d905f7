"""System checks: a setting that cannot be meant so, a middleware where it cannot help."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from . import conf, installed
from .middleware import ExceptionExtraMiddleware
from .reporter import ExceptionReporter

__all__ = ["check_middleware", "check_settings"]

_PREFIX = "EXCEPTION_EXTRA_"
_AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
_SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
# Not imported here, where it may be too early for models.
_USER = "django.contrib.auth.base_user.AbstractBaseUser"
_REPORTER = "django_exception_extra.reporter.ExceptionReporter"


def check_settings(**_kwargs: object) -> list[CheckMessage]:
    """E001: the identity; E002: the switches; W001: a name that is read by nobody; W004: Django tells more."""
    return [*_identity(), *_told_by_django(), *_switches(), *_unknown()]


def check_middleware(**_kwargs: object) -> list[CheckMessage]:
    """W002: not in `MIDDLEWARE`; W003, W006: nobody can set `request.user`; W005: a reporter that speaks before it."""
    found = list(installed.middleware())
    mine = [
        at for at, (_, middleware) in enumerate(found) if installed.is_a(middleware, ExceptionExtraMiddleware)
    ]
    if not mine:
        return [
            Warning(
                "django_exception_extra is in INSTALLED_APPS, but its middleware is not in MIDDLEWARE: nothing is recorded.",
                hint="Add 'django_exception_extra.ExceptionExtraMiddleware' at the end of MIDDLEWARE.",
                id="django_exception_extra.W002",
            )
        ]
    messages: list[CheckMessage] = []
    base = installed.authentication()
    at = next((at for at, (_, each) in enumerate(found) if base and installed.is_a(each, base)), None)
    if at is None:
        messages.append(
            Warning(
                "No AuthenticationMiddleware in MIDDLEWARE: a request has no user, and error reports will say nothing.",
                hint=f"Add {_AUTH!r}, or silence this if another middleware sets request.user.",
                id="django_exception_extra.W003",
            )
        )
    elif not any(installed.is_a(each, import_string(_SESSION)) for _, each in found[:at]):
        messages.append(
            Warning(
                f"No SessionMiddleware before {found[at][0]} in MIDDLEWARE: without a session Django's "
                "AuthenticationMiddleware fails with every request, and error reports will say nothing.",
                hint=f"Add {_SESSION!r} before it, or silence this if another middleware sets request.session"
                + ("." if found[at][0] == _AUTH else ", or this one needs none."),
                id="django_exception_extra.W006",
            )
        )
    messages += [
        Warning(
            f"{path} stands after ExceptionExtraMiddleware and has a process_exception() of its own, which runs first: "
            "what it reports does not say who was logged in.",
            hint="Move 'django_exception_extra.ExceptionExtraMiddleware' to the end of MIDDLEWARE, "
            "or silence this if that middleware reports nothing.",
            id="django_exception_extra.W005",
        )
        for path, middleware in found[mine[-1] + 1 :]
        if hasattr(middleware, "process_exception")
    ]
    return messages


def _identity() -> Iterator[CheckMessage]:
    value = conf.identity()
    if value in conf.MODES:
        return
    try:
        conf.custom_identity(value)
    except ImproperlyConfigured as error:
        close = difflib.get_close_matches(str(value), conf.MODES, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else "Nobody is recorded until this is put right."
        yield Error(str(error), hint=hint, id="django_exception_extra.E001")


def _told_by_django() -> Iterator[CheckMessage]:
    value = conf.identity()
    if value in conf.MODES:
        if value == "full" or (value == "username" and not _has_text_of_its_own()):
            return
    elif not _is_function(value):
        return
    for path, remedy in _reporters():
        reporter: object = ExceptionReporter
        # What cannot be imported, for whatever reason, Django complains of when it is needed.
        with suppress(Exception):
            reporter = import_string(path)
        if not installed.is_a(reporter, ExceptionReporter):
            yield Warning(
                f"EXCEPTION_EXTRA_IDENTITY is {value!r}, but {path} prints the user as text into every error mail "
                "all the same (USER: ...).",
                hint=f"{remedy} {_REPORTER!r}, or silence this if yours does not.",
                id="django_exception_extra.W004",
            )


def _has_text_of_its_own() -> bool:
    """Whether `str(user)` may be more than the user name."""
    if not apps.is_installed("django.contrib.auth"):
        return False
    with suppress(ImproperlyConfigured):
        return bool(get_user_model().__str__ is not import_string(_USER).__str__)
    return False  # Django has an error of its own for such a model


def _reporters() -> Iterator[tuple[str, str]]:
    """The dotted path of each reporter the settings name, and how to name another."""
    yield settings.DEFAULT_EXCEPTION_REPORTER, "Set DEFAULT_EXCEPTION_REPORTER ="
    # The values are whatever the project wrote.
    logging: Any = settings.LOGGING
    handlers: Any = logging.get("handlers") if isinstance(logging, dict) else None
    for name, handler in handlers.items() if isinstance(handlers, dict) else ():
        path = handler.get("reporter_class") if isinstance(handler, dict) else None
        if isinstance(path, str):
            yield path, f"Give the handler {name!r} in LOGGING the reporter_class"


def _is_function(value: object) -> bool:
    try:
        conf.custom_identity(value)
    except ImproperlyConfigured:
        return False  # which is an error of its own
    return True


def _switches() -> Iterator[CheckMessage]:
    for name in conf.SWITCHES:
        value = getattr(settings, name, False)
        if not isinstance(value, bool):
            yield Error(
                f"{name} is {value!r}, it must be True or False.",
                hint="Any text is true, 'False' included; write the bare word.",
                id="django_exception_extra.E002",
            )


def _unknown() -> Iterator[CheckMessage]:
    # A misspelt EXCEPTION_EXTRA_IDENTITY would put more into the mails than was wanted.
    for name in dir(settings):
        if name.startswith(_PREFIX) and name not in conf.NAMES:
            close = difflib.get_close_matches(name, conf.NAMES, n=1, cutoff=0.8)
            yield Warning(
                f"{name} is not a setting of django_exception_extra.",
                hint=f"Did you mean {close[0]}?"
                if close
                else f"There are {', '.join(conf.NAMES[:-1])} and {conf.NAMES[-1]}.",
                id="django_exception_extra.W001",
            )
