"""A project whose pictures go to a bucket, published by processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from static_test_forks import Forks, Process

SECONDS = 300
COUNT = 12
SETTINGS = """
from pathlib import Path
SECRET_KEY = "tests"
USE_TZ = True
INSTALLED_APPS = ["django_static"]
MEDIA_ROOT = {media!r}
DJANGO_STATIC = True
DJANGO_STATIC_USE_MANIFEST_FILE = True
DJANGO_STATIC_FINGERPRINT = "hash"
DJANGO_STATIC_COMPRESS = []
DJANGO_STATIC_FILE_PROXY = "django_static.cdn.file_proxy"
DJANGO_STATIC_BUNDLES = {{"staticfile": {names!r}}}
"""


class Project:
    """``COUNT`` pictures, built when it is made."""

    def __init__(self, root: Path, bucket: Any, cdn_site: Any, forks: Forks) -> None:
        self.root, self.bucket, self.forks = root, bucket, forks
        self.media = root / "media"
        self.names = [f"/p{number}.png" for number in range(COUNT)]
        self.media.mkdir(parents=True)
        for name in self.names:
            (self.media / name[1:]).write_bytes(name.encode() * 999)
        cdn = ("BUCKET", "DOMAIN", "ENDPOINT", "REGION", "WAIT_SECONDS")
        lines = [
            f"DJANGO_STATIC_CDN_{n} = {getattr(cdn_site.settings, f'DJANGO_STATIC_CDN_{n}')!r}" for n in cdn
        ]
        text = SETTINGS.format(media=str(self.media), names=self.names)
        (root / "mysettings.py").write_text(text + "\n".join(lines) + "\n")
        self.do("staticbuild")

    def set(self, **settings: object) -> None:
        """Give it other settings from now on."""
        with (self.root / "mysettings.py").open("a") as file:
            file.writelines(f"{name} = {value!r}\n" for name, value in settings.items())

    def start(self, *arguments: str) -> Process:
        """A command of Django's."""
        return self.run("-m", "django", *arguments)

    def run(self, *command: str) -> Process:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mysettings",
            "PYTHONPATH": str(self.root),
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
        }
        return self.forks.start(*command, environment=environment, folder=self.root)

    def do(self, *arguments: str) -> str:
        with self.start(*arguments) as process:
            output, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, errors
        return output

    @property
    def wanted(self) -> dict[str, bytes]:
        """The content of each published file, by its key."""
        found = {}
        for path in self.media.glob("p*.*.png"):
            found[path.name] = path.read_bytes()
        assert len(found) == COUNT
        return found

    def there(self) -> dict[str, bytes]:
        keys = self.bucket.keys()
        return {key: self.bucket.get(key)[2] for key in keys}

    def records(self) -> dict[str, Any]:
        return json.loads(self.record.read_text())["objects"]

    @property
    def record(self) -> Path:
        (path,) = (self.media / ".django-static").glob("cdn-*.json")
        return path
