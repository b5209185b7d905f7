"""Django's technical page and error mail with a section about who was logged in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views import debug

from . import conf, home, installed, memory, shown, trace, who

__all__ = ["ExceptionReporter"]

logger = logging.getLogger("django_exception_extra")

# As Django's own summary looks: a mail takes no style sheet but that of Django's page.
_SECTION = """<div id="who" style="background: #f6f6f6; border-bottom: 1px solid #ddd; overflow-wrap: anywhere">
<h2>Who</h2>
<table class="meta" style="border: none; background: transparent"><tbody>
{}
</tbody></table>
</div>

"""
_BEFORE = ('<div id="requestinfo">', "</body>")


class ExceptionReporter(debug.ExceptionReporter):
    """`DEFAULT_EXCEPTION_REPORTER = "django_exception_extra.reporter.ExceptionReporter"`.

    The page and the mail get a section "Who", and `USER:` says no more than `EXCEPTION_EXTRA_IDENTITY` allows, where
    Django's own reporter prints the user as text. `request.user` is not evaluated for it, and neither is any lazy object
    that is, or is in, a local variable or a value of `META`. While `DEBUG` is on it
    is Django's reporter and nothing else, unless `EXCEPTION_EXTRA_IN_DEBUG`.
    """

    _meta_width = shown.ON_A_PAGE
    # The request, which could not be printed.
    _is_left_out = False

    def __init__(self, request: Any, *arguments: Any, **more: Any) -> None:
        super().__init__(who.http_request(request) or request, *arguments, **more)

    def get_traceback_data(self) -> dict[str, Any]:
        if not isinstance(self.request, HttpRequest) or not who.is_wanted():
            return super().get_traceback_data()
        request, own_filter = self.request, self.filter
        self.filter = shown.Filter(own_filter, meta_width=self._meta_width)  # type: ignore[assignment] # it stands for one
        try:
            if not self._is_left_out:
                try:
                    self.request = self._printable(request)
                    return super().get_traceback_data()
                except Exception:
                    logger.debug(who.UNABLE, exc_info=True)
            self.request = None
            return super().get_traceback_data()
        finally:
            self.request, self.filter = request, own_filter

    def get_traceback_text(self) -> SafeString:
        self._meta_width = shown.ON_ONE_LINE
        try:
            text = self._rendered(super().get_traceback_text)
        finally:
            del self._meta_width
        lines = [f"{name}: {value}" for name, value in self._section()]
        # As Django's own text: nothing in it is escaped, and nothing is meant to be.
        return mark_safe("\n".join([*lines, "", text])) if lines else text  # noqa: S308 (plain text, never HTML)

    def get_traceback_html(self) -> SafeString:
        html = self._rendered(super().get_traceback_html)
        rows = format_html_join("\n", '<tr><th scope="row">{}:</th><td>{}</td></tr>', self._section())
        if not rows:
            return html
        section = format_html(_SECTION, rows)
        for anchor in _BEFORE:
            before, found, after = html.rpartition(anchor)
            if found:
                return mark_safe(f"{before}{section}{found}{after}")  # noqa: S308 (both halves are what Django rendered)
        return html + section

    def _who(self) -> memory.Who | None:
        if not isinstance(self.request, HttpRequest):
            return None
        return who.at_hand(self.request, self.exc_value)

    def _rendered(self, render: Callable[[], SafeString]) -> SafeString:
        """What Django makes of it; without the request, if some of that cannot be printed: to say less is better than nothing."""
        try:
            return render()
        except Exception:
            if self._is_left_out or not isinstance(self.request, HttpRequest):
                raise
            logger.debug(who.UNABLE, exc_info=True)
        self._is_left_out = True
        try:
            return render()
        finally:
            del self._is_left_out

    def _printable(self, request: HttpRequest) -> HttpRequest:
        """A copy of the request for Django to print, since the request may go on meanwhile; nothing of it is lazy."""
        found = self._who()
        # In another thread its form is not ours to read.
        twin = trace.aside(request, read=not home.is_elsewhere(request))
        # Django prints str(request.user), which would query, mark the session as accessed, and tell what may not be
        # told; where the look itself failed, too. Said by the class: a request of the project's own may have a property.
        line = (found and found.line) or "nobody, or nobody known"
        twin.__dict__.pop("user", None)
        twin.__class__ = type(type(request).__name__, (type(request),), {"user": line})
        names = conf.identity() in ("full", "username")
        twin.META = shown.as_seen(request.META if names else self._without_user_names(request.META))
        return twin

    def _without_user_names(self, meta: dict[str, Any]) -> dict[str, Any]:
        """`META` for a report that may not tell the name of the user, which a server in front may have put there."""
        stars = getattr(self.filter, "cleansed_substitute", "*" * 20)
        return meta | dict.fromkeys(installed.remote_user_keys() & meta.keys(), stars)

    def _section(self) -> list[tuple[str, str]]:
        found = self._who()
        if found is None:
            return []
        rows = (("Who was logged in", found.line), ("Request id", found.request_id))
        return [(name, value) for name, value in rows if value]
