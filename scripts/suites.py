"""Run the test suites one after the other, then say in one place what failed and what was skipped, and why.

    python scripts/suites.py [SUITE ...] [-- PYTEST ARGUMENTS]

Each suite is a pytest run of its own, since each Django package has its own settings. With REQUIRE_ALL=1 in the
environment a skipped test is a failure: that is how CI makes sure that nothing went untested.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NO_TESTS_COLLECTED = 5


def find_suites() -> dict[str, Path]:
    """Every folder named tests one level below packages/ and examples/, and that of benchmarks/ and docs/."""
    folders = [*ROOT.glob("packages/*/tests"), *ROOT.glob("examples/*/tests")]
    folders += [ROOT / "scripts/tests", ROOT / "benchmarks/tests", ROOT / "docs/tests"]
    return {folder.parent.name: folder for folder in sorted(folders) if any(folder.glob("test_*.py"))}


@dataclass
class Outcome:
    """What one suite's JUnit report says."""

    suite: str
    exit_code: int
    seconds: float
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skips: list[tuple[str, str]] = field(default_factory=list)


def run(suite: str, folder: Path, arguments: list[str]) -> Outcome:
    """Run one suite in a process of its own; its output goes straight to the terminal."""
    print(f"\n== {suite}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", str(folder), *arguments]
        started = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        outcome = Outcome(suite, code, time.monotonic() - started)
        if report.exists():
            read_report(report, outcome)
    return outcome


def read_report(report: Path, outcome: Outcome) -> None:
    """Add what a JUnit report holds to the outcome."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 (pytest wrote it a moment ago)
        name = f"{outcome.suite}: {case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failures.append(name)
        elif skipped is not None:
            outcome.skips.append((name, skipped.get("message") or "no reason given"))
        else:
            outcome.passed += 1


def summarise(outcomes: list[Outcome], *, require_all: bool) -> bool:
    """Print the closing table; returns whether all is well."""
    print("\n== summary")
    for outcome in outcomes:
        counts = f"{outcome.passed} passed, {len(outcome.failures)} failed, {len(outcome.skips)} skipped"
        print(f"{outcome.suite:24} {counts:40} {outcome.seconds:7.1f} s")
    skips = [skip for outcome in outcomes for skip in outcome.skips]
    if skips:
        print("\nSkipped" + (", which REQUIRE_ALL=1 forbids:" if require_all else ":"))
        for reason in sorted({reason for _, reason in skips}):
            names = [name for name, why in skips if why == reason]
            print(f"  {len(names)} x {reason}\n      {names[0]}" + (" ..." if names[1:] else ""))
    failures = [name for outcome in outcomes for name in outcome.failures]
    if failures:
        print("\nFailed:\n  " + "\n  ".join(failures))
    broken = [o.suite for o in outcomes if o.exit_code not in (0, NO_TESTS_COLLECTED) and not o.failures]
    if broken:
        print("\nDid not run to the end: " + ", ".join(broken))
    passed = sum(outcome.passed for outcome in outcomes)
    if not passed:
        print("\nNo test passed: that is a failure, also where every one was skipped or left out.")
    failed = len(failures) + len(broken) + (len(skips) if require_all else 0)
    skipped = 0 if require_all else len(skips)
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return failed == 0 and passed > 0


def main(arguments: list[str]) -> int:
    wanted, extra = arguments, list[str]()
    if "--" in arguments:
        cut = arguments.index("--")
        wanted, extra = arguments[:cut], arguments[cut + 1 :]
    suites = find_suites()
    unknown = [name for name in wanted if name not in suites]
    if unknown:
        print(f"error: no suite named {', '.join(unknown)}; there are {', '.join(suites)}", file=sys.stderr)
        return 2
    outcomes = [run(name, folder, extra) for name, folder in suites.items() if not wanted or name in wanted]
    return 0 if summarise(outcomes, require_all=os.environ.get("REQUIRE_ALL") == "1") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
