"""Compressed siblings: the right bytes, whole or not there, and never made twice."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from importlib import import_module
from pathlib import Path

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_static import compress, names
from django_static.compress import codecs, worth

WORKER = Path(__file__).parent / "helpers" / "static_test_compressor.py"
ZSTD = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
UNPACK = {"gz": gzip.decompress, "br": brotli.decompress, "zst": ZSTD.decompress}
ALL = ("gz", "br", "zst")
TEXT = b"body { margin: 0; padding: 0 }\n" * 100
OTHER = b"p { color: red; background: blue }\n" * 120
_PACKED = [
    "png",
    "jpg",
    "JPEG",
    "webp",
    "avif",
    "gif",
    "woff",
    "woff2",
    "mp4",
    "zip",
    "gz",
    "br",
    "zst",
    "svgz",
]
_LOOSE = [
    "svg",
    "ttf",
    "otf",
    "eot",
    "ico",
    "wasm",
    "json",
    "map",
    "txt",
    "xml",
    "html",
    "js",
    "css",
    "mjs",
    "bmp",
]
NOISE = random.Random(5).randbytes(300_000)


class Folder:
    """A published folder beside a cache."""

    def __init__(self, root: Path) -> None:
        self.root = root / "published"
        self.root.mkdir()
        self.cache = compress.Cache(root / "cache")

    def write(self, name: str, data: bytes, mtime: float = 1269174558.25) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (mtime, mtime))
        return path

    def run(self, *paths: Path, formats=ALL, **options):
        items = [
            (path, names.content_digest(path.read_bytes()) if path.exists() else "0" * 64) for path in paths
        ]
        return compress.compress_many(items, formats, self.cache, root=self.root, **options)

    def beside(self, path: Path) -> list[str]:
        """The suffixes of what lies beside a file."""
        return sorted(other.name.removeprefix(path.name) for other in path.parent.glob(f"{path.name}.*"))

    def entries(self) -> list[Path]:
        return sorted(path for path in self.cache.folder.glob("??/*"))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def open_folder():
    """One that other users may look into, which pytest's own folders are not for."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Folder(Path(name))


def run_worker(forks, folder, formats="gz,br", *how, root=None):
    process = start_worker(forks, folder, formats, *how, root=root)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return [(Path(path).name, *rest) for path, *rest in json.loads(output.splitlines()[-1])]


def start_worker(forks, folder, formats="gz,br", *how, root=None):
    return forks.start(WORKER, root or folder.root, folder.cache.folder, formats, *how)


def assert_whole(root: Path) -> int:
    """Every sibling there is says what its original says; how many there are."""
    found = [path for path in root.rglob("*") if path.suffix[1:] in UNPACK]
    for path in found:
        assert UNPACK[path.suffix[1:]](path.read_bytes()) == path.with_suffix("").read_bytes()
    return len(found)


class TestFormats:
    @given(
        st.binary(max_size=5000),
        st.sampled_from(["gz", "gz:1", "br", "br:0", "br:9", "zst", "zst:1", "zst:22"]),
    )
    def test_round_trip(self, data, name):
        (codec,) = codecs.codecs([name])
        assert UNPACK[codec.format](codec.compress(data)) == data

    @pytest.mark.parametrize("name", ["gz", "br", "zst"])
    def test_same_bytes_in_another_process(self, name):
        code = (
            "import sys; from django_static.compress import codecs; (c,) = codecs.codecs([sys.argv[1]]);"
            "sys.stdout.buffer.write(c.compress(sys.stdin.buffer.read()))"
        )
        outputs = {
            subprocess.run(
                [sys.executable, "-c", code, name],
                input=TEXT + NOISE,
                capture_output=True,
                check=True,
                env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            ).stdout
            for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
        }
        (codec,) = codecs.codecs([name])
        assert outputs == {codec.compress(TEXT + NOISE)}

    def test_gzip_has_no_time_name_or_system(self):
        (codec,) = codecs.codecs(["gz"])
        data = codec.compress(TEXT)
        assert data[:10] == bytes.fromhex("1f8b 08 00 00000000 02 ff")
        assert data[-8:] == zlib.crc32(TEXT).to_bytes(4, "little") + len(TEXT).to_bytes(4, "little")

    @pytest.mark.parametrize("level", ["zst:1", "zst:22"])
    def test_zstandard_is_what_browsers_take(self, level):
        """RFC 9659: no window above 8 MB; RFC 8878 section 3.1.1.1: the frame header."""
        content = NOISE * 32
        (codec,) = codecs.codecs([level])
        data = codec.compress(content)
        assert data[:4] == bytes.fromhex("28b52ffd")
        descriptor, window = data[4], data[5]
        has_single_segment, has_checksum, dictionary = descriptor & 32, descriptor & 4, descriptor & 3
        assert not has_single_segment
        assert not has_checksum
        assert not dictionary
        base = 1 << (10 + (window >> 3))
        assert base + base // 8 * (window & 7) <= 8 << 20
        assert ZSTD.get_frame_size(data) == len(data), "one frame"
        assert ZSTD.get_frame_info(data).decompressed_size == len(content)

    def test_all_are_available_here(self):
        assert compress.available() == ALL

    def test_without_libraries(self, monkeypatch):
        for name in ("brotli", "compression.zstd", "backports.zstd"):
            monkeypatch.setitem(sys.modules, name, None)
        assert compress.available() == ("gz",)
        with pytest.raises(compress.FormatError, match=r"'br' needs .* slimstack-static\[brotli\]"):
            compress.check(["gz", "br"])
        with pytest.raises(compress.FormatError, match=r"'zst' needs Python 3.14, or .*\[zstd\]"):
            compress.check(["zst:3"])

    @pytest.mark.parametrize(
        ("formats", "message"),
        [
            (["zip"], "there is no format 'zip'; there are gz, br, zst"),
            ([""], "there is no format ''"),
            (["br:12"], "'br:12' has no level from 0 to 11, as in 'br:11'"),
            (["gz:0"], "no level from 1 to 9"),
            (["zst:"], "no level from 1 to 22"),
            (["br:-1"], "no level"),
            (["gz", "br", "gz:1"], "'gz' and 'gz:1' are one format; name it once"),
        ],
    )
    def test_what_is_asked_for_wrongly(self, formats, message):
        with pytest.raises(compress.FormatError) as caught:
            compress.check(formats)
        assert message in str(caught.value)

    def test_the_key_tells_all_that_counts(self):
        keys = [codec.key for codec in codecs.codecs(["gz", "br:9", "zst:3"])]
        assert keys[0] == f"gz-9-{zlib.ZLIB_RUNTIME_VERSION}"
        assert keys[1] == f"br-9-{brotli.version}"
        assert keys[2].startswith("zst-3-1.")


class TestWorth:
    @pytest.mark.parametrize(
        ("name", "is_compressed"),
        [
            *((f"a.{name}", True) for name in _PACKED),
            *((f"a.{name}", False) for name in _LOOSE),
            ("LICENSE", False),
            ("folder.png/a", False),
        ],
    )
    def test_by_name(self, name, is_compressed):
        assert worth.is_compressed(name) is is_compressed

    @pytest.mark.parametrize(
        ("data", "is_dense"),
        [
            (b"\x89PNG\r\n\x1a\n" + TEXT, True),
            (b"\xff\xd8\xff\xe0" + TEXT, True),
            (gzip.compress(TEXT, mtime=0), True),
            (b"RIFF1234WEBP" + TEXT, True),
            (b"RIFF1234WAVE" + TEXT, False),
            (b"\0\0\0\x1cftypavif" + TEXT, True),
            (NOISE, True),
            (NOISE[:1000], False),
            (TEXT * 100, False),
            (NOISE[:150_000] + TEXT * 200, False),
            (b"", False),
        ],
        ids=[
            "png",
            "jpeg",
            "gzip",
            "webp",
            "wave",
            "avif",
            "noise",
            "little noise",
            "text",
            "half text",
            "none",
        ],
    )
    def test_by_content(self, data, is_dense):
        assert worth.looks_compressed(data) is is_dense

    @pytest.mark.parametrize(
        ("name", "data", "made"),
        [
            ("a.txt", TEXT, [".br", ".gz", ".zst"]),
            ("a.png", TEXT, []),
            ("a", TEXT, [".br", ".gz", ".zst"]),
            ("tiny.txt", b"a" * (worth.MINIMUM_BYTES - 1), []),
            ("small.txt", b"a" * worth.MINIMUM_BYTES, [".br", ".gz", ".zst"]),
            ("empty.txt", b"", []),
            ("noise.txt", NOISE[:5000], []),
            ("dense.txt", NOISE, []),
            ("nearly.txt", NOISE[:9600] + b"a" * 400, []),
            ("just.txt", NOISE[:9000] + b"a" * 1000, [".br", ".gz", ".zst"]),
        ],
    )
    def test_what_gets_siblings(self, folder, name, data, made):
        path = folder.write(name, data)
        (result,) = folder.run(path)
        assert (result.problem, result.size) == ("", len(data))
        assert folder.beside(path) == made
        assert sorted(f".{name}" for name in result.siblings) == made
        assert all(size <= 0.95 * len(data) for size in result.siblings.values())
        assert assert_whole(folder.root) == len(made)

    def test_what_was_not_worth_it_is_remembered(self, folder):
        path = folder.write("a.txt", NOISE[:5000])
        folder.run(path, formats=["br"])
        digest = names.content_digest(path.read_bytes())
        (codec,) = codecs.codecs(["br"])
        assert folder.cache.get(digest, codec.key) == b""


class TestOne:
    def test_beside_the_file(self, folder):
        path = folder.write("css/a.css", TEXT)
        path.chmod(0o640)
        result = compress.siblings(path, names.content_digest(TEXT), ["gz", "br"], folder.cache)
        assert result.path == path
        assert result.is_new
        for name, size in result.siblings.items():
            sibling = path.with_name(f"a.css.{name}")
            assert UNPACK[name](sibling.read_bytes()) == TEXT
            assert sibling.stat().st_size == size
            assert sibling.stat().st_mtime_ns == path.stat().st_mtime_ns
            assert stat.S_IMODE(sibling.stat().st_mode) == 0o640
        assert folder.beside(path) == [".br", ".gz"]

    def test_without_digest_or_cache(self, folder):
        path = folder.write("a.css", TEXT)
        assert set(compress.siblings(path, "", ["gz", "zst"], None).siblings) == {"gz", "zst"}
        assert assert_whole(folder.root) == 2

    def test_stale_ones_go(self, folder):
        path = folder.write("a.css", b"a{}")
        for name in ALL:
            path.with_name(f"a.css.{name}").write_bytes(b"of another day")
        result = compress.siblings(path, "", ["gz"], None)
        assert dict(result.siblings) == {}
        assert folder.beside(path) == []

    def test_a_link_gets_siblings_of_what_it_shows(self, folder, tmp_path):
        (tmp_path / "original.css").write_bytes(TEXT)
        path = folder.root / "a.css"
        path.symlink_to(tmp_path / "original.css")
        compress.siblings(path, "", ["gz"], None)
        assert gzip.decompress(path.with_name("a.css.gz").read_bytes()) == TEXT

    def test_one_that_is_gone(self, folder):
        result = compress.siblings(folder.root / "a.css", "", ["gz"], folder.cache)
        assert result.problem.startswith("FileNotFoundError")
        assert not folder.entries()

    def test_unknown_format(self, folder):
        with pytest.raises(compress.FormatError):
            compress.siblings(folder.root / "a.css", "", ["rar"], None)


class TestMany:
    def test_results_are_in_order_and_progress_is_told(self, folder):
        paths = [folder.write(f"{number}.txt", TEXT * (number + 1)) for number in (3, 1, 2)]
        paths.append(folder.write("a.png", TEXT))
        told: list[Path] = []
        results = folder.run(*paths, progress=lambda result: told.append(result.path))
        assert [result.path for result in results] == paths
        assert sorted(told) == sorted(paths)
        assert [len(result.siblings) for result in results] == [3, 3, 3, 0]
        assert assert_whole(folder.root) == 9

    def test_nothing_is_done_twice(self, folder, monkeypatch):
        paths = [
            folder.write("a.txt", TEXT),
            folder.write("b.txt", NOISE[:5000]),
            folder.write("c.txt", b"c"),
        ]
        items = [(path, names.content_digest(path.read_bytes())) for path in paths]
        first = folder.run(*paths)
        assert [result.is_new for result in first] == [True, False, False]
        ledger = next(folder.cache.ledgers.iterdir())
        written = ledger.stat().st_mtime_ns

        def no_reading(*_):
            raise AssertionError("a warm build reads and writes nothing")

        for name in ("read_bytes", "write_bytes"):
            monkeypatch.setattr(Path, name, no_reading)
        monkeypatch.setattr(compress.Cache, "get", no_reading)
        monkeypatch.setattr("django_static.output.load", lambda path: json.loads(path.read_text()))
        told: list[Path] = []
        again = compress.compress_many(
            items, ALL, folder.cache, root=folder.root, progress=lambda result: told.append(result.path)
        )
        assert [result.siblings for result in again] == [result.siblings for result in first]
        assert not any(result.is_new for result in again)
        assert told == paths
        assert ledger.stat().st_mtime_ns == written

    def test_the_cache_serves_another_folder(self, folder, monkeypatch):
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        other = Folder.__new__(Folder)
        other.root, other.cache = folder.root.parent / "other", folder.cache
        copy = other.write("deep/b.txt", TEXT)
        monkeypatch.setattr(worth, "looks_compressed", lambda data: pytest.fail("compressed again"))
        (result,) = other.run(copy)
        assert result.is_new
        assert assert_whole(other.root) == 3

    @pytest.mark.parametrize("new", [OTHER, b"tiny", NOISE[:5000]], ids=["other", "tiny", "noise"])
    @pytest.mark.parametrize("is_known", [True, False], ids=["ledger", "no ledger"])
    def test_a_new_content_under_an_old_name(self, folder, new, is_known):
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        if not is_known:
            next(folder.cache.ledgers.iterdir()).unlink()
        folder.write("a.txt", new)
        (result,) = folder.run(path)
        assert assert_whole(folder.root) == len(result.siblings) == (3 if new is OTHER else 0)
        (again,) = folder.run(path)
        assert not again.is_new

    def test_old_siblings_are_gone_before_the_work_begins(self, folder, monkeypatch):
        """A killed build must not leave those of the old content beside the new one."""
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        folder.write("a.txt", OTHER)
        seen: list[list[str]] = []
        real = worth.looks_compressed
        monkeypatch.setattr(
            worth, "looks_compressed", lambda data: seen.append(folder.beside(path)) or real(data)
        )
        folder.run(path, workers=1)
        assert seen[0] == []
        assert assert_whole(folder.root) == 3

    @pytest.mark.parametrize(
        "harm",
        {
            "removed": lambda path: path.unlink(),
            "emptied": lambda path: path.write_bytes(b""),
            "edited in place": lambda path: (
                path.write_bytes(bytes(path.stat().st_size)),
                os.utime(path, (1269174558.25, 1269174558.25)),
            ),
            "other rights": lambda path: path.chmod(0o600),
            "a link": lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
        }.items(),
        ids=lambda item: item[0],
    )
    def test_a_sibling_that_was_touched(self, folder, harm):
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        harm[1](path.with_name("a.txt.br"))
        (result,) = folder.run(path)
        assert result.problem == ""
        assert assert_whole(folder.root) == 3
        assert not path.with_name("a.txt.br").is_symlink()
        assert not folder.run(path)[0].is_new

    def test_times_follow_the_original(self, folder):
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        os.utime(path, (1300000000, 1300000000))
        assert folder.run(path)[0].is_new
        assert {path.with_name(f"a.txt.{name}").stat().st_mtime for name in ALL} == {1300000000}

    def test_other_formats(self, folder):
        path = folder.write("a.txt", TEXT)
        for formats in (["gz", "br"], ["zst"], ["gz", "zst"], ["br:1", "gz"], []):
            (result,) = folder.run(path, formats=formats)
            expected = sorted(f".{name.partition(':')[0]}" for name in formats)
            assert folder.beside(path) == expected
            assert sorted(f".{name}" for name in result.siblings) == expected
            assert assert_whole(folder.root) == len(formats)

    def test_a_published_file_is_never_taken_for_a_sibling(self, folder):
        path = folder.write("a.txt", TEXT)
        own = folder.write("a.txt.gz", b"a file of the site")
        for _ in range(2):
            result, other = folder.run(path, own)
            assert set(result.siblings) == {"br", "zst"}
            assert other.siblings == {}
            assert own.read_bytes() == b"a file of the site"
        own.unlink()
        (result,) = folder.run(path)
        assert set(result.siblings) == {"gz", "br", "zst"}
        folder.write("a.txt.gz", b"a file of the site")
        result, _ = folder.run(path, own)
        assert set(result.siblings) == {"br", "zst"}
        assert own.read_bytes() == b"a file of the site"

    def test_the_same_content_is_compressed_once(self, folder, monkeypatch):
        paths = [folder.write(f"{number}.txt", TEXT) for number in range(5)]
        calls: list[int] = []
        real = worth.looks_compressed
        monkeypatch.setattr(worth, "looks_compressed", lambda data: calls.append(len(data)) or real(data))
        folder.run(*paths, paths[0], workers=4)
        assert len(calls) == len(ALL)
        assert assert_whole(folder.root) == 15

    def test_big_ones_first(self, folder):
        """So that no thread is left alone with one at the end."""
        paths = [folder.write(f"{number}.txt", TEXT * number) for number in (1, 50, 3)]
        told: list[str] = []
        folder.run(*paths, workers=1, progress=lambda result: told.append(result.path.stem))
        assert told == ["50", "3", "1"]

    def test_relative_paths(self, folder, monkeypatch):
        folder.write("a.txt", TEXT)
        monkeypatch.chdir(folder.root)
        for is_new in (True, False):
            (result,) = compress.compress_many([(Path("a.txt"), "")], ["gz"], folder.cache, root=Path())
            assert (result.is_new, result.problem) == (is_new, "")
        assert assert_whole(folder.root) == 1


class TestFaults:
    def test_a_file_that_is_gone_does_not_cost_the_others(self, folder):
        gone, there = folder.root / "gone.txt", folder.write("there.txt", TEXT)
        results = folder.run(gone, there)
        assert results[0].problem.startswith("FileNotFoundError")
        assert assert_whole(folder.root) == len(results[1].siblings) == 3

    def test_a_content_that_is_not_the_published_one(self, folder):
        """It changed since its digest was taken; under that digest nothing may be kept."""
        path, other = folder.write("a.txt", TEXT), folder.write("b.txt", OTHER)
        items = [(path, names.content_digest(OTHER)), (other, names.content_digest(OTHER))]
        (result,) = compress.compress_many([items[0]], ALL, folder.cache, root=folder.root)
        assert "another content than it was published with" in result.problem
        assert folder.beside(path) == []
        assert folder.entries() == []
        assert compress.compress_many([items[1]], ALL, folder.cache, root=folder.root)[0].problem == ""

    def test_a_folder_in_the_way(self, folder):
        path, other = folder.write("a.txt", TEXT), folder.write("b.txt", OTHER)
        (folder.root / "a.txt.br").mkdir()
        result, fine = folder.run(path, other)
        assert result.problem.startswith("br: IsADirectoryError")
        assert set(result.siblings) == {"gz", "zst"}
        assert len(fine.siblings) == 3
        assert not list(folder.root.glob(".*"))
        (folder.root / "a.txt.br").rmdir()
        assert folder.run(path)[0].problem == ""
        assert assert_whole(folder.root) == 6

    def test_a_read_only_target(self, forks, open_folder):
        path = open_folder.write("a.txt", TEXT)
        open_folder.cache.folder.mkdir(mode=0o777)
        open_folder.cache.folder.chmod(0o777)
        open_folder.root.chmod(0o555)
        ((_, _, found, is_new, problem),) = run_worker(forks, open_folder, "gz,br", "nobody")
        assert (found, is_new) == ({}, False)
        assert "PermissionError" in problem
        assert open_folder.beside(path) == []

    def test_a_read_only_cache(self, forks, open_folder):
        path = open_folder.write("a.txt", TEXT)
        open_folder.cache.folder.mkdir(mode=0o555)
        open_folder.root.chmod(0o777)
        path.chmod(0o644)
        for _ in range(2):
            ((_, _, found, _, problem),) = run_worker(forks, open_folder, "gz,br", "nobody")
            assert (set(found), problem) == ({"gz", "br"}, "")
        assert assert_whole(open_folder.root) == 2

    def test_files_that_may_not_grow(self, forks, folder):
        """Small siblings fit, the others are reported; of those not even a part is seen."""
        folder.write("a.txt", TEXT)
        folder.write("b.bin", NOISE[:200_000] + TEXT * 2000)
        small, big = run_worker(forks, folder, "gz,br", "full")
        assert (set(small[2]), small[4]) == ({"gz", "br"}, "")
        assert big[2] == {}
        assert "File too large" in big[4]
        assert assert_whole(folder.root) == 2
        assert not list(folder.root.glob(".*"))
        assert not list(folder.cache.folder.rglob("*.tmp"))

    def test_a_full_disk(self, forks, folder, tmp_path):
        disk = tmp_path / "disk"
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(disk)]
        if os.getuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("a small disk can be mounted by root only")
        try:
            for name, data in {"a.txt": TEXT, "b.bin": NOISE[:60_000] + TEXT * 5, "c.bin": OTHER}.items():
                (disk / name).write_bytes(data)
            (disk / "b.bin.br").write_bytes(b"of an older content")
            first, full, last = run_worker(forks, folder, "br", root=disk)
            assert (set(first[2]), set(last[2]), first[4], last[4]) == ({"br"}, {"br"}, "", "")
            assert full[2] == {}
            assert "No space left" in full[4]
            assert assert_whole(disk) == 2
            assert not list(disk.glob(".*"))
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def test_killed_while_writing(self, forks, folder, monkeypatch):
        """Nothing half written is seen, the next build does the work, and sweeps up an hour later."""
        path = folder.write("a.txt", TEXT)
        path.with_name("a.txt.gz").write_bytes(b"of an older content")
        process = start_worker(forks, folder, "gz,br", "stall")
        assert process.stdout.readline() == "about to appear\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert folder.beside(path) == []
        left = list(folder.root.glob(".django-static-*.tmp"))
        assert left
        (result,) = folder.run(path, formats=["gz", "br"])
        assert assert_whole(folder.root) == len(result.siblings) == 2
        assert list(folder.root.glob(".django-static-*.tmp")) == left, "it might be at work"
        monkeypatch.setattr("django_static.compress.place._LEFTOVER_SECONDS", -1)
        folder.write("b.txt", OTHER)
        folder.run(folder.root / "b.txt")
        assert not list(folder.root.glob(".django-static-*.tmp"))

    def test_two_processes_share_a_cache(self, forks, folder, tmp_path):
        for number in range(12):
            folder.write(f"{number}.txt", TEXT * (number + 1) + bytes([number]))
        second = tmp_path / "second"
        subprocess.run(["cp", "-rp", folder.root, second], check=True)
        processes = [
            start_worker(forks, folder, "gz,br,zst", root=root) for root in (folder.root, second, folder.root)
        ]
        for process in processes:
            output, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
            assert [result[4] for result in json.loads(output)] == [""] * 12
        assert assert_whole(folder.root) == assert_whole(second) == 36
        assert len(folder.entries()) == 36
        assert not list(tmp_path.rglob("*.tmp"))

    def test_an_interrupt_stops_the_work(self, folder, monkeypatch):
        """What is being compressed at that moment does not appear later either."""
        paths = [folder.write(f"{number}.txt", TEXT + bytes([number])) for number in range(20)]
        running, go_on = threading.Event(), threading.Event()
        real = worth.looks_compressed

        calls = itertools.count()

        def slow(data):
            # By the number of calls, and not of what has been told: threads may be far ahead of that.
            if next(calls) >= 4:
                running.set()
                go_on.wait(30)
            return real(data)

        def interrupted(result):
            done.append(result.path)
            if len(done) >= 3 and running.wait(30):
                raise KeyboardInterrupt

        done: list[Path] = []
        monkeypatch.setattr(worth, "looks_compressed", slow)
        before = threading.active_count()
        with pytest.raises(KeyboardInterrupt):
            folder.run(*paths, formats=["gz"], workers=2, progress=interrupted)
        seen = assert_whole(folder.root)
        assert 3 <= seen < 20
        go_on.set()
        deadline = time.monotonic() + 30
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert assert_whole(folder.root) == seen
        monkeypatch.undo()
        folder.run(*paths, formats=["gz"])
        assert assert_whole(folder.root) == 20


class TestCache:
    @pytest.mark.parametrize(
        "harm",
        {
            "empty": lambda data, other: b"",
            "cut": lambda data, other: data[:-1],
            "cut in the checksum": lambda data, other: data[:7],
            "one bit": lambda data, other: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
            "longer": lambda data, other: data + b"\0",
            "that of another content": lambda data, other: other,
            "zeros": lambda data, other: bytes(len(data)),
        }.items(),
        ids=lambda item: item[0],
    )
    def test_a_damaged_entry_is_made_anew(self, folder, harm):
        path, other = folder.write("a.txt", TEXT), folder.write("b.txt", OTHER)
        folder.run(path, other, formats=["br"])
        digests = [names.content_digest(content) for content in (TEXT, OTHER)]
        one, two = (next(e for e in folder.entries() if e.name.startswith(digest)) for digest in digests)
        whole = one.read_bytes()
        one.write_bytes(harm[1](whole, two.read_bytes()))
        path.with_name("a.txt.br").unlink()
        folder.run(path, other, formats=["br"])
        assert assert_whole(folder.root) == 2
        assert one.read_bytes() == whole

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "null",
            "[]",
            '{"codecs": {}, "files": []}',
            '{"files": {"a": 1}}',
            '{"files": {"a": ["b", 1, {"br": 5}]}}',
        ],
    )
    def test_a_damaged_ledger(self, folder, text):
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        ledger = next(folder.cache.ledgers.iterdir())
        ledger.write_text(text)
        folder.cache.prune(3600, 10**9)
        assert folder.run(path)[0].problem == ""
        assert assert_whole(folder.root) == 3
        assert not folder.run(path)[0].is_new

    def test_use_keeps_an_entry_young(self, folder):
        folder.cache.put("ab12", "gz-9-1", b"data")
        (entry,) = folder.entries()
        week_ago = time.time() - 7 * 86_400
        os.utime(entry, (week_ago, week_ago))
        assert folder.cache.get("ab12", "gz-9-1") == b"data"
        assert entry.stat().st_mtime > week_ago + 86_400
        touched = entry.stat().st_mtime_ns
        assert folder.cache.get("ab12", "gz-9-1") == b"data"
        assert entry.stat().st_mtime_ns == touched, "not at every use"
        assert folder.cache.get("ab12", "gz-9-2") is None

    def test_pruned_by_age(self, folder):
        for digest in ("aa1", "bb2"):
            folder.cache.put(digest, "gz-9-1", b"x" * 100)
        old = time.time() - 1000
        os.utime(folder.entries()[0], (old, old))
        assert folder.cache.prune(500, 10**9) == (1, 116, 116)
        assert [entry.name for entry in folder.entries()] == ["bb2.gz-9-1"]

    def test_pruned_by_size_oldest_first(self, folder):
        for age, digest in enumerate(("cc3", "aa1", "bb2")):
            folder.cache.put(digest, "gz-9-1", b"x" * 100)
            when = time.time() - 100 * age
            os.utime(folder.cache.folder / digest[:2] / f"{digest}.gz-9-1", (when, when))
        assert folder.cache.prune(10**6, 240) == (1, 116, 232)
        assert [entry.name for entry in folder.entries()] == ["aa1.gz-9-1", "cc3.gz-9-1"]
        assert folder.cache.prune(10**6, 0).left == 0
        assert folder.entries() == []

    def test_what_a_ledger_names_is_in_use(self, folder):
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        old = time.time() - 1000
        for entry in folder.entries():
            os.utime(entry, (old, old))
        assert folder.cache.prune(500, 10**9).entries == 0
        (ledger,) = folder.cache.ledgers.iterdir()
        os.utime(ledger, (old, old))
        assert folder.cache.prune(500, 10**9).entries == 3
        assert not list(folder.cache.ledgers.iterdir())

    def test_a_ledger_in_use_is_kept_young(self, folder):
        path = folder.write("a.txt", TEXT)
        folder.run(path)
        (ledger,) = folder.cache.ledgers.iterdir()
        os.utime(ledger, (5, 5))
        folder.run(path)
        assert ledger.stat().st_mtime > 5

    def test_leftovers_are_pruned_after_an_hour(self, folder):
        folder.cache.put("aa1", "gz-9-1", b"x")
        for name, age in {"young.tmp": 5, "old.tmp": 4000}.items():
            path = folder.cache.folder / "aa" / name
            path.write_bytes(b"half")
            os.utime(path, (time.time() - age, time.time() - age))
        folder.cache.prune(10**6, 10**6)
        assert [entry.name for entry in folder.entries()] == ["aa1.gz-9-1", "young.tmp"]

    def test_pruning_where_there_is_none(self, folder):
        assert folder.cache.prune(1, 1) == (0, 0, 0)

    def test_a_digest_is_no_path(self, folder):
        with pytest.raises(ValueError, match="no digest"):
            folder.cache.get("../../x", "gz")
