"""Lists of names: one file where a block would make one of them too, and otherwise none, since half of it would be dead."""

from __future__ import annotations

import shutil
import subprocess
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

TAGS = {"django": "\n{{% {} '{}' %}}", "jinja2": "\n{{{{ {}('{}') }}}}"}
REMOTE = "@import 'https://fonts.example/a.css'; b { c: d }"

#: What of two files keeps them from being one, since no browser would run it: their names, their texts, what is said.
APART = {
    "let twice": ("js", "let a = 1", "let a = 2", "/x/one.js and /x/two.js: both declare a"),
    "let and var": (
        "js",
        "let a = 1, b = 2",
        "var b = 3, a = 2",
        "/x/one.js and /x/two.js: both declare a, b",
    ),
    "function and class": ("js", "function a() {}", "class a {}", "/x/one.js and /x/two.js: both declare a"),
}
#: What would be apart in a block, and may do something else in one file.
LAPSES = {
    "a module": ("js", "window.z = 1", "import './one.js'; export let q = 1", "/x/two.js is a module"),
    "a module first": ("js", "export let q = 1", "window.z = 1", "/x/one.js is a module"),
    "two modules": ("js", "export let q = 1", "export let z = 1", "/x/one.js is a module"),
    "strict code first": ("js", "'use strict'; s = 1", "octal = 010", "only one of them is strict"),
    "strict code last": ("js", "octal = 010", "'use strict'; s = 1", "only one of them is strict"),
    "a syntax error": ("js", "var x = ;", "window.z = 1", "/x/one.js has a syntax error"),
    "one function twice": ("js", "function a() {}", "var a = 2", "both declare a"),
    "the end before the end": ("js", "throw 1", "window.z = 1", "one of them ends early"),
    "its own URL": ("js", "a()", "import('./one.js')", "/x/two.js looks at its own script element or URL"),
    "its own element": ("js", "a = document.currentScript.src", "b()", "looks for its own script element"),
    "imports of others behind rules": ("css", "a { b: c }", REMOTE, "must come first"),
    "a namespace": ("css", "@namespace url(http://www.w3.org/2000/svg);", "a { b: c }", "@namespace"),
    "a block left open": ("css", "@media print { a { b: c }", "a { b: c }", "is not closed"),
    "an encoding that nobody knows": ("css", b"a::after { content: '\xe9' }", "a { b: c }", "the encoding"),
}


def written(site, case: str) -> tuple[str, str]:
    """The list of a case with its files written, and what is to be said."""
    kind, first, second, reason = (APART | LAPSES)[case]
    site.write(f"x/one.{kind}", first)
    site.write(f"x/two.{kind}", second)
    return f"/x/one.{kind};/x/two.{kind}", reason


def checked() -> str:
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("staticbuild", "--check", stdout=out, stderr=out, skip_checks=True)
    assert failed.value.returncode == 1
    return out.getvalue()


def block_keeps_apart(modes, engine: str, case: str) -> None:
    """A list is judged as a block is."""
    one, two = written(modes.site, case)[0].split(";")
    mark = "<link rel=stylesheet href={}>" if one.endswith("css") else "<script src={}></script>"
    block = "{% slimall %}" + mark.format(one) + mark.format(two) + "{% endslimall %}"
    modes.page(block, jinja=engine == "jinja2")
    assert modes.lazily().count("x/") == 2


@pytest.mark.parametrize("case", APART)
@pytest.mark.parametrize("engine", TAGS)
class TestApart:
    @pytest.mark.parametrize("tag", ["slimfile", "staticfile"])
    def test_nothing_is_published_and_the_names_are_printed(self, modes, warned, engine, tag, case):
        names, reason = written(modes.site, case)
        modes.page(TAGS[engine].format(tag, names), jinja=engine == "jinja2")
        for said in (warned, lambda: modes.build().splitlines()):
            html = modes.lazily() if said is warned else ""
            told = [each for each in said() if "cannot be one file" in each]
            (line,) = set(told)
            assert line.startswith(f"page, line 2, {{% {tag} %}}: {names} cannot be one file: {reason}")
            assert (html or modes.render()).strip() == names
        assert "page, line 2" in warned()[-1]
        assert f"{names} cannot be one file: " in warned()[-1], "from the manifest, too"
        assert not [each for each in modes.site.published() if "one_two" in each]

    def test_a_block_keeps_them_apart(self, modes, engine, case):
        block_keeps_apart(modes, engine, case)

    def test_the_check_tells_where(self, modes, engine, case):
        names, reason = written(modes.site, case)
        modes.page(TAGS[engine].format("slimfile", names), jinja=engine == "jinja2")
        (line,) = (each for each in checked().splitlines() if "cannot be one file" in each)
        assert line.startswith("page, line 2, ")
        assert names in line
        assert reason in line


@pytest.mark.parametrize("case", LAPSES)
@pytest.mark.parametrize("engine", TAGS)
class TestLapses:
    """They are joined as it is asked for, as ever, and people are told."""

    @pytest.mark.parametrize("tag", ["slimfile", "staticfile"])
    def test_one_file_and_a_word_of_it(self, modes, warned, engine, tag, case):
        names, reason = written(modes.site, case)
        modes.page(TAGS[engine].format(tag, names), jinja=engine == "jinja2")
        for said in (warned, lambda: modes.build().splitlines()):
            html = modes.lazily() if said is warned else ""
            told = {each for each in said() if "as it was asked for, although" in each}
            (line,) = told
            assert "is put into one file with /x/one." in line
            assert reason in line
            assert "/x/one_two." in (html or modes.render())

    def test_a_block_keeps_them_apart(self, modes, engine, case):
        block_keeps_apart(modes, engine, case)

    def test_the_check_remarks_it(self, modes, engine, case):
        names, reason = written(modes.site, case)
        modes.page(TAGS[engine].format("slimfile", names), jinja=engine == "jinja2")
        out = StringIO()
        call_command("staticbuild", "--check", stdout=out, stderr=out, skip_checks=True)
        (line,) = (each for each in out.getvalue().splitlines() if "as it was asked for, although" in each)
        assert reason in line


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node to run scripts with")
@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("tag", ["slimfile", "staticfile"])
@pytest.mark.parametrize(
    "first", ["'use strict'; x = 1", "#!/usr/bin/env node\n'use strict'; x = 1", "/*!a*/ 'use strict'\nx = 1"]
)
def test_strict_and_other_code_in_one_file_both_run(modes, tag, maps, first):
    """None of it is strict then, whichever comes first: other code would die of it."""
    modes.settings.DJANGO_STATIC_SOURCE_MAPS = maps
    modes.site.write("x/one.js", f"{first}; console.log(x)")
    modes.site.write("x/two.js", "y = 010; console.log(y, (function () { return typeof this })())")
    modes.page(TAGS["django"].format(tag, "/x/one.js;/x/two.js"))
    for shown in (modes.lazily, modes.ahead):
        assert ran(modes.site.text(shown().strip())) == "1\n8 object\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node to run scripts with")
@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("", "/* nothing */", "//nothing"), "undefined"),
        (("y = 010",), "object"),
        (("", "y = 010"), "object"),
    ],
    ids=["comments-only", "other-code", "both"],
)
@pytest.mark.parametrize("is_second", [False, True])
def test_what_minifying_leaves_nothing_of_is_no_other_code(modes, others, said, is_second):
    modes.site.write("x/strict.js", "'use strict'; console.log((function () { return typeof this })())")
    for number, text in enumerate(others):
        modes.site.write(f"x/{number}.js", text)
    names = [f"/x/{number}.js" for number in range(len(others))]
    names.insert(int(is_second), "/x/strict.js")
    modes.page(TAGS["django"].format("slimfile", ";".join(names)))
    for shown in (modes.lazily, modes.ahead):
        assert ran(modes.site.text(shown().strip())) == f"{said}\n"


def ran(script: str) -> str:
    """What a script prints."""
    done = subprocess.run(["node", "-"], input=script, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_a_build_tells_of_it_each_time(modes):
    names, reason = written(modes.site, "let twice")
    modes.page(TAGS["django"].format("slimfile", names))
    other = modes.site.write("x/other.js", "other()")
    for text in ("first()", "first()", "second()"):  # nothing known, nothing changed, something changed
        other.write_text(text)
        out = StringIO()
        call_command("staticbuild", "--all", stdout=out, stderr=out, skip_checks=True)
        assert out.getvalue().count(f"page, line 2, {{% slimfile %}}: {names} cannot be one file") == 1
        assert reason in out.getvalue()


def test_when_it_is_mended_it_is_one_file(modes):
    names, _ = written(modes.site, "let twice")
    modes.page(TAGS["django"].format("staticfile", names))
    modes.settings.DEBUG = True
    assert modes.lazily().strip() == names
    modes.site.write("x/two.js", "let b = 1", 1269174560)
    html = modes.lazily()
    assert "/x/one_two." in html
    modes.site.write("x/two.js", "let a = 3", 1269174562)
    assert modes.lazily().strip() == names


@pytest.mark.parametrize("engine", TAGS)
def test_files_of_several_kinds_fail_the_check(modes, engine):
    modes.site.write("a.js", "a()")
    modes.site.write("b.css", "b {}")
    modes.page(TAGS[engine].format("slimfile", "/a.js;/b.css"), jinja=engine == "jinja2")
    assert "/a.js;/b.css cannot be one file: only style sheets or only scripts can" in checked()


def test_what_may_be_joined_is(modes, warned):
    for number, text in enumerate(("'use strict'; a()", "'use strict'; b()", "'use strict'; c()")):
        modes.site.write(f"{number}.js", text)
    modes.page(TAGS["django"].format("slimfile", "/0.js;/1.js;/2.js"))
    for shown in (modes.lazily, modes.ahead):
        assert modes.site.text(shown().strip()).count("use strict") == 3
    assert warned() == []


def test_the_check_leaves_alone_what_it_is_told_to(modes):
    names, _ = written(modes.site, "let twice")
    modes.page(TAGS["django"].format("slimfile", names))
    out = StringIO()
    call_command("staticbuild", "--check", "--ignore=page", stdout=out, stderr=out, skip_checks=True)
    assert "cannot be one file" not in out.getvalue()
