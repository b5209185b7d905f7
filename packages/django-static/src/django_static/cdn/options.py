"""What the settings say of the CDN, as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["IMAGES", "Options"]

#: The types of 2010 and what pictures have come in since.
IMAGES = ("jpg", "jpeg", "gif", "png", "webp", "avif")


@dataclass(frozen=True, slots=True)
class Options:
    """Times are in seconds unless a name says otherwise."""

    #: Extensions in lower case, without the dot; ``*`` for all.
    types: tuple[str, ...] = IMAGES
    #: The bucket of S3; empty where a storage of Django's is used.
    bucket: str = ""
    #: The alias of a storage in ``STORAGES``.
    storage: str = ""
    #: What keys begin with, without slashes at its ends; with one all below it is this site's alone.
    prefix: str = ""
    #: What URLs begin with, such as ``https://d111.cloudfront.net``; empty to use those of the storage.
    base: str = ""
    #: How long an old version stays after it was replaced; None to keep them all.
    keep_days: float | None = 14.0
    #: How long a URL is not used after its file was stored.
    wait_seconds: float = 3600.0
    #: Whether a URL is asked for, so that it is used as soon as it answers, and not before.
    probe: bool = True
    #: Whether text is stored in gzip.
    gzip: bool = False
    #: Uploads at a time, for each process.
    threads: int = 4
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    #: How often a request is tried in all.
    attempts: int = 3
    region: str = ""
    #: Where S3 is, unless it is Amazon's.
    endpoint: str = ""
    #: What makes of a URL the one that is printed, or its dotted path.
    sign: Callable[[str], str] | str | None = None
    #: Key and secret; empty to let boto3 look for them (environment, profile, role of the machine).
    credentials: tuple[str, str] | None = None

    def wants(self, name: str) -> bool:
        """Whether files of this type are to be on the CDN."""
        return "*" in self.types or name.rpartition(".")[2].lower() in self.types
