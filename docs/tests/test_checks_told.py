"""What tables of the documentation say of system checks is all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = {"docs/howto/cdn.md": "packages/django-static/src/django_static/checks_of_cdn.py"}


@pytest.mark.parametrize(("page", "source"), PLACES.items(), ids=PLACES)
def test_each_check_has_its_row(page, source):
    rows = re.findall(r"^\| (`[EW]\d.*?) \|", (ROOT / page).read_text(), re.MULTILINE)
    told = [id for row in rows for id in re.findall(r"[EW]\d{3}", row)]
    assert sorted(told) == sorted(set(re.findall(r'"django_static\.(\w+)"', (ROOT / source).read_text())))
