"""Permissions of Django's `auth` for documents, which `migrate` makes as those of models."""

from __future__ import annotations

from typing import Any

from rest_framework import permissions
from rest_framework.exceptions import MethodNotAllowed

from django_mongokit.options import lowered

__all__ = ["DjangoDocumentPermissions", "DjangoDocumentPermissionsOrAnonReadOnly"]


class DjangoDocumentPermissions(permissions.DjangoModelPermissions):
    """The twin of `DjangoModelPermissions`: who adds, changes or deletes talks needs `talks.add_talk` and so on.

    Reading needs a login only, unless a subclass has another `perms_map`.
    """

    def get_required_permissions(self, method: str, model_cls: Any) -> list[str]:
        """Return the permissions that a method needs; raises `MethodNotAllowed`."""
        meta = lowered(model_cls._meta)
        if method not in self.perms_map:
            raise MethodNotAllowed(method)
        names = {"app_label": meta.app_label, "model_name": meta.model_name}
        return [permission % names for permission in self.perms_map[method]]


class DjangoDocumentPermissionsOrAnonReadOnly(DjangoDocumentPermissions):
    """The same, and everybody may read."""

    authenticated_users_only = False
