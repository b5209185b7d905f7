"""The settings of :mod:`django_static.cdn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from .conf_reading import Reading
from .names import in_ascii

if TYPE_CHECKING:
    from .cdn.options import Options

__all__ = ["AWS_CREDENTIALS", "CdnConf"]

#: The settings for a key of AWS and its secret, by the names of today and those of 2010.
AWS_CREDENTIALS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_ACCESS_KEY", "AWS_ACCESS_SECRET"),
)


class CdnConf(Reading):
    """What is brought where, and with which key."""

    @property
    def cdn(self) -> Options:
        """``DJANGO_STATIC_CDN_…``: what ``django_static.cdn.file_proxy`` brings where; see :class:`.cdn.options.Options`."""
        from .cdn.options import IMAGES, Options  # what is not used is not imported

        usual = Options()
        types = self._get("CDN_TYPES", None)
        keep_days = self._get("CDN_KEEP_DAYS", usual.keep_days)
        return Options(
            types=tuple(str(each).lstrip(".").lower() for each in (IMAGES if types is None else types)),
            bucket=str(self._get("CDN_BUCKET", None) or ""),
            storage=str(self._get("CDN_STORAGE", None) or ""),
            prefix=str(self._get("CDN_PREFIX", None) or "").strip("/"),
            base=_base(str(self._get("CDN_DOMAIN", None) or "")),
            keep_days=None if keep_days is None else float(keep_days),
            wait_seconds=float(self._get("CDN_WAIT_SECONDS", usual.wait_seconds)),
            probe=bool(self._get("CDN_PROBE", usual.probe)),
            gzip=bool(self._get("CDN_GZIP", usual.gzip)),
            threads=int(self._get("CDN_THREADS", usual.threads)),
            connect_timeout=float(self._get("CDN_CONNECT_TIMEOUT", usual.connect_timeout)),
            read_timeout=float(self._get("CDN_READ_TIMEOUT", usual.read_timeout)),
            attempts=int(self._get("CDN_ATTEMPTS", usual.attempts)),
            region=str(self._get("CDN_REGION", None) or ""),
            endpoint=str(self._get("CDN_ENDPOINT", None) or ""),
            sign=self._get("CDN_SIGN", None) or None,
            credentials=_credentials(),
        )


def _base(domain: str) -> str:
    """What URLs begin with: ``d1.cloudfront.net`` is a domain, ``//static.example.com/x/`` says itself how it is reached."""
    scheme, slashes, rest = domain.strip().partition("//")
    if not slashes:
        return in_ascii(f"https://{scheme.rstrip('/')}") if scheme else ""
    return in_ascii(f"{scheme}//{rest.rstrip('/')}")


def _credentials() -> tuple[str, str] | None:
    """The key and the secret, by the names of today or those of 2010."""
    for names in AWS_CREDENTIALS:
        key, secret = (getattr(settings, name, None) for name in names)
        if key and secret:
            return str(key), str(secret)
    return None
