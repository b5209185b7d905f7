"""The engines beside the default one: real programs, and what happens where they fail."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import django_static
from django_static import minify
from django_static.minify import engines, verify
from django_static.minify.engines import command, helper
from django_static.minify.engines.tdewolff import _helpers

YUI = Path("/usr/share/java/yuicompressor.jar")
CLOSURE = Path("/usr/share/java/closure-compiler.jar")
SCRIPT = "function add(first, second) {\n  // a remark\n  return first + second;\n}\nadd( 1, 2 );\n"
STYLE = "body  {\n  margin : 0px ;\n}\n/* a remark */\np { color: red }\n"
BROKEN = "function ( { ]"


def jar(path: Path) -> str:
    """A Java archive that can be run here; the test is skipped where it cannot."""
    if not path.exists() or shutil.which("java") is None:
        pytest.skip(
            f"{path} or java is not installed (Debian: yui-compressor closure-compiler default-jre-headless)"
        )
    return str(path)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian has it as a package of that name)")
    return found


@pytest.fixture
def fake(tmp_path):
    """Make an executable shell script."""

    def make(text: str, name: str = "engine") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return make


def reason(text: str, kind: str, *chain: str) -> str:
    """Why a text was left as it is."""
    result = minify.slim(text, kind, chain)
    assert result.text.startswith("/* django-static: not minified: ")
    assert result.text.endswith(text)
    return result.problem


class TestNames:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("slimmer", "there is no engine 'slimmer'"),
            ("", "there is no engine ''"),
            ("closure", "the engine 'closure' needs a path, as in 'closure:/path/to/closure.jar'"),
            ("yui!:", "the engine 'yui!:' needs a path"),
            ("strip:/a", "there is no engine 'strip:/a'"),
            ("os.path.nothing", "there is no engine 'os.path.nothing'"),
            ("no_such_module.minify", "no_such_module"),
        ],
    )
    def test_unknown(self, name, message):
        with pytest.raises(ImportError, match=message.replace("(", r"\(")):
            engines.load(name)

    def test_known(self):
        assert set(engines.names()) == {
            "tdewolff",
            "strip",
            "jsmin",
            "lightningcss",
            "esbuild",
            "closure",
            "yui",
        }
        assert engines.load("textwrap.dedent") is textwrap.dedent

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("strip", "html"),
            ("jsmin", "css"),
            ("lightningcss", "js"),
            ("esbuild", "html"),
            ("closure:/x.jar", "css"),
            ("yui:/x.jar", "html"),
        ],
    )
    def test_kinds_they_do_not_know(self, name, kind):
        assert f", not {kind}" in engines.check(name, kind)

    @pytest.mark.parametrize("name", ["tdewolff", "strip"])
    @pytest.mark.parametrize("kind", ["css", "js"])
    def test_check_of_those_that_work(self, name, kind):
        assert engines.check(name, kind) == ""


class TestPrograms:
    """``closure:/path`` and the like; a script stands for what can be at the path."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("echo 'line 1: bad' >&2; exit 3", "the YUI Compressor ended with 3: line 1: bad"),
            ("exit 3", "the YUI Compressor ended with 3: it said nothing"),
            ("cat >/dev/null; echo Oh >&2", "the YUI Compressor printed no result: Oh"),
            ("cat >/dev/null; printf '\\377'", "the YUI Compressor printed what is not UTF-8"),
            ("kill -9 $$", "the YUI Compressor ended with -9"),
        ],
        ids=["fails", "fails silently", "nothing", "not UTF-8", "killed"],
    )
    def test_failure(self, fake, text, message):
        assert message in reason(SCRIPT, "js", f"yui:{fake(text)}")

    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            (
                [
                    "[ERROR] 1:8:missing ; before statement",
                    "[ERROR] 1:0:Compilation produced 1 syntax errors.",
                    "org.mozilla.javascript.EvaluatorException: Compilation produced 1 syntax errors.",
                    "\tat com.yahoo.platform.yui.compressor.YUICompressor$1.runtimeError(YUICompressor.java:154)",
                    "\tat org.mozilla.javascript.Parser.parse(Unknown Source)",
                ],
                "[ERROR] 1:8:missing ; before statement [ERROR] 1:0:Compilation produced 1 syntax errors.",
            ),
            (
                [
                    'Exception in thread "main" java.lang.reflect.InvocationTargetException',
                    "\tat java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
                    "Caused by: java.lang.RuntimeException: out of luck",
                    "\tat a.B.<init>(B.java:5)",
                    "\t... 5 more",
                ],
                "java.lang.RuntimeException: out of luck",
            ),
            (
                ['Exception in thread "main" java.lang.OutOfMemoryError: Java heap space'],
                "java.lang.OutOfMemoryError: Java heap space",
            ),
            (["Error: at line 3 (a)", "java is here"], "Error: at line 3 (a) java is here"),
        ],
    )
    def test_of_a_trace_what_matters_is_told(self, fake, lines, said):
        path = fake(f"cat >/dev/null; printf '%s\\n' {' '.join(map(shlex.quote, lines))} >&2; exit 2")
        message = reason(SCRIPT, "js", f"yui:{path}")
        assert message.split(" ended with 2: ")[1].startswith(said)
        assert " at " not in message.replace("Error: at line", "")

    def test_chatter_is_no_failure(self, fake):
        path = fake("echo 'Picked up JAVA_TOOL_OPTIONS: -Dx' >&2; tr -d '\\n' ")
        assert minify.slim("a (1);\nb (2);\n", "js", [f"closure:{path}"]) == ("a (1);b (2);", "")

    def test_options(self, fake, tmp_path):
        for name, kind, expected in (
            ("yui", "css", "--type css --charset utf-8"),
            ("closure", "js", "--charset UTF-8 --warning_level QUIET"),
        ):
            engines.load(f"{name}:{fake(f'echo $* > {tmp_path}/options; cat')}")("a", kind)
            assert (tmp_path / "options").read_text().strip() == expected

    def test_text_goes_through_in_utf_8(self, fake):
        assert engines.load(f"yui:{fake('cat')}")("a('é€𝄞')", "js") == "a('é€𝄞')"

    def test_large_text(self, fake):
        text = "a('é');\n" * 100_000
        assert engines.load(f"yui:{fake('cat')}")(text, "js") == text

    def test_what_hangs_is_stopped_with_all_it_started(self, fake, tmp_path, monkeypatch):
        monkeypatch.setattr(command, "TIMEOUT_SECONDS", 0.5)
        os.mkfifo(tmp_path / "pipe")
        path = fake(f"sh -c 'echo $$ > {tmp_path}/child; exec sleep 600' & wait")
        assert "took more than 0.5 seconds and was stopped" in reason(SCRIPT, "js", f"closure:{path}")
        assert is_gone(int((tmp_path / "child").read_text()))

    def test_interrupted(self, fake, tmp_path):
        # When it has read its input it is waited for.
        path = fake(f"echo $$ > {tmp_path}/child; cat > /dev/null; kill -INT {os.getpid()}; exec sleep 600")
        with pytest.raises(KeyboardInterrupt):
            engines.load(f"yui:{path}")("a", "js")
        assert is_gone(int((tmp_path / "child").read_text()))

    @pytest.mark.parametrize("name", ["compiler.jar", "compiler"])
    def test_there_is_none(self, tmp_path, name):
        path = tmp_path / name
        assert f"the Closure Compiler is not at '{path}'; give the path of its .jar" in reason(
            SCRIPT, "js", f"closure:{path}"
        )

    def test_not_executable(self, fake):
        path = fake("cat")
        os.chmod(path, 0o644)
        assert "is neither a .jar nor a program that may be run" in reason(SCRIPT, "js", f"closure:{path}")

    def test_not_a_program(self, tmp_path):
        path = tmp_path / "engine"
        path.write_bytes(b"\0\1\2")
        path.chmod(0o755)
        assert "could not be run" in reason(SCRIPT, "js", f"closure:{path}")

    def test_no_java(self, tmp_path, monkeypatch):
        (tmp_path / "compiler.jar").touch()
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("JAVA_HOME", raising=False)
        assert "the Closure Compiler needs Java, and there is no java in PATH or JAVA_HOME" in reason(
            SCRIPT, "js", f"closure:{tmp_path}/compiler.jar"
        )

    def test_the_java_of_java_home(self, tmp_path, monkeypatch, fake):
        (tmp_path / "compiler.jar").touch()
        fake('echo "$1,$2"', "home/bin/java")
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
        assert (
            engines.load(f"closure:{tmp_path}/compiler.jar")("a", "js") == f"-jar,{tmp_path}/compiler.jar\n"
        )


@pytest.fixture(scope="module")
def hasty_java(tmp_path_factory):
    """A folder with a java that makes no effort to run long: half of the time it needs goes into its own compilers."""
    found = shutil.which("java")
    folder = tmp_path_factory.mktemp("java")
    if found is not None:
        path = folder / "java"
        path.write_text(
            f'#!/bin/sh\nexec {shlex.quote(found)} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "$@"\n'
        )
        path.chmod(0o755)
    return folder


@pytest.fixture
def hasty(hasty_java, monkeypatch):
    monkeypatch.setenv("PATH", f"{hasty_java}{os.pathsep}{os.environ['PATH']}")
    # By which the scripts of Debian go.
    monkeypatch.setenv("JAVA_CMD", str(hasty_java / "java"))


@pytest.mark.usefixtures("hasty")
class TestJars:
    @pytest.mark.parametrize(
        ("name", "path", "kind", "text", "expected"),
        [
            ("yui", YUI, "css", STYLE, "body{margin:0}p{color:red}"),
            ("yui", YUI, "js", SCRIPT, "function add(b,a){return b+a}add(1,2);"),
            ("closure", CLOSURE, "js", SCRIPT, "function add(a,b){return a+b}add(1,2);"),
        ],
        ids=["yui css", "yui js", "closure"],
    )
    def test_they_minify(self, name, path, kind, text, expected):
        result = minify.slim(text, kind, [f"{name}:{jar(path)}"])
        assert (result.text.strip(), result.problem) == (expected, "")

    def test_closure_loses_no_licence(self):
        text = "/*! one */\nvar a = '/*! none */' ;\n/*! two */\nb ( a ) ;\n"
        result = minify.slim(text, "js", [f"closure:{jar(CLOSURE)}"])
        assert result.problem == ""
        assert result.text.startswith("/*! one */\n/*! two */\nvar a=")

    @pytest.mark.parametrize(("name", "script"), [("yui", "yui-compressor"), ("closure", "closure-compiler")])
    def test_by_the_script_of_the_distribution(self, name, script):
        assert "return" in engines.load(f"{name}:{program(script)}")(SCRIPT, "js")

    @pytest.mark.parametrize(
        ("name", "path", "said"),
        [
            ("yui", YUI, "it has a syntax error, or is written in JavaScript later"),
            ("closure", CLOSURE, "ended with"),
        ],
    )
    def test_a_syntax_error(self, name, path, said):
        message = reason(BROKEN, "js", f"{name}:{jar(path)}")
        assert said in message
        assert "java" not in message

    def test_characters_beyond_ascii(self):
        for name, path in (("yui", YUI), ("closure", CLOSURE)):
            result = engines.load(f"{name}:{jar(path)}")("a = 'é€' ;", "js")
            assert verify.difference("a = 'é€' ;", result, "js") == ""

    def test_no_archive(self, tmp_path):
        jar(YUI)
        path = tmp_path / "compiler.jar"
        path.write_text("this is none")
        assert "Invalid or corrupt jarfile" in reason(SCRIPT, "js", f"closure:{path}")

    def test_one_that_takes_too_long(self, monkeypatch):
        """No Java machine starts in five milliseconds."""
        monkeypatch.setattr(command, "TIMEOUT_SECONDS", 0.005)
        assert "took more than 0.005 seconds" in reason(SCRIPT, "js", f"closure:{jar(CLOSURE)}")


@pytest.mark.usefixtures("hasty")
class TestTheirFailureInThePage:
    """An error does not stop the page: the original is served, with the error in a leading comment."""

    @pytest.mark.parametrize("path", ["real", "fake"])
    def test_the_error_is_shown(self, site, warned, fake, path):
        engine = jar(CLOSURE) if path == "real" else fake("echo 'Parse error' >&2; exit 1")
        site.settings.DJANGO_STATIC_MINIFIERS = {"js": [f"closure!:{engine}", "tdewolff", "strip"]}
        text = "a ( 1 ) ;\nfor ( const b of c ) d ( `b` )\n"
        site.write("js/a.js", text, 5)
        url = django_static.slimfile("/js/a.js")
        published = site.text(url)
        comment, newline, rest = published.partition("\n")
        assert comment.startswith("/* django-static: not minified: closure: the Closure Compiler ended with ")
        assert "arse error" in comment
        assert comment.endswith(" */")
        assert newline + rest == "\n" + text
        assert len(warned()) == 1

    def test_without_the_mark_the_next_engine_is_asked(self, fake):
        path = fake("exit 1")
        assert minify.slim("a ( 1 )", "js", [f"closure:{path}", "strip"]) == ("a(1)", "")
        assert minify.slim("a ( 1 )", "js", [f"closure!:{path}", "strip"]).problem == (
            "closure: the Closure Compiler ended with 1: it said nothing"
        )

    def test_a_result_that_is_refused_is_no_error(self, fake):
        path = fake("echo 'b(1)'")
        assert minify.slim("a ( 1 )", "js", [f"closure!:{path}", "strip"]) == ("a(1)", "")

    def test_an_error_cannot_end_the_comment(self, fake):
        path = fake("echo '*/ evil() /* </script>' >&2; exit 1")
        result = minify.slim("a ( 1 )", "js", [f"yui!:{path}"])
        assert result.text.startswith(
            "/* django-static: not minified: yui: the YUI Compressor ended with 1: * / evil()"
        )
        assert result.text.endswith(" */\na ( 1 )")
        assert result.text.count("*/") == 1
        assert "</script" not in result.text


class TestWheels:
    def test_jsmin(self):
        text = "/*! licence */\nvar a = 1 ; // b\nc ( a ) ;\n"
        assert minify.slim(text, "js", ["jsmin"]) == ("/*! licence */var a=1;c(a);", "")

    def test_what_jsmin_breaks_is_not_published(self):
        text = "a = `x  ${ b + /* c */ 'd' }  // e`"
        result = minify.slim(text, "js", ["jsmin", "strip"])
        assert verify.difference(text, result.text, "js") == ""

    def test_lightningcss(self):
        result = minify.slim("a { b : c }\n.d { &:hover { e : f } }\n", "css", ["lightningcss"])
        assert result == ("a{b:c}.d{&:hover{e:f}}", "")

    def test_a_style_sheet_that_lightningcss_cannot_read(self):
        assert "lightningcss" in reason("a { b : c } }", "css", "lightningcss")

    @pytest.mark.parametrize(
        ("engine", "module", "kind"), [("jsmin", "rjsmin", "js"), ("lightningcss", "lightningcss", "css")]
    )
    def test_not_installed(self, monkeypatch, engine, module, kind):
        monkeypatch.setitem(sys.modules, module, None)
        assert (
            engines.check(engine, kind)
            == f"{module} is not installed: pip install slimstack-static[{engine}]"
        )


class TestEsbuild:
    @pytest.mark.parametrize(
        ("kind", "text", "expected"),
        [
            (
                "js",
                "a ( function ( long ) { return `${ long }` ?? 'é' } ) ;",
                'a(function(n){return`${n}`??"é"});',
            ),
            ("css", "a { b : c ; }\n\nd { e : f }", "a{b:c}d{e:f}"),
        ],
    )
    def test_it_minifies(self, kind, text, expected):
        assert engines.load(f"esbuild:{program('esbuild')}")(text, kind).strip() == expected

    def test_licences_stay(self):
        program("esbuild")
        text = "/*! mine */ a ( 1 ) ;  b ( 2 ) ;"
        result = minify.slim(text, "js", ["esbuild"])
        assert (result.problem, "/*! mine */" in result.text, len(result.text) < len(text)) == (
            "",
            True,
            True,
        )

    def test_a_syntax_error(self):
        program("esbuild")
        assert "esbuild ended with 1: " in reason(BROKEN, "js", "esbuild")

    def test_it_is_found_in_node_modules(self, fake, tmp_path, monkeypatch):
        fake("echo found", "site/node_modules/.bin/esbuild")
        (tmp_path / "site" / "app").mkdir()
        monkeypatch.chdir(tmp_path / "site" / "app")
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setattr(command, "run", lambda name, line, *_: line[0])
        assert engines.load("esbuild")("a", "js") == str(tmp_path / "site/node_modules/.bin/esbuild")

    def test_it_is_nowhere(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert "esbuild is neither in PATH nor in node_modules/.bin; npm install esbuild" in engines.check(
            "esbuild", "js"
        )


class TestHelper:
    """The process that holds the default engine."""

    @pytest.fixture
    def helpers(self, tmp_path, monkeypatch):
        """Processes of which the test says what they do."""
        made = []

        def make(code: str, timeout: float = 30.0) -> helper.Helpers:
            script = tmp_path / "helper.py"
            script.write_text(code)
            monkeypatch.setattr(helper, "_SCRIPT", script)
            made.append(helper.Helpers(timeout))
            return made[-1]

        yield make
        for each in made:
            each.close()

    def test_threads_get_each_their_own_answer(self):
        results: dict[int, list[str]] = {}

        def work(number):
            results[number] = [engines.tdewolff(f"a ( {number} , {turn} )", "js") for turn in range(20)]

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert results == {n: [f"a({n},{turn})" for turn in range(20)] for n in range(8)}
        assert len(_helpers._idle) <= (os.cpu_count() or 1)

    def test_large_texts(self):
        """Larger than what a pipe holds, and many statements beside one another."""
        text = "a ( 'é' ) ;\n" * 200_000
        assert len(engines.tdewolff(text, "js")) > 1_000_000

    def test_one_that_was_killed_is_replaced(self):
        engines.tdewolff("a ( 1 )", "js")
        for each in _helpers._all:
            each.process.kill()
        assert engines.tdewolff("a ( 2 )", "js") == "a(2)"

    def test_one_that_dies_as_it_is_asked_is_replaced(self):
        engines.tdewolff("a ( 1 )", "js")
        victim = _helpers._idle[-1].process
        victim.send_signal(signal.SIGSTOP)
        killer = threading.Timer(0.2, victim.kill)
        killer.start()
        assert engines.tdewolff("a ( 2 )", "js") == "a(2)"
        killer.join()
        assert victim.returncode == -signal.SIGKILL

    def test_a_text_that_kills_it(self, helpers):
        with pytest.raises(
            engines.EngineError, match="ended with 7, as it does when a text is nested too deeply"
        ):
            helpers("import os; os.read(0, 1); os._exit(7)").ask("text/css", "a{}")

    def test_one_that_hangs(self, helpers):
        with pytest.raises(engines.EngineError, match=r"took more than 0\.3 seconds and was stopped"):
            helpers("import time; time.sleep(600)", 0.3).ask("text/css", "a{}")

    def test_one_that_cannot_be_started(self, helpers, monkeypatch):
        monkeypatch.setattr(helper, "python", lambda: "/nowhere/python")
        with pytest.raises(engines.EngineError, match="could not be started"):
            helpers("").ask("text/css", "a{}")

    def test_the_engine_is_not_installed(self, tmp_path, monkeypatch):
        (tmp_path / "minify.py").write_text("raise ImportError('no such engine')")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        mine = helper.Helpers(30.0)
        for _ in range(2):
            with pytest.raises(engines.EngineError, match="ImportError: no such engine"):
                mine.ask("text/css", "a{}")
        mine.close()

    def test_it_ends_when_nothing_is_asked(self, monkeypatch):
        monkeypatch.setattr(helper, "_IDLE_SECONDS", 0.05)
        mine = helper.Helpers(30.0)
        for _ in range(2):
            assert mine.ask("text/css", "a { b : c }") == "a{b:c}"
            (process,) = [each.process for each in mine._idle]
            assert process.wait(30) == 0
        mine.close()

    def test_an_interrupted_question_leaves_no_answer_behind(self, monkeypatch):
        def interrupted(*_):
            monkeypatch.undo()
            raise KeyboardInterrupt

        engines.tdewolff("a ( 0 )", "js")
        monkeypatch.setattr(helper._Helper, "_read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            engines.tdewolff("a ( 1 )", "js")
        assert engines.tdewolff("a ( 2 )", "js") == "a(2)"

    def test_forked_workers_have_their_own(self):
        """As under ``gunicorn --preload``: the parent has asked before it forks, and goes on asking."""
        code = """
import os, sys, threading
from django_static.minify import engines
from django_static.minify.engines.tdewolff import _helpers
engines.tdewolff("a ( 1 )", "js")
mine = {each.process.pid for each in _helpers._all}
children = []
for number in range(3):
    pid = os.fork()
    if not pid:
        ok = all(engines.tdewolff(f"a ( {number} , {turn} )", "js") == f"a({number},{turn})" for turn in range(50))
        ok = ok and not mine & {each.process.pid for each in _helpers._all}
        _helpers.close()
        os._exit(0 if ok else 1)
    children.append(pid)
assert all(engines.tdewolff(f"a ( 9 , {turn} )", "js") == f"a(9,{turn})" for turn in range(50))
assert mine == {each.process.pid for each in _helpers._all}
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children))
"""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            timeout=90,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_fork_that_python_is_not_told_of(self, monkeypatch):
        engines.tdewolff("a ( 1 )", "js")
        mine = helper.Helpers(30.0)
        mine.ask("text/css", "a{}")
        before = {each.process.pid for each in mine._all}
        process = next(iter(mine._all)).process
        monkeypatch.setattr(mine, "_process", -1)
        assert mine.ask("text/css", "a { }") == ""
        assert not before & {each.process.pid for each in mine._all}
        mine.close()
        os.waitpid(process.pid, 0)

    @pytest.mark.parametrize("end", ["sys.exit(0)", "os.kill(os.getpid(), 9)"], ids=["exit", "kill -9"])
    def test_it_ends_with_its_parent(self, end):
        code = f"""
import os, sys
from django_static.minify import engines
from django_static.minify.engines.tdewolff import _helpers
engines.tdewolff("a ( 1 )", "js")
print(*[each.process.pid for each in _helpers._all], flush=True)
{end}
"""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            timeout=60,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert is_gone(int(done.stdout))

    def test_a_server_that_embeds_python(self, monkeypatch):
        monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
        assert os.path.basename(helper.python()).startswith("python")
        monkeypatch.setattr(sys, "prefix", "/nowhere")
        with pytest.raises(engines.EngineError, match="no Python interpreter"):
            helper.python()


def is_gone(pid: int) -> bool:
    """Whether a process has ended, or does within some seconds; what nobody has waited for yet counts as ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False
