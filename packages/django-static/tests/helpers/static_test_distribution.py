"""A distribution on loopback that wants signatures, as CloudFront does: it checks them, and gets the files from a bucket."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.signers import CloudFrontSigner
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1

__all__ = ["Distribution", "distribution"]

_KEY_ID = "K2JCJMDEHXQW5F"
#: What CloudFront has in place of letters of base64 that a URL cannot have.
_LETTERS = str.maketrans("-_~", "+=/")


@dataclass
class Distribution:
    """Where it is, and what signs its URLs."""

    base: str
    sign: Callable[[str], str]
    #: The methods and statuses of what it was asked.
    asked: list[tuple[str, int]] = field(default_factory=list)


def _signs(key: rsa.RSAPrivateKey, until: datetime) -> Callable[[str], str]:
    signer = CloudFrontSigner(_KEY_ID, lambda message: key.sign(message, padding.PKCS1v15(), SHA1()))
    return lambda url: signer.generate_presigned_url(url, date_less_than=until)


def _is_signed(key: rsa.RSAPublicKey, url: str) -> bool:
    """By a canned policy, which has to be told from the URL."""
    bare, _, query = url.partition("?")
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    try:
        condition = {"DateLessThan": {"AWS:EpochTime": int(fields["Expires"])}}
        policy = {"Statement": [{"Resource": bare, "Condition": condition}]}
        signature = base64.b64decode(fields["Signature"].translate(_LETTERS))
        key.verify(signature, json.dumps(policy, separators=(",", ":")).encode(), padding.PKCS1v15(), SHA1())
    except (KeyError, InvalidSignature):
        return False
    return fields["Key-Pair-Id"] == _KEY_ID


@contextmanager
def distribution(origin: str) -> Iterator[Distribution]:
    """One in front of a bucket that everybody may read."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    target = urlsplit(origin)

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            status, kind, body = 403, "text/xml", b"<Error><Code>MissingKey</Code></Error>"
            if _is_signed(key.public_key(), made.base + self.path):
                upstream = http.client.HTTPConnection(target.netloc, timeout=30)
                upstream.request("GET", target.path + self.path.partition("?")[0])
                response = upstream.getresponse()
                status, kind, body = response.status, response.headers["Content-Type"], response.read()
                upstream.close()
            made.asked.append((self.command, status))
            self.send_response_only(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        base = "http://{}:{}".format(*server.server_address[:2])
        until = datetime.now().astimezone() + timedelta(days=1)
        made = Distribution(base, _signs(key, until))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join(30)
