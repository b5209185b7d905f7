"""The race over minifying: what is minified, who is said to break a script, and the contestants that are at hand."""

from __future__ import annotations

import importlib
import stat

import pytest
from races.static_build.tree import ENVIRONMENT
from races.static_minify import corpus, modern, work

SCRIPT = (
    "function greet(name) {\n  // say hello\n  return 'Hello ' + name;\n}\nconsole.log(greet('you'));\n" * 8
)
STYLE = "a {\n  /* a colour */\n  color: #ff0000;\n}\n" * 20


def tree_of(folder, files):
    for name, content in files.items():
        path = folder / "big" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / "big"


def test_files_are_chosen_from_each_package_in_turn(tmp_path):
    tree = tree_of(
        tmp_path,
        {f"many/{number}.js": SCRIPT for number in range(9)}
        | {"few/a.js": SCRIPT, "few/b.mjs": SCRIPT, "css/a.css": STYLE},
    )

    found = [path.relative_to(tree).as_posix() for path in corpus.chosen(tree, "js", 5)]

    assert [name.split("/")[0] for name in found] == ["few", "many", "few", "many", "many"]
    assert found == [path.relative_to(tree).as_posix() for path in corpus.chosen(tree, "js", 5)], (
        "always the same"
    )
    assert corpus.chosen(tree, "css", 5) == [tree / "css/a.css"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p/a.min.js", SCRIPT),
        ("p/a.js", "let a = 1;"),
        ("p/a.js", "let a = 1;" * 200),
        ("p/a.js", SCRIPT * 2000),
        ("p/a.js", SCRIPT.encode() + b"// \xe9"),
        ("p/a.ts", SCRIPT),
    ],
    ids=["by name", "tiny", "one long line", "huge", "not UTF-8", "another kind"],
)
def test_what_is_left_out(tmp_path, name, content):
    assert corpus.chosen(tree_of(tmp_path, {name: content}), "js", 9) == []


def test_the_admin_comes_first(tmp_path):
    found = corpus.texts(tree_of(tmp_path, {"p/a.css": STYLE}), "css", 9)

    assert found[0].name == "admin/css/autocomplete.css"
    assert found[-1] == corpus.Text("p/a.css", STYLE)
    assert len(found) > 10


@pytest.fixture
def fake_node(tmp_path):
    """Prints the script it is given; fails where that says so."""
    path = tmp_path / "node"
    path.write_text(
        '#!/bin/sh\ncat "$2"\nif grep -q BAD "$2"; then echo "SyntaxError: BAD" >&2; exit 1; fi\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def refuses(text):
    raise ValueError("import attributes are not known here")


@pytest.mark.parametrize(
    ("minify", "broken"),
    [
        (str, {}),
        (refuses, {}),
        (lambda text: text.replace("  ", " "), {"spaces": "printed 'a b' and not 'a  b'"}),
        (lambda text: text.replace("c", "BAD"), {"letter": "fails: SyntaxError: BAD"}),
    ],
    ids=["as it was", "refused", "other output", "fails"],
)
def test_who_breaks_a_script(fake_node, minify, broken):
    inputs = {"spaces": "a  b", "letter": "c", "not for this node": "BAD"}

    judgement = modern.judge(minify, fake_node, inputs)

    assert judgement.judged == 2, "what does not run before is nobody's fault"
    assert judgement.broken == broken


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import 'x'", "script.mjs"),
        ("a;\nexport {};", "script.mjs"),
        ("let a;", "script.cjs"),
        ("important = 1", "script.cjs"),
    ],
)
def test_modules_are_run_as_modules_whatever_becomes_of_them(tmp_path, text, name):
    path = tmp_path / "node"
    path.write_text('#!/bin/sh\necho "$2"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    seen = []

    judgement = modern.judge(lambda given: seen.append(given) or "minified", str(path), {"x": text})

    assert judgement.broken == {}, "the same name before and after"
    assert seen == [text]
    assert modern._is_module(text) is name.endswith(".mjs")


def test_there_are_enough_inputs_and_each_runs_where_there_is_a_node():
    assert len(modern.INPUTS) >= 54
    assert len(set(modern.INPUTS.values())) == len(modern.INPUTS)
    path = modern.node()
    if path is not None:
        outcomes = {
            name: modern._run(text, path, is_module=modern._is_module(text))
            for name, text in modern.INPUTS.items()
        }
        # An older node does not know the youngest parts of the language; they are not judged there.
        failed = {name: said for name, (code, said) in outcomes.items() if code != 0}
        assert all("SyntaxError" in said or "TypeError" in said for said in failed.values()), failed
        assert len(outcomes) - len(failed) >= 54
        assert all(said for code, said in outcomes.values() if code == 0), "each prints something"


def test_our_default_engines_break_none_where_there_is_a_node():
    from django_static import minify

    path = modern.node()
    chain = minify.DEFAULT_ENGINES["js"]
    if path is None:
        results = {name: minify.slim(text, "js", chain).text for name, text in modern.INPUTS.items()}
        assert all(
            work.still_parses(text)
            for name, text in results.items()
            if work.still_parses(modern.INPUTS[name])
        )
    else:
        assert modern.judge(lambda text: minify.slim(text, "js", chain).text, path).broken == {}


@pytest.fixture
def trees(tmp_path, monkeypatch):
    tree_of(tmp_path / "trees", {"p/a.js": SCRIPT, "p/b.js": SCRIPT + "let b;", "p/a.css": STYLE})
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "trees"))
    monkeypatch.setattr(corpus, "_ADMIN", tmp_path / "admin")
    return tmp_path / "trees"


def test_what_is_measured_of_a_minifier(trees, monkeypatch, fake_node):
    monkeypatch.setattr(modern, "node", lambda: fake_node)
    monkeypatch.setattr(modern, "INPUTS", {"x": "a  b"})

    def squeeze(text):
        if "let b" in text:
            raise ValueError("not this")
        return text.replace("  ", "").replace("return", "retur(")

    operations = work.operations(js=squeeze, css=str)
    scripts, styles = operations["js"], operations["css"]
    scripts.run(1)
    styles.run(2)

    assert scripts.units == 2 * len(SCRIPT) + 6
    assert scripts.turns == 1
    found = {**scripts.gauges(), **scripts.check()}
    assert found["kept"] == 1
    assert found["bytes"] == 2 * len(SCRIPT) + 6 - 8 * 4
    assert found["unparsed"] == 1
    assert 0 < found["gzip"] < found["bytes"]
    assert found["judged"] == 1
    assert styles.gauges() == {"bytes": len(STYLE), "kept": 1}
    assert "unparsed" not in styles.check()


def test_without_a_node_nothing_is_said_of_broken_inputs(trees, monkeypatch, tmp_path):
    monkeypatch.setattr(modern, "node", lambda: None)
    scripts = work.operations(js=str, css=str)["js"]
    scripts.run(1)

    assert set(scripts.check()) <= {"gzip", "brotli", "unparsed"}


def test_the_services_say_what_is_minified_and_whether_there_is_a_node(trees, monkeypatch, tmp_path):
    monkeypatch.setattr(corpus, "assemble", lambda wanted, cache: trees)
    monkeypatch.setattr(corpus, "node", lambda: None)

    with corpus.services(tmp_path) as found:
        assert found.facts["js files"] == "2, 0.00 MB"
        assert "not judged" in found.facts["node"]
        assert found.environment == {ENVIRONMENT: str(trees)}


def test_every_contestant_at_hand_does_both_kinds(trees, monkeypatch, tmp_path):
    monkeypatch.setattr(modern, "node", lambda: None)
    sizes = {}
    for name in ("tdewolff", "slim"):
        adapter = importlib.import_module(f"races.static_minify.{name}")
        with adapter.enter(tmp_path) as operations:
            assert set(operations) == {"js", "css"}
            for kind, operation in operations.items():
                operation.run(1)
                sizes[name, kind] = operation.gauges()["bytes"]
            assert operations["js"].check()["unparsed"] == 0

    assert all(0 < size < 2 * len(SCRIPT) for (_, kind), size in sizes.items() if kind == "js")
    assert all(0 < size < len(STYLE) for (_, kind), size in sizes.items() if kind == "css")
    assert (trees / "big/p/a.js").read_text() == SCRIPT
