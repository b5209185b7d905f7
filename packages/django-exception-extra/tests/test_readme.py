"""The example of the README, run as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_example_works_when_pasted(tmp_path):
    (example,) = re.findall(r"<!-- run -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)
    script = tmp_path / "who.py"
    script.write_text(example)
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("anita (Anita Test)\n", "", 0)
