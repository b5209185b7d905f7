"""Rows for documents in Django's own tables of content types and permissions, so that its admin can ask for them."""

from __future__ import annotations

import sys
from typing import Any, TextIO

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.contrib.auth import get_permission_codename
from django.db import DEFAULT_DB_ALIAS, router

from django_mongokit.conf import mongodb_aliases
from django_mongokit.document import document_classes
from django_mongokit.options import DocumentMeta, lowered

__all__ = ["create_permissions", "is_of_an_app"]


def create_permissions(
    app_config: AppConfig,
    verbosity: int = 1,
    using: str = DEFAULT_DB_ALIAS,
    apps: Apps = global_apps,
    stdout: TextIO | None = None,
    **kwargs: Any,
) -> None:
    """Make what is missing for all documents, when Django has made its own for `auth`: a receiver of `post_migrate`.

    (Not for each app in its turn: one that has documents and no `models.py` gets no signal.) Apps that are not installed
    have none, as those of Django have none.

    A document class has the content type (app label, class name) and the permissions `add_talk`, `change_talk`,
    `delete_talk` and `view_talk`. Where the tables for them are not in this database, nothing is made.
    """
    if app_config.label != "auth" or using in mongodb_aliases():
        return
    # Two classes of a name, as of a reloaded module, are one to whoever reads a permission.
    found = {cls._meta.label: cls._meta for cls in document_classes if is_of_an_app(cls._meta)}
    try:
        content_type = apps.get_model("contenttypes", "ContentType")
        permission = apps.get_model("auth", "Permission")
    except LookupError:
        return
    if not (
        router.allow_migrate_model(using, content_type) and router.allow_migrate_model(using, permission)
    ):
        return
    for meta in found.values():
        missing = _create(meta, content_type, permission, using)
        if verbosity >= 2:
            for one in missing:
                (stdout or sys.stdout).write(f"Adding permission '{meta.app_label}.{one.codename}'\n")


def is_of_an_app(meta: DocumentMeta) -> bool:
    """Return whether a document class is of an installed app."""
    return any(app_config.label == meta.app_label for app_config in global_apps.get_app_configs())


def _create(meta: DocumentMeta, content_type: Any, permission: Any, using: str) -> list[Any]:
    kind, _is_new = content_type.objects.using(using).get_or_create(
        app_label=meta.app_label, model=meta.model_name
    )
    existing = permission.objects.using(using).filter(content_type=kind)
    names = set(existing.values_list("codename", flat=True))
    opts: Any = lowered(meta)
    missing = [
        permission(codename=codename, name=f"Can {action} {meta.verbose_name_raw}"[:255], content_type=kind)
        for action in meta.default_permissions
        if (codename := get_permission_codename(action, opts)) not in names
    ]
    made: list[Any] = permission.objects.using(using).bulk_create(missing)
    return made
