"""The README's example, pasted: the project it makes passes its check and its tests."""

import contextlib
import importlib
import re
from importlib import metadata
from pathlib import Path

import pytest

from django_mongokit import checks, document_checks, time_checks, usage_checks

README = Path(__file__).parent.parent / "README.md"


@pytest.mark.skipif(
    "SecantusDB" not in {found.metadata["Name"] for found in metadata.distributions()},
    reason="needs the embedded server: SecantusDB has no wheel for this Python",
)
def test_the_example(run, tmp_path):
    environment = {"DJANGO_SETTINGS_MODULE": "mysite.settings", "MONGODB_URI": "", "PYTHONPATH": ""}
    run(
        "-m",
        "django",
        "startproject",
        "mysite",
        ".",
        cwd=tmp_path,
        **{**environment, "DJANGO_SETTINGS_MODULE": ""},
    )
    run("manage.py", "startapp", "talks", cwd=tmp_path, **environment)
    blocks = re.findall(r"```python\n# (\S+?)(, at its end)?\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 7
    for name, at_the_end, text in blocks:
        with open(tmp_path / name, "a" if at_the_end else "w") as file:
            file.write("\n" + text)
    commands = re.findall(r"^python (manage.py .*)$", README.read_text(), re.MULTILINE)
    assert commands == [
        "manage.py startapp talks",
        "manage.py migrate",
        "manage.py test",
        "manage.py runserver",
    ]
    assert "no issues" in run("manage.py", "check", cwd=tmp_path, **environment)
    run("manage.py", "migrate", "-v0", cwd=tmp_path, **environment)
    assert re.search(r"Ran 2 tests in [\d.]+s\n\nOK", run("manage.py", "test", cwd=tmp_path, **environment))


def test_every_check_is_listed():
    listed = set(re.findall(r"\b[EW]0\d\d\b", README.read_text())) | {"E004"}
    said = "".join(module.__doc__ for module in (checks, document_checks, time_checks, usage_checks))
    assert listed == set(re.findall(r"\b[EW]0\d\d\b", said))


def test_the_checks_of_the_admin_are_listed():
    from django_mongokit.admin import checks as of_admin

    ids = re.findall(r"^django_mongokit\.(E1\d\d)", of_admin.__doc__, re.MULTILINE)
    first, last = re.findall(r"\bE1\d\d\b", README.read_text())
    assert ids == [f"E{number}" for number in range(int(first[1:]), int(last[1:]) + 1)]


def test_public_names_of_the_readme_exist():
    import django_mongokit

    for dotted in set(re.findall(r"`django_mongokit\.([\w.]+)", README.read_text())) - {"mongodb"}:
        # Modules are attributes once they have been imported.
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(f"django_mongokit.{dotted.partition('.')[0]}")
        found = django_mongokit
        for part in dotted.split("."):
            if not re.fullmatch(r"[EW]\d+", part):
                found = getattr(found, part)
