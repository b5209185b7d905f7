"""The compressors the original named in settings of their own."""

from __future__ import annotations

import pytest

import django_static
from django_static.conf import conf
from django_static.minify import DEFAULT_ENGINES

CLOSURE = "/opt/compiler.jar"
YUI = "/opt/yui.jar"


@pytest.mark.parametrize(
    ("given", "css", "js"),
    [
        ({}, DEFAULT_ENGINES["css"], DEFAULT_ENGINES["js"]),
        ({"CLOSURE_COMPILER": CLOSURE}, DEFAULT_ENGINES["css"], (f"closure!:{CLOSURE}",)),
        ({"YUI_COMPRESSOR": YUI}, (f"yui!:{YUI}",), (f"yui!:{YUI}",)),
        ({"YUI_COMPRESSOR": YUI, "CLOSURE_COMPILER": CLOSURE}, (f"yui!:{YUI}",), (f"closure!:{CLOSURE}",)),
        ({"JSMIN": True}, DEFAULT_ENGINES["css"], ("jsmin", *DEFAULT_ENGINES["js"])),
        ({"JSMIN": True, "YUI_COMPRESSOR": YUI}, (f"yui!:{YUI}",), (f"yui!:{YUI}",)),
        ({"YUI_COMPRESSOR": YUI, "MINIFIERS": {"js": "strip"}}, (f"yui!:{YUI}",), ("strip",)),
    ],
)
def test_which_engine_is_asked(settings, given, css, js):
    for name, value in given.items():
        setattr(settings, f"DJANGO_STATIC_{name}", value)
    assert conf.minifiers["css"] == css
    assert conf.minifiers["js"] == js


def test_a_failure_is_shown_in_a_leading_comment(site, tmp_path, warned):
    """An error does not stop the page: the original is served with the error above it."""
    program = tmp_path / "compiler"
    program.write_text("#!/bin/sh\necho 'parse error in line 7' >&2\nexit 3\n")
    program.chmod(0o755)
    site.settings.DJANGO_STATIC_CLOSURE_COMPILER = str(program)
    site.write("a.js", "a ( 1 ) ;", 5)
    assert django_static.slimfile("/a.js") == "/a.5.js"
    text = site.text("/a.5.js")
    comment, newline, rest = text.partition("\n")
    assert comment.startswith("/*")
    assert "parse error in line 7" in comment
    assert (newline, rest) == ("\n", "a ( 1 ) ;")
    assert "parse error in line 7" in warned()[0]
