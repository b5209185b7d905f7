"""The site that every contestant of this race publishes: a tree of files, and the admin's.

Each build is a process of its own that sets Django up and runs the command; measured is the command. *Cold* is an empty
``STATIC_ROOT`` and no cache of any kind, *warm* the same build once more, with nothing changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.contestant import Crash, Elapsed, Operation
from races.static_build.build import Report, Spec
from races.static_build.tree import ENVIRONMENT, TREES, read_all

__all__ = ["COLLECT", "Command", "operations", "settings_for"]

Command = tuple[str, dict[str, Any]]

COLLECT: Command = ("collectstatic", {"interactive": False, "verbosity": 0})

_STATIC_URL = "/static/"


def settings_for(site: Path, tree: Path, storage: Mapping[str, Any], apps: Sequence[str]) -> dict[str, Any]:
    """Settings as in production, for a site whose folder is ``site`` and whose files are those in ``tree``."""
    return {
        "DEBUG": False,
        "SECRET_KEY": "of no use outside of this process",
        "ALLOWED_HOSTS": ["localhost"],
        "USE_TZ": True,
        "INSTALLED_APPS": [
            *apps,
            "django.contrib.admin.apps.SimpleAdminConfig",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.staticfiles",
        ],
        "STATIC_URL": _STATIC_URL,
        "STATIC_ROOT": str(site / "published"),
        "MEDIA_ROOT": str(site / "media"),
        "STATICFILES_DIRS": [str(tree)],
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": dict(storage),
        },
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [str(site / "templates")],
                "APP_DIRS": True,
            }
        ],
    }


def operations(
    workspace: Path,
    storage: str | Mapping[str, Any],
    *,
    trees: Sequence[str] = TREES,
    apps: Sequence[str] = (),
    commands: Sequence[Command] = (COLLECT,),
    prepare: Callable[[Path, Path], object] | None = None,
    by_tree: Mapping[str, Mapping[str, Any]] | None = None,
    bundles: str = "",
    encodings: Sequence[str] = (),
    **more: Any,
) -> dict[str, Operation]:
    """The cold and the warm build of each of the ``trees``.

    ``storage`` is the backend of static files, or its whole entry in ``STORAGES``; ``apps`` come before Django's; ``more`` are
    settings, ``by_tree`` those for one tree. ``prepare(site, tree)`` writes whatever else the site needs, such as templates;
    ``bundles`` matches published files that stand for no single original. ``encodings`` are the siblings that are made of
    each style sheet and script of the small tree; it is checked that they are there.
    """
    folder = Path(os.environ[ENVIRONMENT])
    entry = {"BACKEND": storage} if isinstance(storage, str) else storage
    found = {}
    for tree in trees:
        site = _Site(
            home=workspace / tree,
            tree=folder / tree,
            settings={
                **settings_for(workspace / tree, folder / tree, entry, apps),
                **more,
                **(by_tree or {}).get(tree, {}),
            },
            commands=tuple(commands),
            prepare=prepare,
            bundles=bundles,
            encodings=tuple(encodings) if tree == "small" else (),
        )
        found[f"{tree}_cold"] = Operation(
            run=site.build, before=site.empty, turns=1, gauges=site.gauges, check=site.check
        )
        found[f"{tree}_warm"] = Operation(run=site.build, before=site.built, turns=1, gauges=site.gauges)
    return found


@dataclass
class _Site:
    """A site that is built again and again."""

    home: Path
    tree: Path
    settings: dict[str, Any]
    commands: tuple[Command, ...]
    prepare: Callable[[Path, Path], object] | None
    bundles: str
    encodings: tuple[str, ...]
    reports: list[tuple[Report, float]] = field(default_factory=list)
    is_built: bool = False
    crash: Crash | None = None

    def empty(self) -> None:
        """As a new machine has it."""
        if self.home.exists():
            # Not deleted before the race is over, nor what others have left is: see harness.launch.
            self.home.rename(self.home.with_name(f"{self.home.name}.{time.monotonic_ns()}"))
        self.is_built = False
        for name in ("published", "media", "templates", "cache", "tmp"):
            (self.home / name).mkdir(parents=True)
        if self.prepare is not None:
            self.prepare(self.home, self.tree)
        self._settle()

    def built(self) -> None:
        """As the last deployment left it."""
        if self.crash is not None:
            raise self.crash
        if not self.is_built:
            self.empty()
            self.build(1)
            self.reports.clear()
        self._settle()

    def _settle(self) -> None:
        read_all(self.tree)
        # What the last build wrote is on its way to the disk; nobody is to wait for another's.
        os.sync()

    def build(self, loops: int) -> Elapsed:
        """Publish everything in a process of its own.

        Raises:
            Crash: the command ends with an error.
        """
        wall = cpu = 0.0
        for _ in range(loops):
            report = self._run()
            wall, cpu = wall + report.wall, cpu + report.cpu
        return Elapsed(wall, cpu)

    def _run(self) -> Report:
        begun = time.perf_counter()
        spec = Spec(settings=self.settings, commands=self.commands)
        answer = self._child("races.static_build.build", asdict(spec))
        report = Report(**answer)
        if report.error is not None:
            self.crash = Crash(report.error)
            raise self.crash
        self.reports.append((report, time.perf_counter() - begun))
        self.is_built = True
        return report

    def _child(self, module: str, question: Mapping[str, Any]) -> dict[str, Any]:
        asked, answer = (self.home / "tmp" / name for name in ("question.json", "answer.json"))
        asked.write_text(json.dumps(question), encoding="utf-8")
        answer.unlink(missing_ok=True)
        places = {"TMPDIR": str(self.home / "tmp"), "XDG_CACHE_HOME": str(self.home / "cache")}
        done = subprocess.run(
            [sys.executable, "-P", "-m", module, str(asked), str(answer)],
            env={**os.environ, **places},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode or not answer.exists():
            said = done.stdout.decode(errors="replace")[-2000:]
            raise RuntimeError(f"{module} ended with exit code {done.returncode} and no answer:\n{said}")
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found

    def gauges(self) -> dict[str, float]:
        """What the last builds needed, and what is in ``STATIC_ROOT`` now."""
        published = [path for path in (self.home / "published").rglob("*") if path.is_file()]
        reports, self.reports = self.reports, []
        return {
            "peak_memory": max(report.peak_memory for report, _ in reports),
            "process": max(seconds for _, seconds in reports),
            "files": len(published),
            "on_disk": sum(path.stat().st_size for path in published),
        }

    def check(self) -> dict[str, float]:
        """Read what was published, and count what does not hold."""
        spec = {
            "settings": self.settings,
            "bundles": self.bundles,
            "encodings": self.encodings,
            "tree": str(self.tree.parent),
        }
        return self._child("races.static_build.verify", spec)
