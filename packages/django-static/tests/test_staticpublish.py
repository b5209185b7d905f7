"""``manage.py staticpublish``, and a storage of Django's as the place files go to."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

import django_static
from django_static.cdn import proxy
from django_static.cdn.answering import CannotTell
from django_static.cdn.headers import payload_of
from django_static.cdn.options import Options
from django_static.cdn.publication import Publication
from django_static.cdn.published import Interrupted, Published
from django_static.cdn.state import Entry, State
from django_static.cdn.storage_store import StorageStore
from django_static.cdn.store import Standing, StoreError
from django_static.output import LockTimeout

PNG = b"\x89PNG" + bytes(range(256))


@pytest.fixture
def built(cdn_site, tmp_path):
    """A site with pictures and a style sheet that was built ahead, and whose pages use the manifest."""
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "page.html").write_text(
        "{% load django_static %}"
        '{% staticfile "/img/a b.png" %}{% staticfile "/img/b.gif" %}{% slimfile "/css/a.css" %}{% staticfile "/c.js" %}'
    )
    backend = "django.template.backends.django.DjangoTemplates"
    cdn_site.settings.TEMPLATES = [{"BACKEND": backend, "DIRS": [str(templates)]}]
    cdn_site.settings.DJANGO_STATIC_USE_MANIFEST_FILE = True
    cdn_site.settings.DJANGO_STATIC_COMPRESS = []
    cdn_site.write("img/a b.png", PNG, 5)
    cdn_site.write("img/b.gif", PNG, 1500000006)
    cdn_site.write("css/a.css", "a { background: url('../img/b.gif') }", 1500000007)
    cdn_site.write("c.js", "c()", 8)
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    cdn_site.restart()
    return cdn_site


def publish(*arguments: str, errors: StringIO | None = None) -> tuple[str, str]:
    output, errors = StringIO(), errors or StringIO()
    call_command("staticpublish", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def test_pages_print_the_cdn_and_ask_nobody(built, bucket):
    output, errors = publish()
    assert (output, errors) == (
        f"2 files: 2 sent ({2 * len(PNG)} bytes), 0 there already, 0 failed; 0 files of old versions removed\n",
        "",
    )
    assert sorted(bucket.keys()) == ["img/a b.5.png", "img/b.1500000006.gif"]
    requests = bucket.requests()
    proxy.reset()
    page = built.render(
        '{% staticfile "/img/a b.png" %} {% staticfile "/img/b.gif" %} {% staticfile "/c.js" %}'
    )
    assert page == f"{bucket.base}/img/a%20b.5.png {bucket.base}/img/b.1500000006.gif /c.8.js"
    assert bucket.requests() == requests


def test_pages_need_no_file_on_their_machine(built, bucket):
    publish()
    for path in (built.media / "img").glob("*"):
        path.unlink()
    proxy.reset()
    assert django_static.staticfile("/img/b.gif") == f"{bucket.base}/img/b.1500000006.gif"


def test_again_sends_nothing(built, bucket):
    publish()
    requests = bucket.requests()
    output, _ = publish()
    assert output.startswith("2 files: 0 sent (0 bytes), 2 there already, 0 failed")
    assert bucket.puts() == ["img/a%20b.5.png", "img/b.1500000006.gif"] or len(bucket.puts()) == 2
    # Old versions are looked for; nothing else is asked.
    assert [method for method, _ in bucket.server.seen[requests:]] == ["GET"]


@pytest.mark.parametrize("fault", ["gone", "other"])
def test_what_verify_finds_to_be_wrong_is_named_by_no_page(built, bucket, fault):
    publish()
    key = "img/b.1500000006.gif"
    bucket.remove(key)
    if fault == "gone":
        bucket.breaks(*[("PUT", "403")] * 9)
    else:
        bucket.put(key, b"another file's bytes")
    built.restart()
    proxy.reset()
    assert django_static.staticfile("/img/b.gif") == f"{bucket.base}/{key}"
    for arguments in (["--verify", "--wait", "0"], ["--wait", "0"]):
        with pytest.raises(
            CommandError, match="1 file could not be brought to the CDN; pages print its local URL"
        ):
            call_command("staticpublish", *arguments, stdout=StringIO(), stderr=StringIO())
        built.restart()
        proxy.reset()
        assert django_static.staticfile("/img/b.gif") == f"/{key}"


SHEET, PICTURE, SCRIPT, OTHER = "css/a.1500000007.css", "img/b.1500000006.gif", "c.8.js", "img/a b.5.png"
DOUBTED = {
    "nobody could ask": ([SHEET], [], ("HEAD", "500!"), ["--verify"], [SHEET, PICTURE, SCRIPT, OTHER]),
    "what it refers to is another file": ([SHEET], [PICTURE], None, ["--verify"], [SHEET, PICTURE]),
    "what it refers to is gone": ([PICTURE], [], ("PUT", "403!"), [], [SHEET, PICTURE]),
    "it cannot be looked at": ([], [SCRIPT], ("HEAD", "403!"), ["--verify"], [SHEET, PICTURE, SCRIPT, OTHER]),
}


@pytest.mark.parametrize(("lost", "foreign", "fault", "arguments", "local"), DOUBTED.values(), ids=DOUBTED)
def test_pages_name_the_site_where_a_run_says_so(built, bucket, lost, foreign, fault, arguments, local):
    built.settings.DJANGO_STATIC_CDN_TYPES = ["*"]
    publish()
    for key in (*lost, *foreign):
        bucket.remove(quote(key))
    for key in foreign:
        bucket.put(key, b"another file's bytes")
    bucket.breaks(*([fault] if fault else []))
    puts = bucket.puts()
    with pytest.raises(CommandError) as failed:
        call_command("staticpublish", "--wait", "0", *arguments, stdout=StringIO(), stderr=StringIO())
    assert f"{len(local)} file" in str(failed.value)
    assert bucket.puts() == puts
    built.restart()
    proxy.reset()
    for key, shown in {
        SHEET: django_static.slimfile("/css/a.css"),
        PICTURE: django_static.staticfile("/img/b.gif"),
        SCRIPT: django_static.staticfile("/c.js"),
        OTHER: django_static.staticfile("/img/a b.png"),
    }.items():
        assert shown == (f"/{quote(key)}" if key in local else f"{bucket.base}/{quote(key)}")


def test_threads_wait_for_each_other_where_no_lock_can_be_written(tmp_path):
    state = State(tmp_path / "file" / "folder", "x")
    (tmp_path / "file").touch()
    with state.locked("a.png", 1), ThreadPoolExecutor(1) as pool:
        with pytest.raises(LockTimeout, match="another thread has held"):
            pool.submit(lambda: state.locked("a.png", 0.01).__enter__()).result()
        pool.submit(lambda: state.locked("b.png", 0.01).__enter__()).result()
    with state.locked("a.png", 0.01):
        pass


def test_ctrl_c_is_one_line_and_loses_nothing(built, bucket, monkeypatch):
    flush = Publication._flush

    def interrupted(self, done):
        flush(self, done)
        raise KeyboardInterrupt

    monkeypatch.setattr(Publication, "_flush", interrupted)
    with pytest.raises(
        CommandError, match=r"^interrupted: 2 of 2 files are on the CDN, 2 of them sent now, 0 "
    ) as found:
        publish()
    assert found.value.returncode == 130
    assert "\n" not in str(found.value)
    monkeypatch.undo()
    assert publish()[0].startswith("2 files: 0 sent (0 bytes), 2 there already")


def test_verify_asks_the_store(built, bucket):
    publish()
    bucket._straight(f"{bucket.name}/img/b.1500000006.gif", "DELETE")
    assert publish("--verify")[0].startswith(f"2 files: 1 sent ({len(PNG)} bytes), 1 there already")
    assert bucket.get("img/b.1500000006.gif")[2] == PNG


def foreseen(output: str) -> list[str]:
    """The keys that a dry run would send."""
    start = "would be sent, if it is not there: "
    return sorted(
        line.removeprefix(start).rpartition(", ")[0] for line in output.splitlines() if line.startswith(start)
    )


def refused(*arguments: str) -> str:
    """What is printed, on either stream, by a run that exits with 1."""
    output = StringIO()
    with pytest.raises(CommandError, match="could not be brought to the CDN"):
        call_command("staticpublish", *arguments, stdout=output, stderr=output)
    return output.getvalue()


@pytest.mark.parametrize(("days", "old"), [(0, ["img/b.1500000006.gif"]), (14, []), (None, [])])
def test_a_dry_run_lists_the_old_versions_that_go(built, bucket, days, old):
    built.settings.DJANGO_STATIC_CDN_KEEP_DAYS = days
    publish()
    built.write("img/b.gif", PNG + b"new", 1500000007)
    call_command("staticbuild", stdout=StringIO(), stderr=StringIO())
    built.restart()
    proxy.reset()
    asked = bucket.requests()
    output = publish("--dry-run")[0]
    start = "would be removed: "
    assert [line.removeprefix(start) for line in output.splitlines() if line.startswith(start)] == old
    assert ("; 1 file of old versions would be removed" in output) is bool(old)
    assert bucket.requests() == asked
    before = set(bucket.keys())
    publish()
    assert sorted(before - set(bucket.keys())) == old


def test_a_dry_run_asks_and_sends_nothing(built, bucket):
    output, _ = publish("--dry-run")
    assert foreseen(output) == ["img/a b.5.png", "img/b.1500000006.gif"]
    assert f"img/b.1500000006.gif, {len(PNG)} bytes\n" in output
    assert output.endswith(f"avif: 2 files would be sent, {2 * len(PNG)} bytes; 0 could not\n")
    assert bucket.requests() == 0
    publish()
    assert "0 files would be sent, 0 bytes; 0 could not" in publish("--dry-run")[0]
    (built.media / "img/b.1500000006.gif").unlink()
    assert "0 files would be sent, 0 bytes; 1 could not" in refused("--dry-run")
    assert counts(as_far_as_it_comes())[0] == 2
    for path in (built.media / ".django-static").glob("cdn-*.json"):
        path.unlink()
    output = refused("--dry-run")
    assert "1 file would be sent" in output
    assert "1 could not" in output
    assert "b.1500000006.gif cannot be read" in output


def test_chosen_types(built, bucket):
    built.settings.DJANGO_STATIC_CDN_TYPES = ["css", "js"]
    output, _ = publish()
    # The picture the style sheet names is one of the three.
    assert output.startswith("3 files: 3 sent")
    assert publish()[0].startswith("3 files: 0 sent (0 bytes), 3 there already, 0 failed")
    assert sorted(bucket.keys()) == ["c.8.js", "css/a.1500000007.css", "img/b.1500000006.gif"]


def counts(output: str) -> tuple[int, int]:
    """How many files there are in all by the last line, and how many by its parts."""
    (line,) = [line for line in output.splitlines() if " sent (" in line]
    total = re.match(r"(\d+) files?: ", line)
    parts = re.findall(r"(\d+) (?:sent|there already|left on the site|failed)", line)
    return int(total[1]), sum(map(int, parts))


def as_far_as_it_comes(*arguments: str) -> str:
    """What it prints, whether it succeeds or not."""
    output = StringIO()
    with contextlib.suppress(CommandError):
        call_command("staticpublish", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("types", [["css"], ["js"], ["*"], ["gif", "css"]], ids="+".join)
def test_the_counts_agree_with_each_other_and_with_what_is_there(built, bucket, types, threads):
    built.settings.DJANGO_STATIC_CDN_TYPES = types
    built.settings.DJANGO_STATIC_CDN_THREADS = threads
    before = publish("--dry-run")[0]
    output = publish()[0]
    total, parts = counts(output)
    assert total == parts == len(bucket.keys()) == len(bucket.puts())
    assert f"{total} sent" in output
    assert foreseen(before) == sorted(bucket.keys())
    assert f" {total} file" in before.splitlines()[-1]
    assert counts(publish()[0]) == counts(publish("--verify")[0]) == (total, total)
    # Whatever is missing, and whatever of that comes through.
    bucket._straight(f"{bucket.name}/{min(bucket.keys())}", "DELETE")
    assert counts(publish("--verify")[0]) == (total, total)
    for path in (built.media / ".django-static").glob("cdn-*.json"):
        path.unlink()
    for key in bucket.keys():  # noqa: SIM118 (no dict)
        bucket._straight(f"{bucket.name}/{quote(key)}", "DELETE")
    bucket.breaks(("PUT", "403"))
    assert counts(as_far_as_it_comes()) == (total, total)
    bucket.breaks(("PUT", "403!"))
    assert counts(as_far_as_it_comes("--verify")) == (total, total)


def test_what_is_referred_to_is_foreseen(built, bucket):
    built.settings.DJANGO_STATIC_CDN_TYPES = ["css"]
    output, _ = publish("--dry-run")
    assert foreseen(output) == ["css/a.1500000007.css", "img/b.1500000006.gif"]
    assert output.splitlines()[2].startswith("css: 2 files would be sent, ")
    assert bucket.requests() == 0


def test_without_verbosity_nothing_is_printed(built, bucket):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    bucket.put("img/b.1500000009.gif")
    built.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    built.settings.DJANGO_STATIC_CDN_DOMAIN = f"{bucket.base}/not-yet"
    assert publish("--dry-run", "-v0", errors=Terminal()) == ("", "")
    assert publish("--wait", "0", "-v0") == ("", "")
    assert bucket.puts() == ["img/a%20b.5.png"]
    bucket.breaks(("*", "403!"))
    errors = StringIO()
    with pytest.raises(CommandError, match="could not be brought"):
        call_command("staticpublish", "--verify", "-v0", stdout=StringIO(), stderr=errors)
    assert "AccessDenied" in errors.getvalue()  # what goes wrong is said


@pytest.mark.parametrize("fault", ["website!", "no xml!", "nothing!", "405!"])
def test_what_is_not_s3_is_said(built, bucket, fault):
    built.settings.DJANGO_STATIC_CDN_ATTEMPTS = 1
    bucket.breaks(("*", fault))
    errors = StringIO()
    with pytest.raises(CommandError, match="2 files could not"):
        call_command("staticpublish", stdout=StringIO(), stderr=errors)
    assert errors.getvalue().count("whether DJANGO_STATIC_CDN_ENDPOINT is right") >= 2
    assert bucket.endpoint in errors.getvalue()


def test_a_bucket_whose_domain_nobody_knows(built, bucket):
    built.settings.DJANGO_STATIC_CDN_DOMAIN = ""
    with pytest.raises(CommandError, match=r"nothing is sent.*DJANGO_STATIC_CDN_DOMAIN"):
        call_command("staticpublish", skip_checks=True, stdout=StringIO(), stderr=StringIO())
    assert bucket.requests() == 0


def test_what_cannot_be_asked_for_from_here_has_not_answered(tmp_path):
    def probe(url, seconds):
        raise CannotTell(url)

    state = State(tmp_path, "x")
    state.note("a.5.png", Entry("1", 1, 1, 1.0, url="https://cdn.example.com/a.5.png"))
    done = Published(files=["a.5.png"])
    Publication(None, state, Options(threads=1)).ask(done, 0, probe)
    assert done.silent == ["https://cdn.example.com/a.5.png"]


def test_old_versions_are_swept(built, bucket):
    built.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    built.settings.DJANGO_STATIC_CDN_PREFIX = "mine"
    publish()
    strangers = ["mine/img/xb.120000000.gif", "mine/b.120000000.gif", "img/b.120000000.gif"]
    for name in ("mine/img/b.120000000.gif", *strangers):
        bucket.put(name)
    output, _ = publish("--verbosity", "2")
    assert "removed: mine/img/b.120000000.gif\n" in output
    assert "1 file of old versions removed" in output
    assert sorted(bucket.keys()) == sorted(
        ["mine/img/a b.5.png", "mine/img/b.1500000006.gif", *strangers],
    )


def test_a_later_version_is_said(built, bucket):
    bucket.put("img/b.1500000009.gif")
    output, errors = publish()
    assert errors.startswith(
        "img/b.1500000006.gif stays on the site: there is the later img/b.1500000009.gif\n"
    )
    assert "(touch)" in errors
    assert output.startswith("2 files: 1 sent (260 bytes), 0 there already, 1 left on the site, 0 failed;")
    assert bucket.keys() == ["img/a b.5.png", "img/b.1500000009.gif"]


@pytest.mark.parametrize(
    ("faults", "said", "sent"),
    [
        ([("PUT", "500!")], "2 files could not be brought", 0),
        ([("*", "500!")], "2 files could not be brought", 0),
        ([("PUT", "500"), ("PUT", "500"), ("PUT", "500")], "could not be brought", 1),
    ],
)
def test_failures_exit_with_one_and_keep_nothing_else_from_it(built, bucket, faults, said, sent):
    built.settings.DJANGO_STATIC_CDN_THREADS = 1
    bucket.breaks(*faults)
    errors = StringIO()
    with pytest.raises(CommandError, match=said) as raised:
        call_command("staticpublish", stdout=StringIO(), stderr=errors)
    assert raised.value.returncode == 1
    assert "InternalError" in errors.getvalue() or "500" in errors.getvalue()
    assert len(bucket.keys()) == sent
    bucket.breaks()
    assert f"{sent} there already, 0 failed" in publish()[0]


def test_no_credentials(built, bucket):
    del built.settings.AWS_ACCESS_KEY_ID
    with pytest.raises(CommandError, match="2 files could not"):
        publish()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CDN_BUCKET", "", "CDN_BUCKET"),
        ("CDN_STORAGE", "nowhere", "nowhere"),
        ("MANIFEST_FILE", "/nowhere/manifest.json", "staticbuild"),
    ],
)
def test_what_cannot_begin(built, name, value, said):
    setattr(built.settings, f"DJANGO_STATIC_{name}", value)
    with pytest.raises((CommandError, SystemExit), match=said):
        call_command("staticpublish", skip_checks=True, stdout=StringIO(), stderr=StringIO())


def test_it_waits_until_urls_answer(built, bucket):
    built.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    bucket.breaks(("HEAD", "pass"), ("HEAD", "pass"))
    assert "do not answer" not in publish()[0]
    proxy.reset()
    assert django_static.staticfile("/img/b.gif") == f"{bucket.base}/img/b.1500000006.gif"


def test_what_does_not_answer_is_said_and_not_printed(built, bucket):
    built.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    built.settings.DJANGO_STATIC_CDN_DOMAIN = f"{bucket.base}/not-yet"
    output, _ = publish("--wait", "0")
    assert f"2 files do not answer yet, such as {bucket.base}/not-yet/img/" in output
    proxy.reset()
    assert django_static.staticfile("/img/b.gif") == "/img/b.1500000006.gif"


def test_a_state_that_cannot_be_written_is_said(built, bucket):
    (path,) = (built.media / ".django-static").glob("manifest.json")
    folder = built.root / "readonly"
    folder.mkdir()
    (folder / "manifest.json").write_bytes(path.read_bytes())
    built.settings.DJANGO_STATIC_MANIFEST_FILE = str(folder / "manifest.json")
    if os.geteuid() == 0:
        # Root may write anywhere: what cannot be is a file where a folder is.
        from django_static.cdn.stores import store_of
        from django_static.conf import conf

        State(folder, store_of(conf.cdn).identity).path.mkdir()
    else:
        folder.chmod(0o500)
    said = StringIO()
    with pytest.raises(CommandError, match="pages do not know of it"):
        call_command("staticpublish", stdout=said, stderr=said)
    folder.chmod(0o700)
    assert "2 files: 2 sent" in said.getvalue()
    assert said.getvalue().count("cannot be written down") == 1


def test_files_that_have_no_name_there_fail_alone(built, bucket):
    (path,) = (built.media / ".django-static").glob("manifest.json")
    value = json.loads(path.read_text())
    (place,) = {each.partition(":")[0] for url, each in value["files"].items() if url.endswith(".gif")}
    value["files"]["/%FF.5.png"] = f"{place}:img/b.1500000006.gif"
    value["files"]["/elsewhere.5.png"] = "media7:elsewhere.5.png"
    path.write_text(json.dumps(value))
    errors = StringIO()
    with pytest.raises(CommandError, match="2 files could not be brought"):
        call_command("staticpublish", stdout=StringIO(), stderr=errors)
    assert "UTF-8" in errors.getvalue()
    assert "'media7:elsewhere.5.png', a folder the settings of this machine do not have" in errors.getvalue()
    assert sorted(bucket.keys()) == ["img/a b.5.png", "img/b.1500000006.gif"]
    assert "2 could not" in refused("--dry-run")


def test_a_style_sheet_stays_where_its_picture_stays(built, bucket):
    built.settings.DJANGO_STATIC_CDN_TYPES = ["css"]
    bucket.put("img/b.1500000009.gif")
    _, errors = publish()
    assert "css/a.1500000007.css stays on the site: there is the later img/b.1500000009.gif" in errors
    assert bucket.keys() == ["img/b.1500000009.gif"]


def test_the_listing_may_fail_at_the_end(built, bucket):
    publish()
    bucket.breaks(("GET", "500!"))
    output, errors = publish()
    assert output.startswith("2 files: 0 sent")
    assert errors.startswith("old versions stay: ")


def test_a_version_that_cannot_be_removed(built, bucket, warned):
    built.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    built.settings.DJANGO_STATIC_CDN_PREFIX = "x"
    bucket.put("x/img/b.120000000.gif")
    bucket.breaks(("DELETE", "500!"))
    assert publish()[0].startswith("2 files: 2 sent")
    assert sorted(bucket.keys()) == ["x/img/a b.5.png", "x/img/b.120000000.gif", "x/img/b.1500000006.gif"]
    assert any("old versions stay" in warning for warning in warned())


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "soon"])
def test_a_wait_that_is_none(built, seconds):
    with pytest.raises(CommandError, match="not a number of seconds"):
        publish(f"--wait={seconds}")


def test_many_files_are_written_down_as_they_go(built, bucket, monkeypatch):
    """A run that is killed need not ask about what it has done."""
    monkeypatch.setattr("django_static.cdn.publication._FLUSH_EVERY", 1)
    built.settings.DJANGO_STATIC_CDN_THREADS = 1
    seen = []
    monkeypatch.setattr(
        State, "flush", lambda self, flush=State.flush: (flush(self), seen.append(len(self.keys())))[0]
    )
    publish()
    assert seen[:2] == [1, 2]


def test_it_waits_no_longer_than_asked_to(tmp_path):
    """A URL that answers at the third time."""
    state = State(tmp_path, "x")
    state.note("a.5.png", Entry("1", 1, 1, 1.0, url="https://cdn.example.com/a.5.png"))
    asked = []

    def probe(url, seconds):
        asked.append(url)
        return len(asked) == 3

    options = Options(base="https://cdn.example.com", threads=1)
    done = Published(files=["a.5.png", "unknown.5.png"])
    Publication(None, state, options).ask(done, 60, probe)
    assert asked == ["https://cdn.example.com/a.5.png"] * 3
    assert done.silent == []
    assert State(tmp_path, "x").get("a.5.png").answers


# A storage of Django's


@pytest.fixture
def stored(built, tmp_path):
    """The same site, with a folder another server sends as its CDN."""
    folder = tmp_path / "served"
    built.settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        "cdn": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder), "base_url": "https://cdn.example.com/x/"},
        },
    }
    built.settings.DJANGO_STATIC_CDN_BUCKET = ""
    built.settings.DJANGO_STATIC_CDN_DOMAIN = ""
    built.settings.DJANGO_STATIC_CDN_STORAGE = "cdn"
    proxy.reset()
    return folder


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_publish_to_a_storage(built, stored):
    assert publish()[0].startswith("2 files: 2 sent")
    assert files(stored) == ["img/a b.5.png", "img/b.1500000006.gif"]
    assert publish()[0].startswith("2 files: 0 sent")
    proxy.reset()
    assert django_static.staticfile("/img/a b.png") == "https://cdn.example.com/x/img/a%20b.5.png"


def test_a_page_publishes_to_a_storage(built, stored):
    built.settings.DJANGO_STATIC_USE_MANIFEST_FILE = False
    assert django_static.staticfile("/img/b.gif") == "/img/b.1500000006.gif"
    assert proxy.current().background.wait(60)
    assert django_static.staticfile("/img/b.gif") == "https://cdn.example.com/x/img/b.1500000006.gif"


def test_old_versions_in_a_storage(built, stored):
    built.settings.DJANGO_STATIC_CDN_KEEP_DAYS = 0
    built.settings.DJANGO_STATIC_CDN_PREFIX = "/mine/"
    for name in ("mine/img/b.120000000.gif", "mine/img/xb.120000000.gif", "img/b.120000000.gif"):
        (stored / name).parent.mkdir(parents=True, exist_ok=True)
        (stored / name).write_text("old")
    assert "1 file of old versions removed" in publish()[0]
    assert files(stored) == [
        "img/b.120000000.gif",
        "mine/img/a b.5.png",
        "mine/img/b.1500000006.gif",
        "mine/img/xb.120000000.gif",
    ]


def test_what_a_killed_process_left_in_a_storage_is_finished(built, stored):
    (stored / "img").mkdir(parents=True)
    (stored / "img/b.1500000006.gif").write_bytes(PNG[:100])
    assert publish()[0].startswith("2 files: 2 sent")
    assert (stored / "img/b.1500000006.gif").read_bytes() == PNG
    assert files(stored) == ["img/a b.5.png", "img/b.1500000006.gif"]


@pytest.mark.parametrize("content", [PNG[::-1], PNG + b"more", b"other"])
def test_another_content_in_a_storage_is_left_alone(built, stored, content):
    (stored / "img").mkdir(parents=True)
    (stored / "img/b.1500000006.gif").write_bytes(content)
    with pytest.raises(CommandError, match="1 file could not"):
        publish()
    assert (stored / "img/b.1500000006.gif").read_bytes() == content


class Renaming(FileSystemStorage):
    def get_available_name(self, name, max_length=None):
        return f"{name}.renamed"


class Failing(FileSystemStorage):
    def _save(self, name, content):
        super()._save(name, ContentFile(content.read(10)))
        raise OSError("No space left on device")

    def get_modified_time(self, name):
        raise NotImplementedError

    def listdir(self, path):
        raise NotImplementedError


@pytest.fixture
def payload(tmp_path):
    path = tmp_path / "a.5.png"
    path.write_bytes(PNG)
    return payload_of(path, with_gzip=False)


def test_a_storage_that_renames(tmp_path, payload):
    folder = tmp_path / "stored"
    with pytest.raises(StoreError, match="it must keep names"):
        StorageStore(lambda: Renaming(location=str(folder)), "cdn").put("a.5.png", payload)
    assert files(folder) == []


def test_a_storage_that_is_full(tmp_path, payload):
    folder = tmp_path / "stored"
    store = StorageStore(lambda: Failing(location=str(folder)), "cdn")
    with pytest.raises(StoreError, match="No space left") as raised:
        store.put("a.5.png", payload)
    assert raised.value.is_general
    assert files(folder) == []
    assert store.standing("a.5.png", payload) is Standing.ABSENT
    assert list(store.list("a.")) == []


def test_a_storage_that_is_no_folder(tmp_path, payload):
    (tmp_path / "stored").write_text("")
    store = StorageStore(lambda: FileSystemStorage(location=str(tmp_path / "stored")), "cdn")
    with pytest.raises(StoreError, match=r"storing a\.5\.png in the storage 'cdn'"):
        store.put("a.5.png", payload)


def test_progress_is_shown_on_a_terminal(built, bucket):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert publish(errors=Terminal())[1] == "\r1 of 2\r2 of 2\r      \r"
    assert publish("-v0", errors=Terminal())[1] == ""


def test_the_state_is_beside_the_manifest(built, bucket):
    publish()
    (path,) = (built.media / ".django-static").glob("cdn-*.json")
    value = json.loads(path.read_text())
    assert sorted(value["objects"]) == ["img/a b.5.png", "img/b.1500000006.gif"]


# What a dry run says and what the run does then


def test_a_dry_run_knows_what_the_run_will_compare(built, bucket):
    built.settings.DJANGO_STATIC_CDN_TYPES = ["*"]
    publish()
    assert foreseen(publish("--dry-run")[0]) == []
    asked = publish("--dry-run", "--verify")[0]
    assert "would be asked for: css/a.1500000007.css\n" in asked
    assert "0 files would be sent, 0 bytes; 4 files would be asked for; 0 could not" in asked
    # Edited in place, with the same number of bytes.
    place = built.media / "img/b.1500000006.gif"
    place.unlink()  # (a link)
    place.write_bytes(PNG[::-1])
    assert foreseen(publish("--dry-run")[0]) == ["img/b.1500000006.gif"]
    # (it, and the style sheet that refers to it)
    with pytest.raises(CommandError, match="2 files could not"):
        publish()
    place.write_bytes(PNG)
    # To be stored in another way.
    (built.media / "c.8.js").write_text("c();" * 500)
    built.settings.DJANGO_STATIC_CDN_GZIP = True
    output = publish("--dry-run")[0]
    assert foreseen(output) == ["c.8.js"]
    bucket._straight(f"{bucket.name}/c.8.js", "DELETE")
    sent = re.search(r"(\d+) sent \((.*?)\)", publish()[0])
    assert f"1 file would be sent, {sent[2]}; 2 files would be asked for; 0 could not" in output
    assert sent[1] == "1"


def test_what_was_replaced_is_asked_for(built, bucket):
    publish()
    (path,) = (built.media / ".django-static").glob("cdn-*.json")
    value = json.loads(path.read_text())
    value["objects"]["img/b.1500000006.gif"]["replaced"] = 1.0
    path.write_text(json.dumps(value))
    assert "1 file would be asked for" in publish("--dry-run")[0]
    requests = bucket.requests()
    publish()
    assert ("HEAD", f"/{bucket.name}/img/b.1500000006.gif") in bucket.server.seen[requests:]


def test_one_url_does_not_answer(built, bucket):
    built.settings.DJANGO_STATIC_CDN_TYPES = ["gif"]
    built.settings.DJANGO_STATIC_CDN_WAIT_SECONDS = 3600
    built.settings.DJANGO_STATIC_CDN_DOMAIN = f"{bucket.base}/not-yet"
    output, _ = publish("--wait", "0")
    assert "1 file does not answer yet, such as" in output
    assert output.endswith("pages print local URLs until it does\n")


@pytest.mark.parametrize("value", [None, ""])
def test_that_pages_print_nothing_of_it_is_said(built, bucket, value):
    built.settings.DJANGO_STATIC_FILE_PROXY = value
    for arguments in ((), ("--dry-run",)):
        assert publish(*arguments)[1].startswith(
            "DJANGO_STATIC_FILE_PROXY is not set: pages print local URLs"
        )
    built.settings.DJANGO_STATIC_FILE_PROXY = "static_test_proxies.naive"
    assert publish()[1] == ""


# Records that are something else


@pytest.mark.parametrize("kind", ["fifo", "folder", "loop", "socket"])
def test_records_that_are_no_files_hold_nothing_up(built, bucket, kind):
    publish()
    (path,) = (built.media / ".django-static").glob("cdn-*.json")
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
        (path / "x").write_text("")
    elif kind == "loop":
        path.symlink_to(path.name)
    else:
        with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(path.parent):
            listening.bind(path.name)
    said = StringIO()
    with pytest.raises(CommandError) if kind == "folder" else contextlib.nullcontext():
        call_command("staticpublish", stdout=said, stderr=said)
    assert "0 sent (0 bytes), 2 there already, 0 failed" in said.getvalue()
    assert ("cannot be written down" in said.getvalue()) == (kind == "folder")
    proxy.reset()
    page = django_static.staticfile("/img/b.gif")
    assert page == ("/img/b.1500000006.gif" if kind == "folder" else f"{bucket.base}/img/b.1500000006.gif")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no terminals")
def test_progress_on_a_terminal_of_its_own(built, bucket):
    ours, theirs = os.openpty()
    shown = b""
    with os.fdopen(ours, "rb", 0) as screen:
        with os.fdopen(theirs, "w") as terminal:
            call_command("staticpublish", stdout=StringIO(), stderr=terminal)
        with contextlib.suppress(OSError):  # it is closed on the other side
            while piece := screen.read(4096):
                shown += piece
    assert shown == b"\r1 of 2\r2 of 2\r      \r"


@pytest.mark.parametrize("threads", [1, 3])
def test_what_concerns_all_files_ends_the_run(tmp_path, threads):
    class Refused(StorageStore):
        def standing(self, key, payload):
            raise StoreError("no bucket", is_general=True)

    files = {}
    for number in range(40):
        files[f"{number}.5.png"] = path = tmp_path / f"{number}.5.png"
        path.write_bytes(PNG)
    store = Refused(
        lambda: FileSystemStorage(location=str(tmp_path / "cdn"), base_url="https://cdn.example.com"), "x"
    )
    done = Publication(store, State(tmp_path, "x"), Options(storage="x", threads=threads)).run(files)
    assert len(done.failed) in range(3, 3 + threads)  # what was under way then is brought to its end
    assert len(done.failed) + len(done.untried) == 40
    assert done.files == []


def test_what_concerns_one_file_ends_nothing(tmp_path):
    class Picky(StorageStore):
        def standing(self, key, payload):
            raise StoreError("too large", is_general=False)

    files = {}
    for number in range(9):
        files[f"{number}.5.png"] = path = tmp_path / f"{number}.5.png"
        path.write_bytes(PNG)
    store = Picky(
        lambda: FileSystemStorage(location=str(tmp_path / "cdn"), base_url="https://cdn.example.com"), "x"
    )
    done = Publication(store, State(tmp_path, "x"), Options(storage="x", threads=1)).run(files)
    assert (len(done.failed), done.untried) == (9, [])


def test_nothing_more_is_begun_after_an_interruption(tmp_path):
    gate, begun = threading.Event(), []

    class Slow(StorageStore):
        def standing(self, key, payload):
            begun.append(key)
            assert len(begun) == 1 or gate.wait(60)
            raise StoreError("too large", is_general=False)

    def progress(number, total):
        raise KeyboardInterrupt

    files = {}
    for number in range(9):
        files[f"{number}.5.png"] = path = tmp_path / f"{number}.5.png"
        path.write_bytes(PNG)
    store = Slow(
        lambda: FileSystemStorage(location=str(tmp_path / "cdn"), base_url="https://cdn.example.com"), "x"
    )
    before = set(threading.enumerate())
    with pytest.raises(Interrupted) as interrupted:
        Publication(store, State(tmp_path, "x"), Options(storage="x", threads=1)).run(files, progress)
    gate.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
    assert len(begun) <= 2
    assert len(interrupted.value.done.failed) <= 2


def test_the_command_says_once_what_concerns_all(built, bucket, monkeypatch):
    monkeypatch.setattr("django_static.cdn.patience.REFUSALS", 1)
    built.settings.DJANGO_STATIC_CDN_ATTEMPTS = built.settings.DJANGO_STATIC_CDN_THREADS = 1
    bucket.breaks(("*", "403!"))
    said = StringIO()
    with pytest.raises(CommandError, match="2 files could not be brought"):
        call_command("staticpublish", stdout=said, stderr=said)
    assert "1 more file not tried" in said.getvalue()
    assert said.getvalue().count(": storing ") == 1
    assert ", 2 failed;" in said.getvalue()


def test_a_mute_cdn_is_waited_for_no_longer_than_is_wanted(tmp_path, monkeypatch):
    """As many URLs as there are, they share the time."""
    now = [0.0]
    monkeypatch.setattr("django_static.cdn.waiting.time.monotonic", lambda: now[0])
    asked = []

    def probe(url, seconds):
        asked.append(seconds)
        now[0] += seconds
        return False

    state = State(tmp_path, "x")
    keys = [f"{number}.png" for number in range(50)]
    for key in keys:
        state.note(key, Entry("d", 1, 1, 1.0, url=f"https://cdn.example.com/{key}"))
    done = Published(total=50, files=keys)
    Publication(None, state, Options(threads=1)).ask(done, 10, probe)
    assert len(done.silent) == 50
    assert asked == [10.0]
    asked.clear()
    Publication(None, state, Options(threads=1)).ask(done, 0, probe)
    assert asked == [1.0]
