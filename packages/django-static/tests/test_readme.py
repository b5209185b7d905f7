"""The example of the README works when it is pasted, and its table names every setting."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import django_static
from django_static import checks

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def test_the_example():
    code = next(
        block
        for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
        if "settings.configure" in block
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd="/", check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("<link") == 2
    assert re.search(r'<link rel="stylesheet" href="/css/screen_typo\.\d+\.css">', done.stdout)
    assert re.search(r'href="/css/print\.\d+\.css" media="print"', done.stdout)
    assert re.search(r"body\{background:url\(\.\./img/logo\.\d+\.png\)\}\np\{margin:0\}", done.stdout)


def test_every_setting_is_described():
    for name in checks._KNOWN:
        assert f"| `{name}` |" in README, name


def test_the_pattern_for_vite():
    assert f'`r"{checks._VITE}"`' in README


def test_the_version_is_that_of_the_distribution():
    assert django_static.__version__ == metadata.version("slimstack-static")
