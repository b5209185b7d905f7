"""The site under test: its own var folder, the test databases, the sample content loaded once."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import hypothesis
import pytest
from pymongo import monitoring

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
VAR = Path(tempfile.mkdtemp(prefix="plog-test-"))
atexit.register(shutil.rmtree, VAR, ignore_errors=True)
os.environ["DJANGO_SETTINGS_MODULE"] = "patient_settings"
# Processes that tests start have these settings too.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
os.environ["PLOG_VAR"] = str(VAR)
os.environ.pop("PLOG_DEBUG", None)
# pytest-django looks for settings before it reads this file.
django.setup()


class Commands(monitoring.CommandListener):
    """Notes what is asked of MongoDB."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.seen.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


# Clients tell only those listeners that were there before them.
COMMANDS = Commands()
monitoring.register(COMMANDS)


@pytest.fixture
def queries() -> Callable[[], list[str]]:
    """Call it to begin counting; call it again for what was asked since."""

    def since() -> list[str]:
        seen, COMMANDS.seen = COMMANDS.seen, []
        return [command for command in seen if not command.startswith(("hello", "endSessions"))]

    since()
    return since


@pytest.fixture(scope="session")
def loaded(django_db_setup: None) -> None:
    """The sample content in the test database."""
    from django.conf import settings

    from plog import blog, content

    blog.ensure_indexes()
    content.load(Path(settings.CONTENT_DIR), Path(settings.MEDIA_ROOT))


def stored() -> dict[str, dict[object, dict[str, object]]]:
    from django_mongokit import get_database

    database = get_database()
    return {name: {item["_id"]: item for item in database[name].find()} for name in ("posts", "comments")}


@pytest.fixture
def site(loaded: None) -> Iterator[None]:
    """The sample content as it was loaded, and as it will be for the next test."""
    from django_mongokit import get_database

    before = stored()
    yield
    database = get_database()
    for name, now in stored().items():
        for key in now.keys() - before[name].keys():
            database[name].delete_one({"_id": key})
        for key, item in before[name].items():
            if now.get(key) != item:
                database[name].replace_one({"_id": key}, item, upsert=True)


@pytest.fixture
def empty(loaded: None) -> Iterator[None]:
    """No posts and no comments."""
    from django_mongokit import get_database

    database = get_database()
    before = stored()
    for name in before:
        database[name].delete_many({})
    yield
    for name, items in before.items():
        database[name].delete_many({})
        database[name].insert_many(list(items.values()))
