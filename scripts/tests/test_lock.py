"""`make lock`: both lock files are renewed, or neither is touched. The resolver is the real one; its index is a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".tool/bin/uv"

OLD = "as-it-was==1\n"
PROJECT = '[project]\nname = "{name}"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = {needs}\n'
GROUPS = "[dependency-groups]\ndev = []\nplog = []\ndocs = []\n"


def make_wheel(folder: Path, name: str) -> Path:
    """The least that a resolver takes for a distribution."""
    path = folder / f"{name}-9.9-py3-none-any.whl"
    info = f"{name}-9.9.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def workspace(tmp_path):
    """A checkout whose packages need what the test says, and an index with uv and one library."""
    folder = tmp_path / "checkout"
    index = tmp_path / "index"
    for path in (folder / "scripts", folder / ".tool/bin", folder / "packages/one", index):
        path.mkdir(parents=True)
    shutil.copy(ROOT / "scripts/lock.sh", folder / "scripts")
    (folder / ".tool/bin/uv").symlink_to(UV)
    (folder / "pyproject.toml").write_text(PROJECT.format(name="whole", needs="[]") + GROUPS)
    for name in ("tools.lock", "requirements.lock"):
        (folder / name).write_text(OLD)
    for name in ("uv", "library"):
        make_wheel(index, name)

    def lock(*needs: str) -> subprocess.CompletedProcess[str]:
        project = PROJECT.format(name="one", needs=list(needs))
        (folder / "packages/one/pyproject.toml").write_text(project)
        return subprocess.run(
            ["sh", "scripts/lock.sh"],
            cwd=folder,
            env={**os.environ, "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(index), "UV_NO_CONFIG": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    lock.folder = folder
    lock.index = index
    return lock


def locks(workspace) -> dict[str, str]:
    return {name: (workspace.folder / name).read_text() for name in ("tools.lock", "requirements.lock")}


def test_both_are_renewed(workspace):
    done = workspace("library>=1")
    assert done.returncode == 0, done.stderr
    found = locks(workspace)
    assert found["tools.lock"].startswith("uv==9.9 \\\n    --hash=sha256:")
    assert found["requirements.lock"].startswith("library==9.9 \\\n    --hash=sha256:")
    assert [path.name for path in (workspace.folder / ".tool").iterdir()] == ["bin"], "nothing is left over"


@pytest.mark.parametrize(
    ("needs", "says"),
    [
        pytest.param("nowhere>=1", "nowhere", id="no-such-distribution"),
        pytest.param("library>=10", "library", id="no-such-version"),
        pytest.param("library @ {index}/library-9.9-py3-none-any.whl", "names a host", id="names-a-place"),
    ],
)
def test_one_that_fails_leaves_both(workspace, needs, says):
    done = workspace(needs.format(index=workspace.index.as_uri()))
    assert done.returncode != 0
    assert says in done.stderr
    assert locks(workspace) == {"tools.lock": OLD, "requirements.lock": OLD}
    assert [path.name for path in (workspace.folder / ".tool").iterdir()] == ["bin"], "nothing is left over"
