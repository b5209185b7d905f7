"""The command line: what it runs, prints, writes, and how it ends; and the progress it shows."""

from __future__ import annotations

import io
import json

import pytest

from harness import __main__ as command
from harness import rounds
from harness.progress import Progress

RACE = """
from harness.contestant import Case, Contestant, Race

RACE = Race(
    name={name!r}, title="The race {name}", unit="µs per thing", figure="wall", baseline="ant",
    cases=(Case(key="work", title="Work"),), how=("so",),
    contestants=tuple(
        Contestant(name=name, title="The " + name, module="fake_" + name, packages=()) for name in {names!r}
    ),
)
"""
BAD = 'raise OSError("gone")\nyield {}'


@pytest.fixture
def run(stable, tmp_path, capsys, monkeypatch, request):
    """Run the command over two races: run(*arguments) returns (exit code, stdout, stderr)."""
    package = f"course_{abs(hash(request.node.nodeid))}"
    for name, names in {"fine": ["ant", "bee"], "mixed": ["ant", "bad"]}.items():
        folder = stable.folder / package / name
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").touch()
        (folder / "__init__.py").touch()
        (folder / "race.py").write_text(RACE.format(name=name, names=names))
    (stable.folder / package / "loose.py").write_text(
        "raise AssertionError('no race, and not to be imported')"
    )
    for name in ("ant", "bee"):
        stable.adapter(name)
    stable.adapter("bad", BAD)

    def call(*arguments):
        usual = ["--package", package, "--out", str(tmp_path / "out"), "--minimum", "0.001", "--noise", "99"]
        code = command.main([*usual, "--rounds", "2", *arguments])
        return (code, *capsys.readouterr())

    return call


def test_a_race_is_run_printed_and_written(run, tmp_path):
    code, out, err = run("fine")

    assert code == 0
    assert "The race fine" in out
    assert "÷ ant" in out
    assert "fine: round 1/2\n" in err
    assert "fine: round 2/2" in err
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["fine.json", "fine.svg"]
    assert all(str(tmp_path / "out" / name) in out for name in written)


def test_a_failure_is_shown_the_rest_goes_on_and_the_exit_code_tells(run, tmp_path):
    code, out, err = run()

    assert code == 1
    assert "FAILED in round 0: The bad: OSError: gone" in out
    assert "The race fine" in out
    assert "1 contestants failed" in err
    assert {path.name for path in (tmp_path / "out").glob("*.json")} == {"fine.json", "mixed.json"}


def test_only_and_baseline_narrow_a_race(run, tmp_path):
    code, out, _ = run("mixed", "--only", "ant", "--samples", "2")

    assert code == 0
    assert "The bad" not in out
    data = json.loads((tmp_path / "out/mixed.json").read_text())
    assert [entrant["name"] for entrant in data["entrants"]] == ["ant"]
    assert len(data["runs"][0]["samples"]["work"]) == 2


def test_another_baseline(run):
    assert "÷ bee" in run("fine", "--baseline", "bee")[1]
    assert "÷ bee" in run("fine", "--only", "bee")[1], "where the usual one does not run, the first is it"


def test_a_result_is_shown_again_with_any_baseline(run, tmp_path):
    run("fine")

    code, out, _ = run("--show", str(tmp_path / "out/fine.json"), "--baseline", "bee")

    assert code == 0
    assert "÷ bee" in out


def test_the_races_are_listed(run):
    code, out, _ = run("--list")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["fine", "ant", "bee", "mixed", "ant", "bad"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere"], "no race named nowhere; there are fine, mixed"),
        (["fine", "--only", "ant,wasp"], "no contestant named wasp; there are ant, bee"),
        (["fine", "--baseline", "wasp"], "no contestant named wasp"),
        (
            ["fine", "--only", "ant", "--baseline", "bee"],
            "the baseline bee does not run; name it in --only too",
        ),
        (["fine", "--rounds", "1"], "the first 1 of them are dropped"),
        (["fine", "--minimum", "0"], "above nothing"),
        (["fine", "--samples", "0"], "--samples 0: at least one"),
        (["--show", "/nowhere/at/all.json"], "No such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_refused_before_anything_runs(run, stable, arguments, error):
    code, out, err = run(*arguments)

    assert code == 2
    assert error in err
    assert out == ""
    assert not stable.log.exists()


def test_an_interrupt_writes_nothing(run, tmp_path, monkeypatch):
    def interrupted(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "launch", interrupted)

    code, _, err = run("fine")

    assert code == 130
    assert "no result was written" in err
    assert not (tmp_path / "out").exists()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_one_line_rewritten():
    stream = Terminal()
    progress = Progress(stream)

    progress.begin("fine", 2, 2)
    progress.running("ant", 0, repeated=False)
    progress.running("bee", 0, repeated=False)
    progress.running("bee", 0, repeated=True)
    progress.end()

    *lines, last = stream.getvalue().split("\r\x1b[K")[1:]
    assert lines[0] == "fine: round 1/2 ant"
    assert lines[1].startswith("fine: round 1/2 bee  (about ")
    assert lines[2].startswith("fine: round 1/2 bee, again, it was noisy")
    assert last == ""
    assert "\n" not in stream.getvalue()


def test_a_log_gets_a_line_for_each_round():
    stream = io.StringIO()
    progress = Progress(stream)

    progress.begin("fine", 2, 2)
    for round_ in (0, 1):
        for name in ("ant", "bee"):
            progress.running(name, round_, repeated=False)
    progress.end()

    first, second = stream.getvalue().splitlines()
    assert first == "fine: round 1/2"
    assert second.startswith("fine: round 2/2  (about ")
    assert "\x1b" not in stream.getvalue()
