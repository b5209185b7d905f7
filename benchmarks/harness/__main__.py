"""``python -m harness [RACE ...]``: run races, write their results, print their tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.contestant import Race, Unavailable, find_races
from harness.export import read_result, write_result
from harness.progress import Progress
from harness.result import Settings
from harness.rounds import run_race
from harness.table import render_table

__all__ = ["main"]

_LOCAL = Path(__file__).resolve().parent.parent / "results/local"


def main(arguments: Sequence[str]) -> int:
    """Run what the command line names. 0: all well; 1: a contestant failed; 2: a wrong call; 130: interrupted."""
    options = _parser().parse_args(arguments)
    try:
        if options.samples is not None and options.samples < 1:
            raise ValueError(f"--samples {options.samples}: at least one is taken in a round")
        if options.show:
            print(render_table(read_result(options.show), options.baseline), end="")
            return 0
        races = _chosen(options)
        usual = Settings(
            rounds=Settings().rounds if options.rounds is None else options.rounds,
            minimum=options.minimum,
            noise_limit=options.noise,
            repeats=options.repeats,
            patience=options.patience,
        )
    except (ValueError, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    if options.list:
        for race in races:
            print(f"{race.name:16} {race.title}")
            print("".join(f"    {each.name:22} {each.title}\n" for each in race.contestants), end="")
        return 0
    try:
        return _run(races, usual, options)
    except KeyboardInterrupt:
        print("\ninterrupted: no result was written for the race that was on", file=sys.stderr)
        return 130


def _run(races: Sequence[Race], usual: Settings, options: argparse.Namespace) -> int:
    failed = 0
    absent = 0
    for race in races:
        samples = race.samples if options.samples is None else options.samples
        settings = replace(usual, samples=samples)
        if options.rounds is None and race.rounds is not None:
            settings = replace(settings, rounds=race.rounds)
        try:
            result = run_race(race, settings, Progress(sys.stderr))
        except Unavailable as problem:
            print(f"error: race {race.name} was not run: {problem}", file=sys.stderr)
            absent += 1
            continue
        paths = write_result(result, options.out)
        print(render_table(result))
        print("written: " + ", ".join(str(path) for path in paths) + "\n", flush=True)
        failed += len(result.failures)
    if failed:
        print(f"error: {failed} contestants failed; see above", file=sys.stderr)
    return 1 if failed or absent else 0


def _chosen(options: argparse.Namespace) -> list[Race]:
    races = find_races(options.package)
    unknown = [name for name in options.races if name not in races]
    if unknown:
        raise ValueError(f"no race named {', '.join(unknown)}; there are {', '.join(races)}")
    chosen = [race for name, race in races.items() if not options.races or name in options.races]
    return [_narrowed(race, options.only, options.baseline) for race in chosen]


def _narrowed(race: Race, only: str | None, baseline: str | None) -> Race:
    names = [contestant.name for contestant in race.contestants]
    wanted = only.split(",") if only else names
    wrong = [name for name in [*wanted, *([baseline] if baseline else [])] if name not in names]
    if wrong:
        raise ValueError(
            f"race {race.name}: no contestant named {', '.join(wrong)}; there are {', '.join(names)}"
        )
    chosen = tuple(contestant for contestant in race.contestants if contestant.name in wanted)
    if baseline and baseline not in wanted:
        raise ValueError(f"race {race.name}: the baseline {baseline} does not run; name it in --only too")
    default = race.baseline if race.baseline in wanted else chosen[0].name
    return replace(
        race,
        contestants=chosen,
        baseline=baseline or default,
        # Whoever is named on the command line is the baseline everywhere.
        cases=tuple(
            case if not baseline and case.baseline in wanted else replace(case, baseline=None)
            for case in race.cases
        ),
        targets=tuple(
            target
            for target in race.targets
            if target.contestant in wanted and target.against in (None, *wanted)
        ),
    )


def _parser() -> argparse.ArgumentParser:
    usual = Settings()
    parser = argparse.ArgumentParser(
        prog="bench.sh",
        description="Run the races (all of them unless some are named), each contestant in fresh processes.",
    )
    parser.add_argument("races", nargs="*", metavar="RACE", help="a race; --list names them")
    parser.add_argument("--only", metavar="A,B", help="these contestants only")
    parser.add_argument("--baseline", metavar="NAME", help="the contestant that all are compared to")
    parser.add_argument(
        "--rounds",
        type=int,
        help=f"the first is dropped (usual: {usual.rounds}, or what the race says)",
    )
    parser.add_argument("--samples", type=int, metavar="N", help="in a round (usual: what the race says)")
    parser.add_argument(
        "--minimum",
        type=float,
        default=usual.minimum,
        help=f"seconds of one measurement (usual: {usual.minimum})",
    )
    parser.add_argument(
        "--noise",
        type=float,
        default=usual.noise_limit,
        help=f"cores that others may use before a run is repeated (usual: {usual.noise_limit})",
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=usual.repeats,
        help=f"how many rounds' worth of noisy runs, at most (usual: {usual.repeats})",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=usual.patience,
        metavar="SECONDS",
        help=f"how long, in a race, quiet is waited for before repeats (usual: {usual.patience:g})",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=_LOCAL,
        metavar="FOLDER",
        help="of the JSON and SVG (usual: results/local)",
    )
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the table of a result that is there")
    parser.add_argument("--list", action="store_true", help="the races and their contestants")
    parser.add_argument("--package", default="races", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
