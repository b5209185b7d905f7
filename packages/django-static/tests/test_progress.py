"""What a command shows of its progress: on a real terminal, and where nobody watches."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from io import StringIO

import pytest
from django.core.management.base import OutputWrapper

from django_static.management.progress import ProgressLine

pty = pytest.importorskip("pty", reason="there are pseudo-terminals on POSIX only")

SETTINGS = """
SECRET_KEY = "x"
DJANGO_STATIC = True
DJANGO_STATIC_MEDIA_ROOTS = ["media"]
DJANGO_STATIC_COMPRESS = ["gz"]
INSTALLED_APPS = ["django_static"]
MEDIA_ROOT = "media"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}]
"""


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def project(tmp_path):
    for name, text in {
        "settings.py": SETTINGS,
        "media/a.css": "a { b: url(missing.png) }",
        "media/b.js": "function first() { return 1 }\n" * 50,
        "templates/p.html": "{% load django_static %}{% slimfile '/a.css' %}{% slimfile '/b.js' %}{% slimfile x %}",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def command(*arguments: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "django",
        *arguments,
        "--settings=settings",
        "--skip-checks",
        "--pythonpath=.",
    ]


def on_a_terminal(project, *arguments: str, colours: bool = True) -> str:
    """All that a command sends to the terminal that it runs on."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment |= {} if colours else {"NO_COLOR": "1"}
    environment.pop("DJANGO_COLORS", None)
    if colours:
        environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        command(*arguments), cwd=project, stdin=slave, stdout=slave, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        pieces = []
        try:
            while piece := os.read(master, 65536):
                pieces.append(piece)
        except OSError:  # what Linux says at the end
            pass
        finally:
            os.close(master)
    assert process.returncode == 0
    return b"".join(pieces).decode()


def screen(sent: str) -> list[str]:
    """What is then to be seen, as far as carriage returns and new lines go."""
    lines = []
    for row in sent.replace("\r\n", "\n").split("\n"):
        shown = ""
        for piece in row.split("\r"):
            shown = piece + shown[len(piece) :]
        lines.append(shown.rstrip())
    return lines


def test_a_build_on_a_terminal(project):
    sent = on_a_terminal(project, "staticbuild")
    assert "\r0 of 2" in sent, "in no colour, at the beginning of its line"
    assert "\r2 of 2" in sent
    seen = screen(sent)
    assert not [line for line in seen if " of 2" in line], "the line is gone at the end"
    (warning,) = [line for line in seen if "missing.png" in line]
    assert warning.replace("\x1b[33;1m", "").startswith(("p.html", str(project), "media/a.css")), (
        "a warning begins its line"
    )
    assert any("2 files (" in line for line in seen)


def test_a_build_on_a_terminal_without_colours(project):
    assert "\x1b" not in on_a_terminal(project, "staticbuild", colours=False)


@pytest.fixture
def collecting(project):
    """The same project, whose files an app has and ``collectstatic`` publishes."""
    more = """
INSTALLED_APPS += ["django.contrib.staticfiles"]
STATIC_URL, STATIC_ROOT, STATICFILES_DIRS = "/static/", "static", ["media"]
STORAGES = {"staticfiles": {"BACKEND": "django_static.storage.StaticStorage"}}
"""
    (project / "settings.py").write_text(SETTINGS + more)
    (project / "byself.py").write_text(
        "import django; django.setup()\n"
        "from django.contrib.staticfiles.storage import staticfiles_storage as s\n"
        "from django.contrib.staticfiles.finders import FileSystemFinder\n"
        "files = {path: (storage, path) for path, storage in FileSystemFinder().list([])}\n"
        "print(len(list(s.post_process(files))), 'published')\n"
    )
    return project


class TestCollectstatic:
    def test_on_a_terminal(self, collecting):
        sent = on_a_terminal(collecting, "collectstatic", "--noinput")
        assert "\r0 of 4" in sent
        assert sent.count("\r1 of 4") == 2, "what is published, and what is compressed"
        seen = screen(sent)
        assert not [line for line in seen if " of " in line]
        assert any("2 static files copied" in line and "post-processed" in line for line in seen)

    @pytest.mark.parametrize("arguments", [["--verbosity=0"], ["--dry-run"]])
    def test_not_wanted(self, collecting, arguments):
        assert " of " not in on_a_terminal(collecting, "collectstatic", "--noinput", *arguments)

    def test_nobody_watches(self, collecting):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(
            command("collectstatic", "--noinput"),
            cwd=collecting,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert "\r" not in done.stdout + done.stderr

    def test_without_a_command(self, collecting):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "DJANGO_SETTINGS_MODULE": "settings",
        }
        done = subprocess.run(
            [sys.executable, "byself.py"],
            cwd=collecting,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stdout == "2 published\n"
        assert "\r" not in done.stderr


def test_a_build_that_nobody_watches(project):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        command("staticbuild"),
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "\r" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "missing.png" in done.stderr


class TestTheLine:
    def test_it_takes_the_place_of_itself_and_goes(self):
        stream = Terminal()
        with ProgressLine(OutputWrapper(stream)) as progress:
            progress(9, 10)
            progress(10, 10)
            progress(1, 3)
            assert stream.getvalue() == "\r9 of 10\r10 of 10\r1 of 3  "
        assert screen(stream.getvalue()) == [""]

    def test_errors_are_red_and_it_is_not(self):
        wrapped = OutputWrapper(stream := Terminal())
        wrapped.style_func = "<red>{}</red>".format
        with ProgressLine(wrapped) as progress:
            progress(1, 2)
        assert "red" not in stream.getvalue()

    @pytest.mark.parametrize(
        ("stream", "is_wanted"), [(StringIO, True), (Terminal, False)], ids=["no terminal", "not wanted"]
    )
    def test_nothing_is_written(self, stream, is_wanted):
        with ProgressLine(OutputWrapper(written := stream()), is_wanted=is_wanted) as progress:
            progress(1, 2)
            logging.getLogger("django_static").error("x")
        assert written.getvalue() == ""

    def test_what_is_logged_begins_a_line(self):
        stream = Terminal()
        handler = logging.StreamHandler(stream)
        logger = logging.getLogger("django_static")
        logger.addHandler(handler)
        try:
            with ProgressLine(OutputWrapper(stream)) as progress:
                progress(1, 2)
                logger.warning("first")
                thread = threading.Thread(target=logger.warning, args=("second",))
                thread.start()
                thread.join()
                progress(2, 2)
            logger.warning("third")
        finally:
            logger.removeHandler(handler)
        assert screen(stream.getvalue()) == ["first", "second", "third", ""]
        assert not logger.filters

    def test_it_goes_when_the_work_fails(self):
        stream = Terminal()

        def work() -> None:
            with ProgressLine(OutputWrapper(stream)) as progress:
                progress(1, 2)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            work()
        assert screen(stream.getvalue()) == [""]
