"""The page about the embedded server names what the tests try."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1]
PAGE = (DOCS / "reference/embedded-server.md").read_text(encoding="utf-8")
FEATURES = DOCS.parent / "packages/mongokit/tests/mongod_features.py"


@pytest.fixture(scope="module")
def features():
    spec = importlib.util.spec_from_file_location("mongod_features_of_the_page", FEATURES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_lacking_is_on_the_page(features):
    section = PAGE.partition("## What it lacks")[2]
    named = [
        line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")
    ]
    assert named[2 : 2 + len(features.LACKING)] == list(features.LACKING)


def test_what_works_is_on_the_page(features):
    said = re.search(r"It works as MongoDB with: (.*?)\.\n\n", PAGE, re.DOTALL)[1]
    assert " ".join(said.split()).split(", ") == list(features.WORKING)
