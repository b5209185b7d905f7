"""``staticpublish`` beside others, in the midst of being killed, and after a version of ours that is not there yet."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from static_test_cdn_project import COUNT, SECONDS, Project

from django_static.cdn.state import State
from django_static.cdn.stores import store_of
from django_static.conf import conf

#: Several processes for each test, which all import boto3, beside whatever else is under way.
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("sent", [0, 7])
def test_a_run_that_is_killed_is_finished_by_the_next(cdn_project, bucket, sent):
    """Whole files are there or none, whatever was written down by then."""
    bucket.breaks(*[("PUT", "")] * sent, ("PUT", "silence!"))
    with cdn_project.start("staticpublish", "--wait", "0") as process:
        deadline = time.monotonic() + SECONDS
        # Those that are let through have come, and one more is on its way.
        while len(bucket.puts()) < sent or sum(method == "PUT" for method, _ in bucket.server.seen) <= sent:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    wanted, there = cdn_project.wanted, cdn_project.there()
    assert there.items() <= wanted.items()
    assert len(there) == sent
    bucket.breaks()
    bucket.server.released.set()
    output = cdn_project.do("staticpublish", "--wait", "0")
    assert output.startswith(f"{COUNT} files: {COUNT - len(there)} sent")
    assert cdn_project.there() == wanted
    assert cdn_project.records().keys() == wanted.keys()
    assert not list(cdn_project.media.rglob("*.tmp"))


def test_two_runs_at_once_send_each_file_once(cdn_project, bucket):
    with (
        cdn_project.start("staticpublish", "--wait", "0") as one,
        cdn_project.start("staticpublish", "--wait", "0") as two,
    ):
        said = [process.communicate(timeout=SECONDS) for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], said
    assert sorted(bucket.puts()) == sorted(cdn_project.wanted)
    assert cdn_project.there() == cdn_project.wanted
    assert cdn_project.records().keys() == cdn_project.wanted.keys()


def test_two_machines_at_once(cdn_project, bucket, cdn_site, tmp_path, forks):
    """They share nothing but the bucket: a file may be sent twice, and is the same."""
    other = Project(tmp_path / "other", bucket, cdn_site, forks)
    with (
        cdn_project.start("staticpublish", "--wait", "0") as one,
        other.start("staticpublish", "--wait", "0") as two,
    ):
        said = [process.communicate(timeout=SECONDS) for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], said
    assert cdn_project.wanted == other.wanted == cdn_project.there()
    for site in (cdn_project, other):
        assert f"{COUNT} there already" in site.do("staticpublish", "--wait", "0")


def test_records_of_a_later_format_are_none(cdn_project, bucket):
    """The store is asked; nothing is sent again, and what is written down then is of this format."""
    cdn_project.do("staticpublish", "--wait", "0")
    value = json.loads(cdn_project.record.read_text())
    cdn_project.record.write_text(json.dumps({"format": 2, "things": value["objects"]}))
    assert f"0 sent (0 bytes), {COUNT} there already" in cdn_project.do("staticpublish", "--wait", "0")
    assert cdn_project.records().keys() == value["objects"].keys()
    assert sorted(bucket.puts()) == sorted(cdn_project.wanted)


def test_records_in_a_folder_that_nobody_may_write_to(cdn_project, bucket, cdn_site):
    """It is said, by the exit code too, and all is there."""
    folder = cdn_project.media / ".django-static"
    if os.geteuid() == 0:
        # Whom no mode keeps out: a folder is where the file would be.
        cdn_site.settings.MEDIA_ROOT = str(cdn_project.media)
        State(folder, store_of(conf.cdn).identity).path.mkdir()
    else:
        folder.chmod(0o500)
    try:
        with cdn_project.start("staticpublish", "--wait", "0") as process:
            output, errors = process.communicate(timeout=SECONDS)
    finally:
        folder.chmod(0o755)
    assert process.returncode == 1
    assert output.startswith(f"{COUNT} files: {COUNT} sent")
    assert errors.count("what is on the CDN cannot be written down") == 1
    assert cdn_project.there() == cdn_project.wanted
