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


def test_missing_venv_module_names_the_debian_package(checkout):
    python = fake_python(
        checkout,
        f'case "$2" in *sys.executable*) echo "$0"; exit 0;; *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"',
    )
    result = make_env(checkout, PYTHON=python)
    assert result.returncode == 1
    assert "has no venv module" in result.stderr
    assert "apt install python3-venv" in result.stderr
    assert not (checkout / ".tool").exists()


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
