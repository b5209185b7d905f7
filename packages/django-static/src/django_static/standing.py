"""Whether :class:`django_static.serve.wsgi.StaticServer`, or that for ASGI, stands around the site's application.

No setting says so. The module of the application is read and not run: a command that builds is no server, and what a site starts
with its application (threads, connections, agents) has no place in it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec

from django.conf import settings

from .conf import conf

__all__ = ["sends_itself", "stands_around"]

_PACKAGE = "django_static.serve"
_SERVER = "StaticServer"


def sends_itself() -> bool:
    """Whether an application of the site sends whatever the manifest names, under any path."""
    return conf.use_manifest_file and stands_around()


def stands_around() -> bool:
    """Whether a server of ours stands around an application of the site.

    Looked at are those that ``WSGI_APPLICATION`` and ``ASGI_APPLICATION`` name, and ``application`` in the ``wsgi.py`` and
    ``asgi.py`` beside ``ROOT_URLCONF``, where ``startproject`` puts them.
    """
    return any(_is_around(module, name) for module, name in dict.fromkeys(_applications()))


def _applications() -> Iterator[tuple[str, str]]:
    for setting in ("WSGI_APPLICATION", "ASGI_APPLICATION"):
        module, dot, name = str(getattr(settings, setting, None) or "").rpartition(".")
        if dot:
            yield module, name
    urls = getattr(settings, "ROOT_URLCONF", None)
    if isinstance(urls, str):
        package, dot, _ = urls.rpartition(".")
        yield from ((f"{package}{dot}{each}", "application") for each in ("wsgi", "asgi"))


def _is_around(module: str, name: str) -> bool:
    source = _source_of(module)
    if _SERVER not in source:
        return False
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    called = {
        each.asname or each.name
        for statement in ast.walk(tree)
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(_PACKAGE)
        for each in statement.names
        if each.name == _SERVER
    }
    return any(
        isinstance(statement, ast.Assign | ast.AnnAssign)
        and any(isinstance(target, ast.Name) and target.id == name for target in _targets(statement))
        and statement.value is not None
        and any(_is_server(each, called) for each in ast.walk(statement.value))
        for statement in ast.walk(tree)
    )


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _is_server(node: ast.AST, called: set[str]) -> bool:
    """Whether it makes a server, by its name or by that of its module."""
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr == _SERVER
    return isinstance(function, ast.Name) and function.id in called


def _source_of(module: str) -> str:
    """The text of a module; empty where there is none to be read."""
    try:
        spec = find_spec(module)
        read = getattr(spec and spec.loader, "get_source", None)
        return str((read and read(module)) or "")
    except (ImportError, ValueError, AttributeError, SyntaxError):
        return ""
