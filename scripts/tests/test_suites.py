"""The suite runner: what it counts, what it says, and when it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PASSES = "def test_one():\n    assert 1 + 1 == 2\n"
FAILS = "def test_two():\n    assert 1 + 1 == 3\n"
SKIPS = "import pytest\ndef test_three():\n    pytest.skip('no such server here')\n"
BREAKS = "import a_module_that_is_not_there\n"


@pytest.fixture
def run(tmp_path: Path):
    """Run the runner over packages made of the given test files; returns (exit code, output)."""

    def run_over(packages: dict[str, str], *arguments: str, require_all: bool = False, **variables: str):
        (tmp_path / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/suites.py", tmp_path / "scripts")
        for name, body in packages.items():
            folder = tmp_path / "packages" / name / "tests"
            folder.mkdir(parents=True)
            (folder / "test_it.py").write_text(body)
        (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        environment = {
            k: v for k, v in os.environ.items() if k not in ("REQUIRE_ALL", "JOBS", "STEADY")
        } | variables
        if require_all:
            environment["REQUIRE_ALL"] = "1"
        result = subprocess.run(
            [sys.executable, "scripts/suites.py", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return result.returncode, result.stdout + result.stderr

    return run_over


@pytest.mark.parametrize(
    ("packages", "require_all", "code", "last_line"),
    [
        pytest.param({"a": PASSES, "b": PASSES}, False, 0, "2 passed, 0 failed", id="all-pass"),
        pytest.param({"a": PASSES, "b": FAILS}, False, 1, "1 passed, 1 failed", id="one-fails"),
        pytest.param({"a": PASSES + SKIPS}, False, 0, "1 passed, 0 failed, 1 skipped", id="skip-is-told"),
        pytest.param(
            {"a": PASSES + SKIPS}, True, 1, "1 passed, 1 failed", id="skip-is-a-failure-when-all-is-required"
        ),
        pytest.param({"a": PASSES, "b": BREAKS}, False, 1, "1 passed, 1 failed", id="broken-import"),
        pytest.param({}, False, 1, "0 passed, 0 failed", id="nothing-ran"),
    ],
)
def test_outcome(run, packages, require_all, code, last_line):
    exit_code, output = run(packages, require_all=require_all)
    assert exit_code == code
    assert output.strip().splitlines()[-1] == last_line


def test_reason_of_a_skip_is_listed_at_the_end(run):
    _, output = run({"a": PASSES + SKIPS})
    assert "Skipped:" in output
    assert "no such server here" in output.split("Skipped:")[1]


def test_one_suite_and_arguments_for_pytest(run):
    code, output = run({"a": PASSES, "b": FAILS}, "a", "--", "-k", "one")
    assert code == 0
    assert "== b" not in output


UNSTEADY = """
import pathlib, pytest

@pytest.mark.parametrize("way", {ways})
def test_by_chance(way):
    mark = pathlib.Path("tried-" + way)
    tried = mark.exists()
    mark.touch()
    assert tried, f"not this time, {{way}}"
"""


def unsteady(number: int) -> str:
    return UNSTEADY.format(ways=[f"way {i}" for i in range(number)])


def test_what_fails_by_chance_is_tried_again_and_told(run):
    code, output = run({"a": PASSES + unsteady(3), "b": PASSES})
    assert code == 0, output
    assert "not this time" in output, "the first failure is shown"
    told = output.split("Unsteady, passed the second time:")[1].split("\n\n")[0].split("\n")
    assert sorted(filter(None, told)) == [
        f"  a: packages.a.tests.test_it::test_by_chance[way {i}]" for i in range(3)
    ]
    assert re.search(r"^a +4 passed, 0 failed, 0 skipped", output, re.MULTILINE)
    assert output.strip().splitlines()[-1] == "5 passed, 0 failed"


def test_a_steady_run_is_asked_for(run):
    code, output = run({"a": PASSES + unsteady(1)}, STEADY="1")
    assert code == 1
    assert "Unsteady, passed the second time, which STEADY=1 forbids:\n  a: " in output
    assert output.strip().splitlines()[-1] == "1 passed, 1 failed"


def test_what_fails_again_has_failed(run):
    code, output = run({"a": FAILS + unsteady(1)})
    assert code == 1
    assert "Failed:\n  a: packages.a.tests.test_it::test_two\n" in output
    assert "Unsteady, passed the second time:\n  a: packages.a.tests.test_it::test_by_chance" in output
    assert output.strip().splitlines()[-1] == "1 passed, 1 failed"


def test_many_failures_are_no_chance(run):
    code, output = run({"a": unsteady(11)})
    assert code == 1
    assert "Unsteady" not in output
    assert output.strip().splitlines()[-1] == "0 passed, 11 failed"


SHARED = """
import pathlib, pytest

@pytest.fixture(scope="module")
def shared():
    mark = pathlib.Path("shared-was-tried")
    tried = mark.exists()
    mark.touch()
    assert tried, "not made this time"

@pytest.mark.parametrize("number", range(30))
def test_with_it(shared, number):
    assert number >= 0
"""


def test_what_many_share_fails_once(run):
    code, output = run({"a": SHARED})
    assert code == 0, output
    assert output.count("a: packages.a.tests.test_it::test_with_it[") == 30
    assert output.strip().splitlines()[-1] == "30 passed, 0 failed"


LONG = """
def test_long():
    raise ValueError("first line\\n" + "".join(f"line {at}\\n" for at in range(100)) + "x" * 1000)
"""


def test_why_is_said_at_the_end(run):
    _, output = run({"a": FAILS, "b": LONG})
    told = [line.strip() for line in output.split("\nFailed:\n")[1].splitlines()]
    assert told[:2] == ["a: packages.a.tests.test_it::test_two", "assert (1 + 1) == 3"]
    assert told[2:5] == ["b: packages.b.tests.test_it::test_long", "ValueError: first line", "..."]
    assert told[5:16] == [*(f"line {at}" for at in range(91, 100)), "x" * 200, ""]


def test_two_suites_remember_apart_what_failed(run):
    """They have one root, and run at the same time."""
    packages = {name: unsteady(1).replace("tried-", f"tried-{name}-") for name in "abcd"}
    code, output = run(packages, JOBS="2")
    assert code == 0, output
    assert output.strip().splitlines()[-1] == "4 passed, 0 failed"


NO_ROOM = """
import resource, signal
def test_what_ends_the_run():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
"""


def test_a_run_that_ends_without_a_report_has_failed(run):
    code, output = run({"a": NO_ROOM})
    assert code == 1
    assert re.search(
        r"a: the run ended in the middle, with exit code \d+, before its report was written", output
    )


def test_unknown_suite_is_named_with_those_there_are(run):
    code, output = run({"a": PASSES}, "c")
    assert code == 2
    assert "no suite named c; there are a" in output


MEETS = """
import pathlib, time

def test_meets_the_other():
    print("{me} begins", flush=True)
    pathlib.Path("{me}.here").touch()
    end = time.monotonic() + 30
    while not pathlib.Path("{other}.here").exists():
        assert time.monotonic() < end, "{me} is alone"
        time.sleep(0.01)
    print("{me} ends", flush=True)
"""


def test_two_at_a_time_each_told_whole(run):
    packages = {"a": MEETS.format(me="a", other="b"), "b": MEETS.format(me="b", other="a"), "c": FAILS}
    code, output = run(packages, "--", "-s", JOBS="2")
    assert code == 1
    told = re.findall(r"^(?:== \w+|[ab] begins|\.?[ab] ends)$", output, re.MULTILINE)
    assert told == [
        "== a", "a begins", "a ends", "== b", "b begins", "b ends", "== c", "== summary",
    ]  # fmt: skip
    assert "assert (1 + 1) == 3" in output, "the failure is shown"
    assert output.strip().splitlines()[-1] == "2 passed, 1 failed"


def test_one_after_the_other(run):
    alone = "import pathlib\ndef test_alone():\n    assert not pathlib.Path('{0}').exists()\n"
    first = alone.format("second.here") + "    pathlib.Path('first.here').touch()\n"
    second = "import pathlib\ndef test_later():\n    assert pathlib.Path('first.here').exists()\n"
    code, output = run({"a": first, "b": second}, JOBS="1")
    assert code == 0, output


def test_what_takes_long_begins_first(run):
    code, output = run(dict.fromkeys(("a", "docs", "django-static", "plog"), PASSES), JOBS="1")
    assert code == 0, output
    assert re.findall(r"^== (\S+)$", output, re.MULTILINE) == [
        "django-static",
        "plog",
        "docs",
        "a",
        "summary",
    ]


@pytest.mark.parametrize("jobs", ["0", "two", "-1"])
def test_no_number_of_jobs(run, jobs):
    code, output = run({"a": PASSES}, JOBS=jobs)
    assert code == 2
    assert f"JOBS is {jobs!r}" in output
    assert "Traceback" not in output


def test_a_python_for_each(run, tmp_path):
    for name in "ab":
        python = tmp_path / "envs" / name / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\necho "python of {name}"\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
    code, output = run(
        {"a": PASSES, "b": PASSES, "c": PASSES}, "--python", str(tmp_path / "envs/{suite}/python"), "a", "b"
    )
    assert code == 0
    assert "python of a" in output.split("== b")[0]
    assert "python of b" in output.split("== b")[1]
    assert output.strip().splitlines()[-1] == "2 passed, 0 failed"


def test_another_root(run, tmp_path):
    unpacked = tmp_path / "unpacked"
    (unpacked / "packages/a/tests").mkdir(parents=True)
    here = "from pathlib import Path\ndef test_here():\n    assert Path.cwd().name == 'unpacked'\n"
    (unpacked / "packages/a/tests/test_it.py").write_text(here)
    code, output = run({"a": FAILS, "b": FAILS}, "--root", "unpacked")
    assert code == 0, output
    assert output.strip().splitlines()[-1] == "1 passed, 0 failed"


def test_every_suite_of_the_repository_is_found(run):
    code, output = run({}, "none", "--root", str(ROOT))
    assert code == 2
    named = set(output.strip().rpartition("there are ")[2].split(", "))
    folders = [*ROOT.glob("*/tests"), *ROOT.glob("*/*/tests")]
    assert named == {folder.parent.name for folder in folders}


def test_unknown_option_shows_what_there_is(run):
    code, output = run({"a": PASSES}, "--pyhton", "python3")
    assert code == 2
    assert "--python PYTHON" in output
    assert "Traceback" not in output
