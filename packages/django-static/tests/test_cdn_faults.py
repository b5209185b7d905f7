"""``staticpublish`` beside others, in the midst of being killed, and after a version of ours that is not there yet."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from static_test_forks import Forks, Process

from django_static.cdn.state import State
from django_static.cdn.stores import store_of
from django_static.conf import conf

#: Several processes for each test, which all import boto3, beside whatever else is under way.
pytestmark = pytest.mark.timeout(400)
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
DJANGO_STATIC_BUNDLES = {{"staticfile": {names!r}}}
"""


class Site:
    """A project of its own, published by processes of their own."""

    def __init__(self, root: Path, bucket, cdn_site, forks: Forks) -> None:
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

    def start(self, *arguments: str) -> Process:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mysettings",
            "PYTHONPATH": str(self.root),
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
        }
        return self.forks.start("-m", "django", *arguments, environment=environment, folder=self.root)

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

    def records(self) -> dict[str, object]:
        (path,) = (self.media / ".django-static").glob("cdn-*.json")
        return json.loads(path.read_text())["objects"]


@pytest.fixture
def project(tmp_path, bucket, cdn_site, forks):
    return Site(tmp_path / "project", bucket, cdn_site, forks)


@pytest.mark.parametrize("sent", [0, 7])
def test_a_run_that_is_killed_is_finished_by_the_next(project, bucket, sent):
    """Whole files are there or none, whatever was written down by then."""
    bucket.breaks(*[("PUT", "")] * sent, ("PUT", "silence!"))
    with project.start("staticpublish", "--wait", "0") as process:
        deadline = time.monotonic() + SECONDS
        # Those that are let through have come, and one more is on its way.
        while len(bucket.puts()) < sent or sum(method == "PUT" for method, _ in bucket.server.seen) <= sent:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    wanted, there = project.wanted, project.there()
    assert there.items() <= wanted.items()
    assert len(there) == sent
    bucket.breaks()
    bucket.server.released.set()
    output = project.do("staticpublish", "--wait", "0")
    assert output.startswith(f"{COUNT} files: {COUNT - len(there)} sent")
    assert project.there() == wanted
    assert project.records().keys() == wanted.keys()
    assert not list(project.media.rglob("*.tmp"))


def test_two_runs_at_once_send_each_file_once(project, bucket):
    with (
        project.start("staticpublish", "--wait", "0") as one,
        project.start("staticpublish", "--wait", "0") as two,
    ):
        said = [process.communicate(timeout=SECONDS) for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], said
    assert sorted(bucket.puts()) == sorted(project.wanted)
    assert project.there() == project.wanted
    assert project.records().keys() == project.wanted.keys()


def test_two_machines_at_once(project, bucket, cdn_site, tmp_path, forks):
    """They share nothing but the bucket: a file may be sent twice, and is the same."""
    other = Site(tmp_path / "other", bucket, cdn_site, forks)
    with (
        project.start("staticpublish", "--wait", "0") as one,
        other.start("staticpublish", "--wait", "0") as two,
    ):
        said = [process.communicate(timeout=SECONDS) for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], said
    assert project.wanted == other.wanted == project.there()
    for site in (project, other):
        assert f"{COUNT} there already" in site.do("staticpublish", "--wait", "0")


def test_records_of_a_later_format_are_none(project, bucket):
    """The store is asked; nothing is sent again, and what is written down then is of this format."""
    project.do("staticpublish", "--wait", "0")
    (path,) = (project.media / ".django-static").glob("cdn-*.json")
    value = json.loads(path.read_text())
    path.write_text(json.dumps({"format": 2, "things": value["objects"]}))
    assert f"0 sent (0 bytes), {COUNT} there already" in project.do("staticpublish", "--wait", "0")
    assert project.records().keys() == value["objects"].keys()
    assert sorted(bucket.puts()) == sorted(project.wanted)


def test_records_in_a_folder_that_nobody_may_write_to(project, bucket, cdn_site):
    """It is said, by the exit code too, and all is there."""
    folder = project.media / ".django-static"
    if os.geteuid() == 0:
        # Whom no mode keeps out: a folder is where the file would be.
        cdn_site.settings.MEDIA_ROOT = str(project.media)
        State(folder, store_of(conf.cdn).identity).path.mkdir()
    else:
        folder.chmod(0o500)
    try:
        with project.start("staticpublish", "--wait", "0") as process:
            output, errors = process.communicate(timeout=SECONDS)
    finally:
        folder.chmod(0o755)
    assert process.returncode == 1
    assert output.startswith(f"{COUNT} files: {COUNT} sent")
    assert errors.count("what is on the CDN cannot be written down") == 1
    assert project.there() == project.wanted
