"""Files in GridFS: Django's storage contract, run on Django's memory storage too, and the view that serves them."""

import datetime
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import InMemoryStorage, storages
from django.core.files.storage.handler import StorageHandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.migrations.writer import MigrationWriter
from django.http import Http404
from django.test import AsyncRequestFactory, RequestFactory
from django.utils import timezone
from gridfs.errors import CorruptGridFile

from django_mongokit.media import serve
from django_mongokit.storage import GridFSStorage

BIG = bytes(range(256)) * 2_500  # three chunks of GridFS


@pytest.fixture
def bucket(mongodb):
    return f"media_{os.urandom(4).hex()}"


@pytest.fixture
def ours(bucket):
    return GridFSStorage(bucket, base_url="/media/")


@pytest.fixture(params=["gridfs", "memory"])
def storage(request, ours):
    return ours if request.param == "gridfs" else InMemoryStorage(base_url="/media/")


def read(storage, name):
    with storage.open(name) as file:
        return file.read()


# Django's contract.

CONTENTS = {
    "text": b"hello",
    "empty": b"",
    "zero": b"\0" * 9,
    "three chunks": BIG,
    "one chunk": b"x" * 255 * 1024,
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_there_and_back(storage, content):
    assert storage.save("a/b.bin", ContentFile(content)) == "a/b.bin"
    assert storage.exists("a/b.bin")
    assert read(storage, "a/b.bin") == content
    assert storage.size("a/b.bin") == len(content)
    with storage.open("a/b.bin") as file:
        assert b"".join(file.chunks(1_000)) == content
        assert file.size == len(content)


def test_a_name_that_is_taken(storage):
    first = storage.save("a.txt", ContentFile(b"1"))
    second = storage.save("a.txt", ContentFile(b"2"))
    assert first == "a.txt"
    assert second.startswith("a_")
    assert second.endswith(".txt")
    assert (read(storage, first), read(storage, second)) == (b"1", b"2")
    assert len(storage.save("a.txt", ContentFile(b"3"), max_length=13)) <= 13


def test_what_can_be_saved(storage):
    assert storage.save(None, ContentFile(b"x", name="named.txt")) == "named.txt"
    assert read(storage, storage.save("io", io.BytesIO(b"bytes"))) == b"bytes"
    assert read(storage, storage.save("text", ContentFile("täxt"))) == "täxt".encode()
    assert read(storage, storage.save("up", SimpleUploadedFile("x", b"uploaded"))) == b"uploaded"
    with open(__file__, "rb") as file:
        name = storage.save("file", File(file))
    assert read(storage, name) == Path(__file__).read_bytes()


def test_delete(storage):
    storage.save("a.txt", ContentFile(b"x"))
    storage.delete("a.txt")
    assert not storage.exists("a.txt")
    storage.delete("a.txt")
    assert storage.save("a.txt", ContentFile(b"y")) == "a.txt"


def test_delete_of_no_name(ours):
    with pytest.raises(ValueError, match="name must be given"):
        ours.delete("")


@pytest.mark.parametrize(
    "use",
    [
        lambda storage: storage.open("nothing"),
        lambda storage: storage.size("nothing"),
        lambda storage: storage.get_modified_time("nothing"),
        lambda storage: storage.listdir("nothing"),
    ],
    ids=["open", "size", "time", "listdir"],
)
def test_what_is_not_there(storage, use):
    storage.save("nothing at all", ContentFile(b"x"))
    with pytest.raises(FileNotFoundError):
        use(storage)


def test_listdir(storage):
    for name in ("top.txt", "a/one", "a/two", "a/b/three", "ab/four", "a.b", "a-", "a0"):
        storage.save(name, ContentFile(b"x"))

    def listed(path):
        return tuple(sorted(names) for names in storage.listdir(path))

    assert listed("") == (["a", "ab"], ["a-", "a.b", "a0", "top.txt"])
    assert listed("a") == listed("a/") == (["b"], ["one", "two"])
    assert listed("a/b") == ([], ["three"])
    assert storage.exists("a/b")
    assert not storage.exists("a/c")


def test_listdir_of_nothing(ours):
    assert ours.listdir("") == ([], [])


OUTSIDE = ["../x", "a/../../x", "/etc/passwd", "..", "a\\..\\..\\x"]


@pytest.mark.parametrize("name", [*OUTSIDE, "nul\0"])
def test_names_that_lead_out(ours, name):
    for use in (ours.open, ours.delete, ours.exists, ours.url, ours.listdir, ours.size):
        with pytest.raises(SuspiciousFileOperation):
            use(name)


@pytest.mark.parametrize("name", ["a/./b.txt", "a//b.txt", "a\\b.txt", "a/c/../b.txt"])
def test_a_name_has_one_spelling(ours, name):
    ours.save("a/b.txt", ContentFile(b"x"))
    assert ours.exists(name)
    assert read(ours, name) == b"x"


def test_url(storage):
    assert storage.url("a b/ä?#.txt") == "/media/a%20b/%C3%A4%3F%23.txt"


@pytest.mark.parametrize("use_tz", [True, False])
def test_times(storage, use_tz, monkeypatch):
    monkeypatch.setattr(django_settings, "USE_TZ", use_tz)
    before = timezone.now()
    storage.save("a", ContentFile(b"x"))
    stored = storage.get_modified_time("a")
    assert timezone.is_aware(stored) is use_tz
    assert before - datetime.timedelta(seconds=1) <= stored <= timezone.now() + datetime.timedelta(seconds=1)
    assert isinstance(storage, InMemoryStorage) or storage.get_created_time("a") == stored


def test_text(storage):
    storage.save("a", ContentFile("erste\nzweite: ä\n".encode()))
    with storage.open("a", "r") as file:
        assert file.read() == "erste\nzweite: ä\n"


def test_no_path(ours):
    with pytest.raises(NotImplementedError):
        ours.path("a")


def test_read_only(ours):
    ours.save("a", ContentFile(b"x"))
    for mode in ("wb", "w", "ab", "r+"):
        with pytest.raises(ValueError, match=r"read only .* save\(\) stores one"):
            ours.open("a", mode)


# What is in the database.


def leftovers(mongodb, bucket):
    return mongodb[bucket].files.count_documents({}), mongodb[bucket].chunks.count_documents({})


def test_nothing_is_left_of_a_file_that_was_deleted(ours, mongodb, bucket):
    ours.save("a", ContentFile(BIG))
    assert leftovers(mongodb, bucket) == (1, 3)
    ours.delete("a")
    assert leftovers(mongodb, bucket) == (0, 0)


def test_nothing_is_left_of_an_upload_that_fails(ours, mongodb, bucket):
    class Broken(ContentFile):
        def chunks(self, chunk_size=None):
            yield BIG
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        ours.save("a", Broken(b""))
    assert leftovers(mongodb, bucket) == (0, 0)
    assert not ours.exists("a")


def test_of_many_who_save_one_name_each_has_a_file(bucket, mongodb):
    start = threading.Barrier(6)

    class Together(ContentFile):
        """All have found the name free when the first has read what it saves."""

        def chunks(self, chunk_size=None):
            start.wait(30)
            return super().chunks(chunk_size)

    def save(number):
        content = bytes([number]) * 300_000
        return GridFSStorage(bucket).save("a.bin", Together(content)), content

    with ThreadPoolExecutor(6) as pool:
        saved = dict(pool.map(save, range(6)))
    assert len(saved) == 6
    assert "a.bin" in saved
    for name, content in saved.items():
        assert read(GridFSStorage(bucket), name) == content
    assert leftovers(mongodb, bucket) == (6, 12)


def test_settings(mongodb, bucket):
    values = {
        "BACKEND": "django_mongokit.storage.GridFSStorage",
        "OPTIONS": {"bucket": bucket, "base_url": "/m/"},
    }
    made = StorageHandler({"default": values})["default"]
    made.save("a", ContentFile(b"x"))
    assert made.url("a") == "/m/a"
    assert mongodb[bucket].files.find_one()["filename"] == "a"
    assert GridFSStorage(bucket).base_url == django_settings.MEDIA_URL


def test_in_a_migration():
    text, imports = MigrationWriter.serialize(GridFSStorage("pictures", using="archive"))
    assert text == "django_mongokit.storage.GridFSStorage('pictures', using='archive')"
    assert imports == {"import django_mongokit.storage"}


# The view.


def ask(storage, name="a.txt", method="get", **headers):
    request = getattr(RequestFactory(), method)(
        "/", headers={key.replace("_", "-"): value for key, value in headers.items()}
    )
    return serve(request, name, storage)


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.fixture
def digits(ours):
    ours.save("a.txt", ContentFile(b"0123456789"))
    return ours


def test_whole(digits):
    response = ask(digits)
    assert (response.status_code, body(response)) == (200, b"0123456789")
    assert {name: response[name] for name in ("Content-Type", "Content-Length", "Accept-Ranges")} == {
        "Content-Type": "text/plain",
        "Content-Length": "10",
        "Accept-Ranges": "bytes",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.has_header("Content-Disposition")


def test_head(digits):
    response = ask(digits, method="head", Range="bytes=0-3")
    assert (response.status_code, body(response), response["Content-Length"]) == (200, b"", "10")


RANGES = {
    "first": ("bytes=0-3", 206, b"0123"),
    "one": ("bytes=4-4", 206, b"4"),
    "rest": ("bytes=7-", 206, b"789"),
    "last": ("bytes=-2", 206, b"89"),
    "more than all": ("bytes=-99", 206, b"0123456789"),
    "beyond the end": ("bytes=8-99", 206, b"89"),
    "capitals": ("BYTES=0-0", 206, b"0"),
    "behind the end": ("bytes=10-", 416, b""),
    "nothing": ("bytes=-0", 416, b""),
    "turned": ("bytes=5-4", 200, b"0123456789"),
    "two": ("bytes=0-1,3-4", 200, b"0123456789"),
    "other unit": ("lines=0-3", 200, b"0123456789"),
    "empty": ("bytes=-", 200, b"0123456789"),
    "nonsense": ("bytes=a-b", 200, b"0123456789"),
    "long": ("bytes=0-" + "9" * 300, 206, b"0123456789"),
    # More digits than Python makes a number of.
    "huge last": ("bytes=0-" + "9" * 5000, 206, b"0123456789"),
    "huge first": ("bytes=" + "9" * 5000 + "-", 416, b""),
    "huge both": ("bytes=" + "9" * 5000 + "-" + "9" * 5000, 416, b""),
    "huge suffix": ("bytes=-" + "9" * 5000, 206, b"0123456789"),
    "huge and turned": ("bytes=" + "9" * 5000 + "-5", 200, b"0123456789"),
    "zeros in front": ("bytes=" + "0" * 5000 + "1-" + "0" * 5000 + "3", 206, b"123"),
    "a suffix of zeros": ("bytes=-" + "0" * 5000, 416, b""),
    "arabic digits": ("bytes=٠-٣", 200, b"0123456789"),
}


@pytest.mark.parametrize(("wanted", "status", "expected"), RANGES.values(), ids=RANGES)
def test_range(digits, wanted, status, expected):
    response = ask(digits, Range=wanted)
    assert (response.status_code, body(response)) == (status, expected)
    if status == 206:
        start = b"0123456789".index(expected)
        assert response["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/10"
        assert response["Content-Length"] == str(len(expected))
    if status == 416:
        assert response["Content-Range"] == "bytes */10"


@pytest.mark.parametrize("start", [0, 1, 255 * 1024 - 1, 255 * 1024, 600_000, len(BIG) - 1])
def test_ranges_across_chunks(ours, start):
    ours.save("big", ContentFile(BIG))
    assert body(ask(ours, "big", Range=f"bytes={start}-{start + 299_999}")) == BIG[start : start + 300_000]


def test_range_of_an_empty_file(ours):
    ours.save("empty", ContentFile(b""))
    assert ask(ours, "empty", Range="bytes=0-").status_code == 416
    assert body(ask(ours, "empty")) == b""


def test_conditions(digits):
    whole = ask(digits)
    etag, modified = whole["ETag"], whole["Last-Modified"]
    for condition in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        response = ask(digits, If_None_Match=condition)
        assert (response.status_code, response["ETag"], body(response)) == (304, etag, b"")
    assert ask(digits, If_None_Match='"x"').status_code == 200
    assert ask(digits, If_Modified_Since=modified).status_code == 304
    assert ask(digits, If_Match='"x"').status_code == 412
    for condition, status in ((etag, 206), (modified, 206), (f"W/{etag}", 200), ('"x"', 200), ("x", 200)):
        assert ask(digits, Range="bytes=0-3", If_Range=condition).status_code == status, condition


def test_a_file_that_is_stored_anew_has_another_etag(digits):
    before = ask(digits)["ETag"]
    digits.delete("a.txt")
    digits.save("a.txt", ContentFile(b"0123456789"))
    assert ask(digits)["ETag"] != before
    assert ask(digits, If_None_Match=before).status_code == 200


KINDS = {
    "page.html": ("text/html", True),
    "drawing.svg": ("image/svg+xml", True),
    "picture.png": ("image/png", False),
    "film.mp4": ("video/mp4", False),
    "letter.pdf": ("application/pdf", False),
    "data.xml": (None, True),
    "unknown": ("application/octet-stream", True),
}


@pytest.mark.parametrize(("name", "kind", "attached"), [(name, *rest) for name, rest in KINDS.items()])
def test_what_can_carry_scripts_is_downloaded(ours, name, kind, attached):
    ours.save(name, ContentFile(b"<script>alert(1)</script>"))
    response = ask(ours, name)
    assert kind in (None, response["Content-Type"])
    assert response.get("Content-Disposition") == ("attachment" if attached else None)


@pytest.mark.parametrize(
    "kind", ["TEXT/HTML", "text/plainhtml", "image/SVG+xml", "image/svg+xml; charset=x", "x"]
)
def test_whatever_somebody_says_that_it_is(ours, kind):
    ours.save("a", SimpleUploadedFile("a", b"x", content_type=kind))
    assert ask(ours, "a")["Content-Disposition"] == "attachment"


@pytest.mark.parametrize("name", [*OUTSIDE, "nothing", "", "nul\0", "$where", "x" * 5_000])
def test_no_such_file(digits, name):
    with pytest.raises(Http404):
        ask(digits, name)


def test_other_methods(digits):
    response = ask(digits, method="post")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_the_default_storage(digits, monkeypatch):
    monkeypatch.setitem(storages._storages, "default", digits)
    from django.core.files.storage import default_storage

    monkeypatch.setattr(default_storage, "_wrapped", digits)
    assert body(serve(RequestFactory().get("/"), "a.txt")) == b"0123456789"


def test_a_file_that_is_deleted_while_it_is_sent(ours):
    """The answer breaks off, and does not go on for ever."""
    ours.save("big", ContentFile(BIG))
    response = ask(ours, "big", Range="bytes=1-")
    ours.delete("big")
    with pytest.raises(CorruptGridFile):
        body(response)


def test_under_asgi(ours):
    """In a thread, a chunk at a time: Django would read all of it at once, and say so in a warning."""
    ours.save("big", ContentFile(BIG))
    response = serve(AsyncRequestFactory().get("/"), "big", ours)
    assert response.is_async

    async def collect():
        return [part async for part in response]

    import asyncio

    parts = asyncio.run(collect())
    assert b"".join(parts) == BIG
    assert len(parts) > 1
