"""What the table of the documentation says of system checks is all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = {"docs/reference/static-checks.md": "packages/django-static/src/django_static"}


def rows(page: str) -> list[list[str]]:
    """The cells of each row that begins with the id of a check."""
    lines = re.findall(r"^\| (`[EW]\d.*) \|$", (ROOT / page).read_text(), re.MULTILINE)
    return [line.split(" | ") for line in lines]


def ids(package: str) -> set[str]:
    """All that the code has, whole or as what is put behind the name of the app."""
    texts = [path.read_text() for path in (ROOT / package).glob("checks*.py")]
    return {id for text in texts for id in re.findall(r'["\'](?:django_static\.)?([EW]\d{3})["\']', text)}


@pytest.mark.parametrize(("page", "package"), PLACES.items(), ids=PLACES)
def test_each_check_has_its_row(page, package):
    told = [row[0] for row in rows(page)]
    assert sorted(told) == sorted(f"`{id}`" for id in ids(package))
    assert told == sorted(told, key=lambda id: (id[2:], id))


@pytest.mark.parametrize(("page", "package"), PLACES.items(), ids=PLACES)
def test_no_check_is_made_elsewhere(page, package):
    others = [path for path in (ROOT / package).rglob("*.py") if not path.name.startswith("checks")]
    assert [path.name for path in others if re.search(r"django_static\.[EW]\d", path.read_text())] == []


@pytest.mark.parametrize(("page", "package"), PLACES.items(), ids=PLACES)
def test_each_row_says_what_to_do(page, package):
    assert [row for row in rows(page) if len(row) != 3 or not all(map(str.strip, row))] == []


@pytest.mark.parametrize(("page", "package"), PLACES.items(), ids=PLACES)
def test_what_the_table_names_there_is(page, package):
    """A setting of the package by the rest of its name."""
    source = "\n".join(path.read_text() for path in (ROOT / package).rglob("*.py"))
    named = {name for row in rows(page) for name in re.findall(r"`([A-Z][A-Z_]+[A-Z])`", "".join(row[1:]))}
    assert named
    django = {"BACKEND", "OPTIONS", "STORAGES"}
    of_django = {
        name
        for name in named
        if name.startswith(("STATIC", "MEDIA_ROOT", "MIDDLEWARE", "INSTALLED", "DJANGO"))
    }
    missing = {
        name for name in named - of_django - django if f'_{name}"' not in source and f'"{name}"' not in source
    }
    assert missing == set()
