"""Amazon S3, and what speaks like it, through boto3."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from .headers import CACHE_CONTROL, EXPIRES
from .options import Options
from .store import Payload, Standing, Stored, StoreError

__all__ = ["S3"]

#: Without s3:ListBucket S3 does not say that there is nothing, but that one may not know; an upload will tell.
_ABSENT = ("404", "NoSuchKey", "NotFound", "403", "Forbidden")
#: Errors of one file; any other would meet the next one, too.
_OF_ONE = (
    "BadDigest",
    "EntityTooLarge",
    "IncompleteBody",
    "InvalidDigest",
    "KeyTooLongError",
    "RequestTimeout",
)


class S3:
    """A bucket. The client is made when it is first needed, once for all threads."""

    is_placed = True
    takes_encodings = True
    can_list = True

    def __init__(self, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._client: Any = None
        #: What time it was there when it last said so, and what time it was then by a clock that nobody sets.
        self._told: tuple[float, float] | None = None

    @property
    def identity(self) -> str:
        return f"s3:{self._options.endpoint}:{self._options.bucket}"

    def place(self) -> str:
        return ""

    def standing(self, key: str, payload: Payload) -> Standing:
        try:
            with self._errors(f"asking for {key}"):
                found = self._s3().head_object(Bucket=self._options.bucket, Key=key)
                etag, size = (_answered(name, found)[name] for name in ("ETag", "ContentLength"))
        except StoreError as error:
            if _code(error.__cause__) in _ABSENT:
                return Standing.ABSENT
            raise
        encoding = found.get("ContentEncoding", "")
        recorded = found.get("Metadata", {}).get("sha256", "")
        if recorded == payload.digest or etag.strip('"') == payload.md5:
            same = (size, encoding) == (payload.size, payload.content_encoding)
            return Standing.SAME if same else Standing.UNFINISHED
        return Standing.OTHER

    def put(self, key: str, payload: Payload) -> None:
        encoding: dict[str, Any] = {}
        if payload.content_encoding:
            encoding["ContentEncoding"] = payload.content_encoding
        try:
            body = payload.open()
        except OSError as error:
            raise StoreError(f"{payload.path} cannot be read: {error}") from error
        with body, self._errors(f"storing {key}"):
            answer = self._s3().put_object(
                Bucket=self._options.bucket,
                Key=key,
                Body=body,
                ContentLength=payload.size,
                ChecksumSHA256=payload.checksum_text,
                ContentType=payload.content_type,
                CacheControl=CACHE_CONTROL,
                Expires=EXPIRES,
                Metadata={"sha256": payload.digest},
                **encoding,
            )
            _answered("ETag", answer)

    def list(self, prefix: str) -> Iterator[Stored]:
        with self._errors(f"listing {prefix}*"):
            pages = self._s3().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._options.bucket, Prefix=prefix, Delimiter="/"):
                self._hear(page)
                for each in _answered("IsTruncated", page).get("Contents", ()):
                    yield Stored(each["Key"], each["LastModified"].timestamp())

    def can_renew(self, key: str) -> bool:
        return True

    def renew(self, key: str, payload: Payload) -> None:
        self.put(key, payload)

    def now(self) -> float | None:
        told = self._told
        return None if told is None else told[0] + time.monotonic() - told[1]

    def delete(self, key: str) -> None:
        with self._errors(f"removing {key}"):
            self._s3().delete_object(Bucket=self._options.bucket, Key=key)

    def url(self, key: str) -> str:
        return ""

    def _hear(self, answer: dict[str, Any]) -> None:
        """Note the time of an answer (RFC 9110, 6.6.1)."""
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        with contextlib.suppress(ValueError):
            self._told = parsedate_to_datetime(date).timestamp(), time.monotonic()

    def _s3(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._made()
            return self._client

    def _made(self) -> Any:
        try:
            import boto3  # type: ignore[import-untyped]
            from botocore.config import Config  # type: ignore[import-untyped]
        except ImportError as error:
            raise StoreError(
                f"boto3 is not there ({error}): pip install slimstack-static[s3]", is_general=True
            ) from error
        options = self._options
        key, secret = options.credentials or (None, None)
        with self._errors("making a client"):
            # A session of our own: the default one of boto3 is not safe with threads.
            session = boto3.session.Session()
            return session.client(
                "s3",
                region_name=options.region or None,
                endpoint_url=options.endpoint or None,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                config=Config(
                    connect_timeout=options.connect_timeout,
                    read_timeout=options.read_timeout,
                    retries={"mode": "standard", "total_max_attempts": options.attempts},
                    max_pool_connections=options.threads,
                    # We send a checksum of our own with each file, which others than Amazon understand, too.
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )

    @contextlib.contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Turn what boto3 raises into errors that say what to do."""
        bucket = self._options.bucket
        try:
            yield
        except Exception as error:  # (botocore has three families of errors, some of them made at run time)
            code = _code(error)
            advice = ""
            if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError"):
                advice = "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role"
            elif code == "NoSuchBucket":
                advice = "; make the bucket, or put DJANGO_STATIC_CDN_BUCKET right"
            elif code in ("AccessDenied", "403"):
                advice = "; the role needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"
            elif _is_strange(error, code):
                advice = (
                    f"; that came from {self._place(error)}: look whether S3 is there, and whether "
                    "DJANGO_STATIC_CDN_ENDPOINT is right"
                )
            raise StoreError(
                f"{doing} in the bucket {bucket}: {type(error).__name__}: {error}{advice}",
                is_general=code not in _OF_ONE,
            ) from error

    def _place(self, error: Exception) -> str:
        """Who has answered."""
        response: Any = getattr(error, "response", None) or {}
        server = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("server", "")
        endpoint = self._client.meta.endpoint_url if self._client is not None else self._options.endpoint
        return f"{endpoint} ({server})" if server else str(endpoint)


class NotS3(Exception):
    """An answer that S3 never gives."""

    def __init__(self, message: str, response: dict[str, Any]) -> None:
        super().__init__(message)
        self.response = response


def _answered(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that has what S3 always sends; boto3 takes any that is not an error for one."""
    if name not in answer:
        raise NotS3(f"the answer has no {name}, so it is not one of S3", answer)
    return answer


def _is_strange(error: Exception, code: str) -> bool:
    """Whether an error does not look as if S3 had sent it: its own have a code that is a word, except for HEAD.

    Where something else redirects, boto3 asks for the region of the bucket, is redirected again, and so on.
    """
    has_answered = getattr(error, "response", None) is not None
    return (has_answered and not code.isalpha()) or isinstance(error, RecursionError)


def _code(error: BaseException | None) -> str:
    """The code S3 has answered with; empty where it has not."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
