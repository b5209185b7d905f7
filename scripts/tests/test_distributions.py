"""What is published: sdists that distributors can test, wheels that are the same either way, READMEs without dead links."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.anchors import anchors_plugin

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".tool/bin/uv"
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *ROOT.glob("*/*/README.md")]
LEFT_BY_TOOLS = {"__pycache__", ".pytest_cache", ".hypothesis", ".ruff_cache", ".mypy_cache"}

by_name = pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)


def build(source: Path, out: Path, *what: str) -> None:
    command = [UV, "build", "--quiet", "--no-sources", "--no-build-isolation", "--offline", "--force-pep517"]
    done = subprocess.run(
        [*command, "--python", sys.executable, *what, "--out-dir", out, source],
        env={key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@by_name
def test_an_sdist_has_all_and_makes_the_same_wheel(package, tmp_path):
    build(package, tmp_path / "direct", "--sdist", "--wheel")
    (sdist,) = (tmp_path / "direct").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        found = {
            member.name.partition("/")[2]: archive.extractfile(member).read()
            for member in archive
            if member.isfile()
        }
    # uv_build writes the metadata of an sdist itself, and keeps the project file as it was under another name.
    assert found.pop("PKG-INFO")
    found["pyproject.toml"] = found.pop("pyproject.toml.orig", found["pyproject.toml"])
    wanted = {
        path.relative_to(package).as_posix(): path.read_bytes()
        for path in package.rglob("*")
        if path.is_file() and not LEFT_BY_TOOLS & set(path.parts)
    }
    assert {"README.md", "CHANGELOG.md", "LICENSE", "tests/test_readme.py"} <= wanted.keys()
    assert sorted(found) == sorted(wanted)
    assert found == wanted

    build(sdist, tmp_path / "from-sdist", "--wheel")
    (direct,) = (tmp_path / "direct").glob("*.whl")
    (from_sdist,) = (tmp_path / "from-sdist").glob("*.whl")
    assert from_sdist.name == direct.name
    assert contents(from_sdist) == contents(direct)
    names = contents(direct)
    assert any(name.endswith("/py.typed") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "src/"))]


@by_name
def test_tests_are_run_alike_with_and_without_the_workspace(package):
    def section(folder: Path) -> object:
        return tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]

    assert section(package) == section(ROOT)


@by_name
def test_version_is_told_alike_everywhere(package):
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    (module,) = package.glob("src/*/__init__.py")
    assert f'__version__ = "{project["version"]}"\n' in module.read_text()
    newest = re.search(
        r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$", (package / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest, "a CHANGELOG begins with: ## VERSION (unreleased), or (YYYY-MM-DD)"
    assert newest[1] == project["version"]


def test_packages_pin_those_they_were_tested_with():
    projects = [tomllib.loads((path / "pyproject.toml").read_text())["project"] for path in PACKAGES]
    here = {project["name"]: project["version"] for project in projects}
    pins = [need.split("==") for project in projects for need in project["dependencies"] if "==" in need]
    assert pins, "slimstack-django-mongokit pins slimstack-mongokit"
    assert dict(pins) == {name: here[name] for name, _ in pins}


def links(page: Path) -> tuple[list[str], set[str]]:
    """The targets of a page's links and pictures, and the anchors of its headings."""
    parser = MarkdownIt().use(anchors_plugin, max_level=6)
    tokens = list(parser.parse(page.read_text()))
    inline = [child for token in tokens for child in token.children or []]
    targets = [target for token in inline for name in ("href", "src") if (target := token.attrGet(name))]
    return targets, {f"#{token.attrGet('id')}" for token in tokens if token.type == "heading_open"}


@by_name
def test_readme_has_no_link_that_is_dead_on_an_index_page(package):
    targets, anchors = links(package / "README.md")
    local = [t for t in targets if not t.startswith(("https://", "mailto:")) and t not in anchors]
    # In place of a picture of the package itself an index page shows what it is described by.
    assert [t for t in local if not (t.startswith("docs/") and t.endswith(".png"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere_in_a_clone(page):
    targets, anchors = links(page)
    local = [target for target in targets if ":" not in target]
    assert [t for t in local if t not in anchors and not (page.parent / t).exists()] == []


def test_links_are_found_at_all(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading\n[a](../b) ![c](d.svg)\n[e]\n\n[e]: #a-heading\n\n```\n[f](g)\n```\n`[h](i)`\n"
    )
    assert links(page) == (["../b", "d.svg", "#a-heading"], {"#a-heading"})
