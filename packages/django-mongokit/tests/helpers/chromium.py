"""The browser of the tests, found once."""

from __future__ import annotations

import shutil

import pytest

__all__ = ["CHROMIUM", "FLAGS", "MARKS", "playwright"]

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
MARKS = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH (Debian: apt install chromium)"),
    pytest.mark.timeout(300),
]
