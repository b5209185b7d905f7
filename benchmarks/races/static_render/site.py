"""The site that every contestant of this race serves: a hundred style sheets, and a page that names them all.

Two templates are timed: ``full.html`` has a hundred lines with one tag each; ``empty.html`` is the same with the tags
taken away. The difference, divided by a hundred, is what one tag costs. The comments around each tag keep the text
between the tags in as many nodes in both, so that only the tags' own nodes are left in the difference.

``three.html`` has a hundred lines that refer to three files each: in one block by those who can join files, else with
three tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.template.loader import get_template

from harness.contestant import Operation

__all__ = ["GROUPS", "NAMES", "Block", "Tag", "collect", "configure", "operations", "tag_lines"]

NAMES = tuple(f"css/sheet{number:03}.css" for number in range(100))
"""The files, relative to the folder of sources."""

GROUPS = tuple((NAMES[at], NAMES[(at + 1) % 100], NAMES[(at + 2) % 100]) for at in range(100))
"""Three files each, no two groups alike."""

Tag = Callable[[str], str]
Block = Callable[[tuple[str, str, str]], str]

_PAGES = {"tag": "full.html", "three": "three.html"}


def configure(
    workspace: Path,
    *,
    apps: tuple[str, ...] = (),
    storage: str = "django.contrib.staticfiles.storage.StaticFilesStorage",
    load: str = "",
    tag: Tag,
    block: Block | None = None,
    **more: Any,
) -> None:
    """Write the sources and the templates, and set Django up as in production.

    ``tag(name)`` is the template source that refers to one file, ``block(names)`` that for three, which is the tag for each of
    them unless it is given; ``load`` goes to the top of all templates.
    """
    for name in NAMES:
        source = workspace / "source" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(f".{source.stem} {{\n    color: #336699;\n    margin: 0 auto;\n}}\n")
    templates = workspace / "templates"
    templates.mkdir()
    (templates / "full.html").write_text(load + tag_lines(tag))
    (templates / "empty.html").write_text(load + tag_lines(lambda name: ""))
    refer = block or (lambda names: "".join(tag(name) for name in names))
    (templates / "three.html").write_text(
        load + "".join(f"{{# #}}{refer(names)}{{# #}}\n" for names in GROUPS)
    )
    loaders = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
    settings.configure(
        DEBUG=False,
        SECRET_KEY="of no use outside of this process",
        ALLOWED_HOSTS=["localhost"],
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.staticfiles", *apps],
        STATIC_URL="/static/",
        STATIC_ROOT=str(workspace / "published"),
        STATICFILES_DIRS=[str(workspace / "source")],
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": storage},
        },
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(templates)],
                "OPTIONS": {"loaders": [("django.template.loaders.cached.Loader", loaders)]},
            }
        ],
        **more,
    )
    django.setup()


def tag_lines(tag: Tag) -> str:
    """A line for each file, its tag fenced off from the text around it."""
    return "".join(f"{{# #}}{tag(name)}{{# #}}\n" for name in NAMES)


def collect() -> None:
    """Publish the sources as a deployment does."""
    call_command("collectstatic", interactive=False, verbosity=0)


def operations(
    expected: str, three: str | None = None, context: Mapping[str, object] | None = None
) -> dict[str, Operation]:
    """The rendering of the page in each case. ``expected`` is a pattern for what one tag must render, ``three`` for what a
    block of three must; without it there is no such case.

    ValueError where a page does not have a different text like that for each of its lines: who renders less than
    the others must not win.
    """
    return {
        case: _operation(_PAGES[case], pattern, context)
        for case, pattern in (("tag", expected), ("three", three))
        if pattern is not None
    }


def _operation(page: str, expected: str, context: Mapping[str, object] | None) -> Operation:
    text = get_template(page).render(dict(context or {}))
    found = set(re.findall(expected, text))
    if len(found) != len(NAMES):
        raise ValueError(
            f"{len(found)} of {len(NAMES)} references like {expected!r} in the page:\n{text[:600]}"
        )
    return Operation(
        run=lambda loops: _render(page, context, loops),
        overhead=lambda loops: _render("empty.html", context, loops),
        units=len(NAMES),
    )


def _render(name: str, context: Mapping[str, object] | None, loops: int) -> None:
    for _ in range(loops):
        get_template(name).render(dict(context or {}))
