"""The store the settings name."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import storages

from .options import Options
from .s3 import S3
from .storage_store import StorageStore
from .store import Store, StoreError

__all__ = ["store_of"]


def store_of(options: Options) -> Store:
    """The bucket or storage that files go to; nothing is asked of it yet, nor is it made.

    Raises:
        StoreError: there is none.
    """
    if options.storage:
        if options.storage not in storages.backends:
            raise StoreError(
                f"DJANGO_STATIC_CDN_STORAGE is {options.storage!r}, which is not in STORAGES: there are "
                f"{', '.join(storages.backends)}",
                is_general=True,
            )
        given = settings.STORAGES[options.storage].get("OPTIONS")
        return StorageStore(lambda: storages[options.storage], options.storage, given)
    if options.bucket:
        return S3(options)
    raise StoreError(
        "there is nowhere to store files: set DJANGO_STATIC_CDN_BUCKET, or DJANGO_STATIC_CDN_STORAGE",
        is_general=True,
    )
