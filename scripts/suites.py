"""Run the test suites, then say in one place what failed and what was skipped, and why.

    python scripts/suites.py [--python PATH] [--root FOLDER] [SUITE ...] [-- PYTEST ARGUMENTS]

Each suite is a pytest run of its own, since each Django package has its own settings. One more runs at a time than there
are processors, three at most: they start many processes and wait for them, so that two keep two processors half busy. The
longest begin first. The output of a suite is shown whole when it has ended; that of the first in line as it comes. JOBS=1
in the environment runs one after the other. With REQUIRE_ALL=1 a skipped test is a failure: that is how CI makes sure that nothing went untested.
Where tests of a suite fail for ten reasons or fewer, they are run once more in a new process: among thousands that kill
servers and fill disks on a busy machine, one may fail by chance, and where that was making what a module's tests share, all
of them did. What passes then is listed as unsteady, with its first failure shown
above: each is a fault still, in the test or in what it tests. With STEADY=1 it fails the run.
`{suite}` in the path of another Python stands for the suite's name, so that each can have an environment of its own.
Another root is a folder with packages/ in it, such as unpacked sdists.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
NO_TESTS_COLLECTED = 5
#: For as many reasons a suite may fail by chance; with more nothing is tried again.
MOST_REASONS_TRIED_AGAIN = 10
#: Of a failure, so much is said again at the end, where it is found without the whole output.
REASON_LINES = 12
REASON_WIDTH = 200
#: They take minutes each: what begins last is then short, and no processor is left without work at the end.
LONGEST = ("mongokit", "django-mongokit", "django-static", "plog", "docs", "benchmarks")


def find_suites(root: Path) -> dict[str, Path]:
    """The folders named tests of each package and example, of benchmarks/, docs/ and scripts/, by what they test."""
    folders = [*root.glob("packages/*/tests"), *root.glob("examples/*/tests")]
    folders += [root / name / "tests" for name in ("benchmarks", "docs", "scripts")]
    suites = {folder.parent.name: folder for folder in sorted(folders) if any(folder.glob("test_*.py"))}
    return {name: suites[name] for name in (*LONGEST, *suites) if name in suites}


@dataclass
class Outcome:
    """What one suite's JUnit report says."""

    suite: str
    exit_code: int
    seconds: float
    passed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    skips: list[tuple[str, str]] = field(default_factory=list)


def run(suite: str, folder: Path, root: Path, command: list[str], output: IO[bytes]) -> Outcome:
    """Run one suite, and once more what failed if that is little; all that is said goes to `output`."""
    # Suites that run at the same time must not write to one memory of what failed.
    command = [*command, "-o", f"cache_dir=.pytest_cache/{suite}"]
    outcome = run_once(suite, folder, root, command, output)
    causes = {(name.partition("::")[0], outcome.reasons[name]) for name in outcome.failures}
    if outcome.exit_code == 1 and 0 < len(causes) <= MOST_REASONS_TRIED_AGAIN:
        output.write(b"\n-- once more, what failed\n")
        output.flush()
        again = [*command, "--last-failed", "--last-failed-no-failures=none"]
        second = run_once(suite, folder, root, again, output)
        outcome.seconds += second.seconds
        outcome.unsteady = [name for name in outcome.failures if name in second.passed]
        outcome.failures = [name for name in outcome.failures if name not in second.passed]
        if not outcome.failures:
            outcome.exit_code = second.exit_code
    return outcome


def run_once(suite: str, folder: Path, root: Path, command: list[str], output: IO[bytes]) -> Outcome:
    """Run pytest over a suite in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        started = time.monotonic()
        done = subprocess.run(
            [*command, f"--junitxml={report}", str(folder)],
            cwd=root,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        outcome = Outcome(suite, done.returncode, time.monotonic() - started)
        if report.exists():
            try:
                read_report(report, outcome)
            except ET.ParseError:
                outcome.exit_code = done.returncode or 1
                text = f"\n{suite}: the run ended in the middle, with exit code {done.returncode}, before its report was written\n"
                output.write(text.encode())
                output.flush()
    return outcome


def run_all(
    suites: dict[str, Path], root: Path, python: str, arguments: list[str], jobs: int
) -> list[Outcome]:
    """Run suites, `jobs` at a time, and show what each says in one piece, in their order."""

    def command(suite: str) -> list[str]:
        return [python.replace("{suite}", suite), "-m", "pytest", "-q", *arguments]

    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        outputs = {suite: stack.enter_context(Path(scratch, suite).open("wb")) for suite in suites}
        workers = ThreadPoolExecutor(jobs)
        # Ctrl-C reaches the suites that run; those that wait are not to begin then.
        stack.callback(workers.shutdown, cancel_futures=True)
        running = {
            suite: workers.submit(run, suite, folder, root, command(suite), outputs[suite])
            for suite, folder in suites.items()
        }
        outcomes = []
        for suite, outcome in running.items():
            print(f"\n== {suite}", flush=True)
            follow(Path(scratch, suite), outcome)
            outcomes.append(outcome.result())
        return outcomes


def follow(path: Path, outcome: Future[Outcome]) -> None:
    """Copy what a suite writes to the terminal, until it has ended."""
    with path.open("rb") as output:
        while not outcome.done() or output.peek(1):
            sys.stdout.buffer.write(output.read())
            sys.stdout.buffer.flush()
            wait([outcome], timeout=0.2)


def read_report(report: Path, outcome: Outcome) -> None:
    """Add what a JUnit report holds to the outcome."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 (pytest wrote it a moment ago)
        name = f"{outcome.suite}: {case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        failed = [found for found in map(case.find, ("failure", "error")) if found is not None]
        if failed:
            outcome.failures.append(name)
            outcome.reasons[name] = reason_of(failed[0])
        elif skipped is not None:
            outcome.skips.append((name, skipped.get("message") or "no reason given"))
        else:
            outcome.passed.append(name)


def reason_of(failure: ET.Element) -> str:
    """What went wrong, whole: pytest cuts the message short, and marks its lines in the text."""
    marked = [line[1:].strip() for line in (failure.text or "").splitlines() if line.startswith("E ")]
    return "\n".join(marked) or failure.get("message") or "no reason given"


def summarise(outcomes: list[Outcome], *, require_all: bool, steady: bool) -> bool:
    """Print the closing table; returns whether all is well."""
    print("\n== summary")
    for outcome in outcomes:
        counts = f"{len(outcome.passed) + len(outcome.unsteady)} passed, {len(outcome.failures)} failed, {len(outcome.skips)} skipped"
        print(f"{outcome.suite:24} {counts:40} {outcome.seconds:7.1f} s")
    skips = [skip for outcome in outcomes for skip in outcome.skips]
    if skips:
        print("\nSkipped" + (", which REQUIRE_ALL=1 forbids:" if require_all else ":"))
        for reason in sorted({reason for _, reason in skips}):
            names = [name for name, why in skips if why == reason]
            print(f"  {len(names)} x {reason}\n      {names[0]}" + (" ..." if names[1:] else ""))
    unsteady = [name for outcome in outcomes for name in outcome.unsteady]
    if unsteady:
        print("\nUnsteady, passed the second time" + (", which STEADY=1 forbids:" if steady else ":"))
        print("  " + "\n  ".join(unsteady))
    failures = [name for outcome in outcomes for name in outcome.failures]
    if failures:
        reasons = {name: reason for outcome in outcomes for name, reason in outcome.reasons.items()}
        print("\nFailed:")
        for name in failures:
            print(f"  {name}\n" + indented(reasons[name]))
    broken = [o.suite for o in outcomes if o.exit_code not in (0, NO_TESTS_COLLECTED) and not o.failures]
    if broken:
        print("\nDid not run to the end: " + ", ".join(broken))
    passed = sum(len(outcome.passed) for outcome in outcomes) + (0 if steady else len(unsteady))
    if not passed:
        print("\nNo test passed: that is a failure, also where every one was skipped or left out.")
    failed = len(failures) + len(broken) + (len(skips) if require_all else 0)
    failed += len(unsteady) if steady else 0
    skipped = 0 if require_all else len(skips)
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed == 0 and passed > 0


def indented(reason: str) -> str:
    """The end of a reason, where a traceback says what it was; its beginning too, where it is long."""
    lines = [f"      {line[:REASON_WIDTH]}" for line in reason.splitlines()]
    if len(lines) > REASON_LINES:
        lines[1 : len(lines) - REASON_LINES + 2] = ["      ..."]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(
        prog="suites.py", description="Run the test suites.", epilog="What follows -- is for pytest."
    )
    parser.add_argument("--python", default=sys.executable, help="the Python to run them with")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder that has packages/")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="all unless named")
    options = parser.parse_args(arguments[:cut])
    wanted: list[str] = options.suites
    suites = find_suites(options.root.resolve())
    unknown = [name for name in wanted if name not in suites]
    if unknown:
        print(f"error: no suite named {', '.join(unknown)}; there are {', '.join(suites)}", file=sys.stderr)
        return 2
    chosen = {name: folder for name, folder in suites.items() if not wanted or name in wanted}
    jobs = os.environ.get("JOBS") or str(min(3, (os.cpu_count() or 1) + 1))
    if not jobs.isdecimal() or int(jobs) < 1:
        print(f"error: JOBS is {jobs!r}; it takes how many suites run at a time, 1 or more", file=sys.stderr)
        return 2
    try:
        outcomes = run_all(chosen, options.root, options.python, arguments[cut + 1 :], int(jobs))
    except KeyboardInterrupt:
        return 130
    require_all, steady = (os.environ.get(name) == "1" for name in ("REQUIRE_ALL", "STEADY"))
    return 0 if summarise(outcomes, require_all=require_all, steady=steady) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
