"""`make env` on machines that lack something: what a newcomer reads, instead of a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What env.sh reads, in a folder of its own."""
    for name in ("requirements.lock", "tools.lock", "scripts/env.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for project in ROOT.glob("packages/*/pyproject.toml"):
        copy = tmp_path / project.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        shutil.copy(project, copy)
    return tmp_path


def fake_python(folder: Path, body: str) -> str:
    """An executable that stands in for a Python with something missing."""
    path = folder / "fake-python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def make_env(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "scripts/env.sh"],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_old_python_is_named_with_what_to_install(checkout):
    python = fake_python(checkout, '[ "$1" = --version ] && echo "Python 3.8.1"; exit 1')
    result = make_env(checkout, PYTHON=python)
    assert result.returncode == 1
    assert "Python 3.11 to 3.14 is needed" in result.stderr
    assert "Python 3.8.1" in result.stderr
    assert "make env PYTHON=" in result.stderr


def test_a_program_that_is_no_python(checkout):
    result = make_env(checkout, PYTHON=fake_python(checkout, "exit 0"))
    assert result.returncode == 1
    assert "Python 3.11 to 3.14 is needed" in result.stderr


def test_no_python_at_all(checkout):
    result = make_env(checkout, PYTHON="/nowhere/python3")
    assert result.returncode == 1
    assert "Python 3.11 to 3.14 is needed" in result.stderr


def python_without(folder: Path, what: str) -> str:
    """This Python, but for what Debian puts into python3-venv; asked for its name it says that of the stand-in."""
    (folder / "missing").mkdir()
    (folder / "missing" / f"{what}.py").write_text(
        f"raise ModuleNotFoundError(\"No module named '{what}'\")\n"
    )
    script = folder / "python3"
    script.write_text(
        f'#!/bin/bash\nPYTHONPATH={folder}/missing exec -a "{script}" {os.path.realpath(sys.executable)} "$@"\n'
    )
    script.chmod(0o755)
    return str(script)


needs_bash = pytest.mark.skipif(
    shutil.which("bash") is None, reason="no bash, whose exec -a names a stand-in"
)


@needs_bash
@pytest.mark.parametrize("what", ["ensurepip", "venv"])
def test_missing_module_names_the_debian_package(checkout, tmp_path_factory, what):
    python = python_without(tmp_path_factory.mktemp("debian"), what)
    asked = subprocess.run(
        [python, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=False
    )
    assert asked.stdout == f"{python}\n"
    result = make_env(checkout, PYTHON=python)
    assert result.returncode == 1
    assert f"error: {python} has no venv module." in result.stderr
    assert "apt install python3-venv" in result.stderr
    assert "make env PYTHON=" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (checkout / ".tool").exists()


def test_venv_that_fails_half_way(checkout):
    """Where the modules are there and the wheels of pip are not, Debian's says so when the folder is begun."""
    said = "The virtual environment was not created successfully because ensurepip is not available."
    python = fake_python(
        checkout,
        'case "$1 $2" in *sys.executable*) echo "$0"; exit;; "-m venv")'
        f' mkdir -p "$3/bin"; echo "{said}"; exit 1;; esac; exec {sys.executable} "$@"',
    )
    result = make_env(checkout, PYTHON=python)
    assert result.returncode == 1
    assert said in result.stderr
    assert "error: could not make a virtual environment in .tool." in result.stderr
    assert "apt install python3-venv" in result.stderr
    assert not (checkout / ".tool").exists(), "the next try begins anew"


def test_no_network_says_so_and_leaves_nothing_that_looks_ready(checkout):
    nowhere = "http://127.0.0.1:9/simple"
    result = make_env(
        checkout,
        PYTHON=sys.executable,
        PIP_INDEX_URL=nowhere,
        PIP_RETRIES="0",
        PIP_NO_CACHE_DIR="1",
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
    )
    assert result.returncode == 1
    assert "error: could not install uv." in result.stderr
    assert "UV_DEFAULT_INDEX" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (checkout / ".tool/.stamp").exists()
    assert not (checkout / ".venv").exists()
