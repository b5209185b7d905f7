"""The store the settings name."""

from __future__ import annotations

from django.core.files.storage import InvalidStorageError, storages

from .options import Options
from .s3 import S3
from .storage_store import StorageStore
from .store import Store, StoreError

__all__ = ["store_of"]


def store_of(options: Options) -> Store:
    """The bucket or storage that files go to; nothing is asked of it yet.

    Raises:
        StoreError: there is none, or it cannot be made.
    """
    if options.storage:
        try:
            return StorageStore(storages[options.storage], options.storage)
        except InvalidStorageError as error:
            raise StoreError(f"DJANGO_STATIC_CDN_STORAGE: {error}", is_general=True) from error
    if options.bucket:
        return S3(options)
    raise StoreError(
        "there is nowhere to store files: set DJANGO_STATIC_CDN_BUCKET, or DJANGO_STATIC_CDN_STORAGE",
        is_general=True,
    )
