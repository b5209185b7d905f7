"""What a process imports: whoever prints and serves what has been published needs nothing of what makes files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import static_test_lean

#: What reads, minifies, compresses, searches templates, sends to CDNs and checks; parts of ours, by what their names begin with.
HEAVY = (
    *("minify", "references", "scan", "compress", "cdn", "management", "webservers"),
    *("checks", "checking", "build", "building", "plan", "report", "retention", "cleaning", "removal"),
    *(
        "job",
        "writer",
        "reader",
        "parts",
        "joining",
        "rendering",
        "matching",
        "mapped",
        "collected",
        "saving",
    ),
    *("own_output", "originals", "tree", "aside", "at_run_time", "combined_map", "bundles"),
)
#: What publishes at the first request for a name, with or without the above.
LAZY = ("lazy", "pipeline", "shelf", "tools", "keys", "freshness", "told", "output")
#: What of others only those import.
OTHERS = ("tinycss2", "brotli", "backports.zstd")


def run(root: Path, action: str) -> tuple[str, set[str]]:
    """What an action printed, and the modules there were then."""
    command = [sys.executable, static_test_lean.__file__, str(root), action]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    printed, modules = json.loads(done.stdout)
    return printed, set(modules)


def of(modules: set[str], beginnings: tuple[str, ...]) -> list[str]:
    """Those of our modules that begin so."""
    pattern = re.compile(rf"django_static\.(?:{'|'.join(beginnings)})(?:[._]|\Z)")
    return sorted(filter(pattern.match, modules))


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A site with a manifest."""
    root: Path = tmp_path_factory.mktemp("built")
    write(root)
    run(root, "build")
    return root


@pytest.fixture
def unbuilt(tmp_path) -> Path:
    write(tmp_path)
    return tmp_path


def write(root: Path) -> None:
    (root / "app").mkdir()
    for name, text in static_test_lean.FILES.items():
        (root / "app" / name).write_text(text)


PRINTED = {
    "setup": "",
    "templates": r"/static/i\.[0-9a-f]{12}\.png .*a_b\..*a\{color:red\}.*importmap.*sha384-.*",
    "jinja2": r"/static/a\.[0-9a-f]{12}\.css",
    "function": r"/static/a\.[0-9a-f]{12}\.css",
    "function by threads": r"/static/a\.[0-9a-f]{12}\.css\n8 threads",
    "storage": r"/static/a\.[0-9a-f]{12}\.css",
    "wsgi": r"/static/a\.[0-9a-f]{12}\.css 200 OK a ?\{.*i\.[0-9a-f]{12}\.png.*",
    "asgi": r"/static/a\.[0-9a-f]{12}\.css 200 OK a ?\{.*i\.[0-9a-f]{12}\.png.*",
}


@pytest.mark.parametrize("action", PRINTED)
def test_a_process_with_a_manifest_imports_nothing_that_makes_files(built, action):
    printed, modules = run(built, action)
    assert re.fullmatch(PRINTED[action], printed, re.DOTALL)
    # A server notes the names of a manifest that was replaced, one server at a time.
    locks = ["django_static.output"] if action in ("wsgi", "asgi") else []
    assert of(modules, (*HEAVY, *LAZY, "proxied")) == locks
    assert modules.isdisjoint(OTHERS)


def test_a_file_proxy_brings_in_what_asks_it(built):
    printed, modules = run(built, "proxy")
    assert re.fullmatch("//cdn.example.com" + PRINTED["function"], printed)
    assert of(modules, (*HEAVY, *LAZY)) == []
    assert "django_static.proxied" in modules


@pytest.mark.parametrize("action", ["unseen text", "unseen text by threads"])
def test_a_text_that_no_build_has_seen_brings_in_what_minifies_it(built, action):
    printed, modules = run(built, action)
    assert printed.splitlines()[0] == "a{color:blue}"
    assert len(printed.splitlines()) == (2 if "threads" in action else 1)
    assert "django_static.minify" in modules
    assert of(modules, (*LAZY, "job", "checks", "scan", "cdn", "management")) == []


@pytest.mark.parametrize("action", ["unseen text without code", "lazy unseen text without code"])
def test_a_page_goes_on_where_that_cannot_be_imported_any_more(built, action):
    """Its files were replaced, or the process has given up the right to read them."""
    assert run(built, action)[0] == "a { color : blue }"


def test_without_a_manifest_the_first_file_brings_in_what_makes_it(unbuilt):
    _, before = run(unbuilt, "lazy setup")
    assert of(before, (*HEAVY, *LAZY)) == []
    printed, after = run(unbuilt, "lazy templates")
    assert re.fullmatch(PRINTED["templates"], printed, re.DOTALL)
    assert {f"django_static.{name}" for name in (*LAZY, "job", "writer", "minify", "references.css")} <= after
    assert of(after, ("checks", "scan", "cdn", "management", "build", "plan")) == []
    assert after.isdisjoint(("brotli", "backports.zstd"))


def test_what_was_made_before_is_found_without_what_makes_it(unbuilt):
    first, made = run(unbuilt, "lazy function")
    again, found = run(unbuilt, "lazy function")
    assert re.fullmatch(PRINTED["function"], first)
    assert first == again
    assert {f"django_static.{name}" for name in LAZY} <= found
    assert of(made, ("job", "minify"))
    assert of(found, HEAVY) == []


def test_threads_that_ask_for_the_first_file_at_once_print_the_same(unbuilt):
    printed, _ = run(unbuilt, "lazy templates by threads")
    page, threads = printed.rsplit("\n", 1)
    assert threads == "8 threads"
    assert re.fullmatch(PRINTED["templates"], page, re.DOTALL)
    assert page.count("importmap") == 1


def test_threads_that_ask_at_once_get_one_resolver(unbuilt):
    """Each would prepare everything, and tell a file proxy of it."""
    assert run(unbuilt, "lazy resolver by threads")[0] == "Lazy\n8 threads"


@pytest.mark.parametrize("action", ["build", "collect"])
def test_a_build_that_finds_nothing_to_do_imports_nothing_that_does_it(unbuilt, action):
    """Deployments build again and again; to compile the patterns of the readers takes longer than to see that all is there."""
    working = ("building", "minify", "references", "job", "writer", "reader", "parts", "checking", "edition")
    assert of(run(unbuilt, action)[1], working)
    assert of(run(unbuilt, action)[1], working) == []
    (unbuilt / "app" / "a.css").write_text("a { color : blue }")
    assert of(run(unbuilt, action)[1], working)


def test_checks_are_imported_when_they_run(built):
    printed, modules = run(built, "checks")
    assert printed == ""
    assert {"django_static.checks", "django_static.checks_of_manifest", "django_static.cdn"} <= modules


def test_the_package_by_itself_imports_nothing(tmp_path):
    printed, modules = run(tmp_path, "import")
    assert printed
    assert {name for name in modules if name.partition(".")[0] == "django_static"} == {"django_static"}
    assert "django" not in modules


def test_what_the_package_names_is_there():
    import django_static

    assert set(django_static.__all__) <= set(dir(django_static))
    assert all(hasattr(django_static, name) for name in django_static.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = django_static.nothing
