"""Deleting, once somebody has confirmed it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.text import capfirst
from django.views.decorators.csrf import csrf_protect

from django_mongokit.admin.changing import log_atomic

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _Base
else:
    _Base = object

__all__ = ["DeletingMixin"]


class DeletingMixin(_Base):  # type: ignore[type-arg]  # ModelAdmin at run time too
    """Deleting."""

    @method_decorator(csrf_protect)
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Answer; the history has the deletion or has it not, as it has happened or not."""
        view: Any = self._delete_view  # type: ignore[attr-defined]  # Django's, without a transaction
        response: HttpResponse
        with log_atomic():
            response = view(request, object_id, extra_context)
        return response

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Return what the page of confirmation lists: the documents; MongoDB deletes nothing else with them."""
        lines, denied, count = [], set(), 0
        for one in objs:
            count += 1
            url = reverse(
                f"admin:{self.opts.app_label}_{self.opts.model_name}_change",
                args=(quote(one.pk),),
                current_app=self.admin_site.name,
            )
            lines.append(format_html('{}: <a href="{}">{}</a>', capfirst(self.opts.verbose_name), url, one))
            if not self.has_delete_permission(request, one):
                denied.add(self.opts.verbose_name)
        return lines, {self.opts.verbose_name_plural: count}, denied, []

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Delete documents one after the other, so that each sends its signals."""
        with log_atomic():
            queryset.delete()
