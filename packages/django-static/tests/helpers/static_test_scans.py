"""What the tests of the scan have in common, whatever the engine."""

from __future__ import annotations

from django_static.scan import Scan

#: What the templates of a test are called.
NAMES = ("page", "one", "two", "three")


def values(result: Scan, kind: str = "file") -> list[str]:
    """What was found of a kind."""
    return [use.value for use in result.uses if use.kind == kind]


def page_blocks(result: Scan) -> list[str]:
    """The texts of the blocks of the page, of which all is known."""
    assert result.unknown == ()
    return [use.value for use in result.uses if use.kind == "block" and use.place.template == "page"]


def block(inner: str) -> str:
    return "{% slimall %}" + inner + "{% endslimall %}"
