"""Sphinx: `make docs`."""

import sys
from pathlib import Path

import django
from django.conf import settings

# autodoc imports the packages, and two of them are Django apps.
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    USE_TZ=True,
)
django.setup()

project = "Slimstack"
author = "the Slimstack contributors"
copyright = "the Slimstack contributors, BSD-3-Clause"

sys.path.insert(0, str(Path(__file__).parent))
extensions = ["myst_parser", "sphinx.ext.autodoc", "captions"]
exclude_patterns = ["_build", "tests"]
html_theme = "furo"
html_title = "Slimstack"
# The packages' docstrings write code in single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
