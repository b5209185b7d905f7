"""Engines that print without end, or end the process that asks them."""

from __future__ import annotations

import os
import resource
import sys
import threading
from io import StringIO

import pytest
from django.core.management import call_command

import django_static
from django_static import minify
from django_static.minify.engines import EngineError, command

SCRIPT = "add( 1, 2 );\n"


@pytest.fixture
def fake(tmp_path):
    """Make an executable shell script, which leaves its process id in ``child``."""

    def make(text: str) -> str:
        path = tmp_path / "engine"
        path.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/child\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return make


@pytest.fixture
def is_gone(tmp_path):
    def is_gone() -> bool:
        try:
            os.kill(int((tmp_path / "child").read_text()), 0)
        except ProcessLookupError:
            return True
        return False

    return is_gone


class TestOutput:
    @pytest.fixture(autouse=True)
    def patience(self, monkeypatch):
        """Enough for a few megabytes; what is not stopped before eats no more than memory has."""
        monkeypatch.setattr(command, "TIMEOUT_SECONDS", 5)

    @pytest.mark.parametrize(
        "text",
        ["exec yes", "yes & wait", "cat >/dev/null; exec yes", "yes >&2 & exec yes"],
        ids=["at once", "from a child", "after the text", "on both"],
    )
    def test_without_end(self, fake, is_gone, text):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = minify.slim(SCRIPT, "js", [f"closure:{fake(text)}"])
        said = "the Closure Compiler printed more than 4,000,000 bytes for a text of 13 and was stopped"
        assert said in result.problem
        assert result.text.endswith(SCRIPT)
        assert is_gone()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kilobytes"

    def test_a_long_text_may_grow(self, fake):
        text = "a( 1 );\n" * 600_000
        assert len(command.run("it", [fake("cat; printf 'a( 1 );'")], text)) == len(text) + 7
        with pytest.raises(EngineError, match=r"more than 19,200,000 bytes for a text of 4,800,000 and"):
            command.run("it", [fake("cat > /dev/null; exec yes")], text)

    def test_errors_without_end_are_not_kept(self, fake):
        """What it says of itself is read to its end, since it would wait otherwise; of that the first is shown."""
        flood = "echo first >&2; head -c 20000000 /dev/zero | tr '\\0' x >&2"
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert command.run("it", [fake(f"{flood}; cat")], SCRIPT) == SCRIPT
        with pytest.raises(EngineError, match="it ended with 3: first xxx"):
            command.run("it", [fake(f"{flood}; exit 3")], SCRIPT)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 15_000, "kilobytes"

    def test_a_page_goes_on(self, site, warned, fake):
        site.settings.DJANGO_STATIC_MINIFIERS = {"js": [f"closure!:{fake('exec yes')}"]}
        site.write("js/a.js", SCRIPT, 5)
        assert site.text(django_static.slimfile("/js/a.js")).endswith(SCRIPT)
        assert "printed more than 4,000,000 bytes" in warned()[0]


def test_one_that_closes_its_output_and_stays(fake, is_gone):
    with pytest.raises(EngineError, match=r"it took more than 0\.5 seconds and was stopped"):
        command.run("it", [fake("exec sleep 600 >&- 2>&-")], SCRIPT, 0.5)
    assert is_gone()


def test_a_child_that_got_away_keeps_nobody(fake, tmp_path):
    """With a session of its own, and the output open."""
    code = "import os, signal; os.setsid(); open(%r, 'w').write(str(os.getpid())); signal.pause()"
    away = tmp_path / "away"
    path = fake(f'{sys.executable} -c "{code % str(away)}" & while [ ! -s {away} ]; do :; done; exit 3')
    try:
        with pytest.raises(EngineError, match="it took more than 3 seconds and was stopped"):
            command.run("it", [path], SCRIPT, 3)
    finally:
        os.kill(int(away.read_text()), 9)


def test_nothing_is_left_open(fake):
    """Neither threads nor pipes."""
    path = fake("cat")
    for _ in range(3):
        command.run("it", [path], SCRIPT)
    folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    before = set(os.listdir(folder)), threading.active_count()
    for _ in range(10):
        command.run("it", [path], SCRIPT)
    assert len(set(os.listdir(folder)) - before[0]) <= 1  # that of the listing itself
    assert threading.active_count() <= before[1]


class TestOneThatEndsTheProcess:
    """A function of the site that calls ``sys.exit()``, as code that was written as a program does."""

    @pytest.fixture(autouse=True)
    def leaving(self, site):
        site.settings.DJANGO_STATIC_MINIFIERS = {"js": ["static_test_helpers.leaving"]}
        site.settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"p": "{% load django_static %}{% slimfile '/js/a.js' %}"},
                        )
                    ]
                },
            }
        ]
        site.write("js/a.js", SCRIPT, 5)

    def test_the_page_goes_on(self, site, warned):
        assert site.text(site.render("{% slimfile '/js/a.js' %}")).endswith(SCRIPT)
        assert "published without minifying: static_test_helpers.leaving: SystemExit: 3" in warned()[0]

    def test_a_text_in_a_page(self, site):
        assert site.render("{% slimcontent 'js' %}" + SCRIPT + "{% endslimcontent %}").endswith(SCRIPT)

    def test_a_build_goes_on(self, site):
        out = StringIO()
        call_command("staticbuild", stdout=out, stderr=out, skip_checks=True)
        assert "static_test_helpers.leaving: SystemExit: 3" in out.getvalue()

    def test_the_next_engine_is_asked(self):
        assert minify.slim(SCRIPT, "js", ["static_test_helpers.leaving", "strip"]) == ("add(1,2);", "")
