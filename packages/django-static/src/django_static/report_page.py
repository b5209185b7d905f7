"""A report as one page of HTML that needs nothing but itself."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from .report import Known, Load, Report, Template
from .sizes import printable, shown

__all__ = ["render"]

#: How many are drawn, and how many are listed; of the rest the page says how many there are.
_DRAWN = 40
_LISTED = 400
_FOLDERS = 30
_BIGGEST = 20
#: Per cent of the width that anything but nothing has at least.
_LEAST_WIDTH = 0.4


def render(report: Report, *, title: str = "Static files") -> str:
    """The page; every name from outside is escaped."""
    engine = Engine(dirs=[str(Path(__file__).parent / "templates")], autoescape=True)
    return engine.get_template("django_static/report.html").render(Context(_context(report, title)))


def _context(report: Report, title: str) -> dict[str, Any]:
    scale = max((_widest(each) for each in report.templates), default=0)
    rows = [_template(each, scale) for each in report.templates]
    drawn, others = rows[:_DRAWN], rows[_DRAWN : _DRAWN + _LISTED]
    top = max((each.size for each in report.published[:_BIGGEST]), default=0)
    wasted = sum(group[0].size * (len(group) - 1) for group in report.duplicates)
    unreferenced = _folders(report.unreferenced)
    unknown = [
        {"place": printable(str(each.place)), "expression": printable(each.expression), "alone": each.alone}
        for each in report.unknown
    ]
    return {
        "title": printable(title),
        "made": _time(time.time()),
        "built": _time(report.built) if report.built is not None else "",
        "static_tag": "{% static %}",
        "lack": printable(report.lack),
        "known": report.known,
        "known_size": shown(report.known_bytes),
        "is_compressed": any(each.sent < each.size for each in report.published),
        "templates": drawn,
        "others": others,
        "cut": max(0, len(rows) - len(drawn) - len(others)),
        "count": report.template_count,
        "lacking": sum(each.lacking for each in report.templates),
        "biggest": [
            {
                "name": printable(each.url),
                "before": shown(each.before) if each.before else "",
                "size": shown(each.size),
                "sent": shown(each.sent) if each.sent < each.size else "",
                "bars": _bars(each.size, each.sent, top),
            }
            for each in report.published[:_BIGGEST]
        ],
        "published": len(report.published),
        "published_size": shown(sum(each.size for each in report.published)),
        "unreferenced": unreferenced[:_FOLDERS],
        "unreferenced_cut": max(0, len(unreferenced) - _FOLDERS),
        "unreferenced_count": len(report.unreferenced),
        "unreferenced_size": shown(sum(each.size for each in report.unreferenced)),
        "duplicates": [
            {
                "size": shown(group[0].size),
                "names": [printable(each.name) for each in group[:_BIGGEST]],
                "more": max(0, len(group) - _BIGGEST),
            }
            for group in report.duplicates[:_DRAWN]
        ],
        "duplicates_count": len(report.duplicates),
        "duplicates_cut": max(0, len(report.duplicates) - _DRAWN),
        "duplicates_size": shown(wasted),
        "unknown": unknown[:_LISTED],
        "unknown_count": len(unknown),
        "unknown_cut": max(0, len(unknown) - _LISTED),
        "problems": [printable(each) for each in report.problems[:_LISTED]],
        "problems_count": len(report.problems),
        "problems_cut": max(0, len(report.problems) - _LISTED),
        "notes": [printable(each) for each in report.notes],
    }


def _widest(template: Template) -> int:
    return max(template.before.size, template.after.size if template.after else 0)


def _template(template: Template, scale: int) -> dict[str, Any]:
    before, after = template.before, template.after
    row: dict[str, Any] = {
        "name": printable(template.name),
        "before": _load(before),
        "before_bars": _bars(before.size, before.size, scale),
        "lacking": template.lacking,
    }
    if after is not None:
        row |= {
            "after": _load(after),
            "after_bars": _bars(after.size, after.sent, scale),
            "change": _change(before, after),
        }
    return row


def _load(load: Load) -> dict[str, Any]:
    return {
        "requests": f"{load.requests} request{'' if load.requests == 1 else 's'}",
        "size": shown(load.size),
        "sent": shown(load.sent) if load.sent < load.size else "",
    }


def _bars(size: int, sent: int, scale: int) -> dict[str, str]:
    """Widths in per cent, of all and of the part that is sent where it is compressed."""
    return {"all": _width(size, scale), "sent": _width(sent, scale) if sent < size else "0"}


def _width(size: int, scale: int) -> str:
    if not size or not scale:
        return "0"
    return f"{max(_LEAST_WIDTH, 100 * size / scale):.2f}"


def _change(before: Load, after: Load) -> str:
    """Like is compared with like; what compression gains is said for itself, since originals could be compressed too."""
    changed = _difference(before.size, after.size)
    if after.sent == after.size:
        return changed
    return f"{changed}; where compressed, {_difference(before.size, after.sent)}"


def _difference(before: int, after: int) -> str:
    if after == before:
        return "as many bytes as before"
    if not before:
        return "more bytes"
    change = 100 * abs(after - before) / before
    rounded = f"{change:.0f}%" if change >= 1 else "less than 1%"
    return f"{rounded} {'fewer' if after < before else 'more'} bytes"


def _folders(files: Iterable[Known]) -> list[dict[str, Any]]:
    """Files by the first two folders of their names, the heaviest folders first."""
    groups: dict[str, list[Known]] = defaultdict(list)
    for each in files:
        parts = each.name.split("/")
        groups["/".join(parts[: min(3, len(parts) - 1)]) + "/"].append(each)
    ordered = sorted(groups.items(), key=lambda pair: (-sum(each.size for each in pair[1]), pair[0]))
    return [_folder(name, group) for name, group in ordered]


def _folder(name: str, group: Sequence[Known]) -> dict[str, Any]:
    largest = sorted(group, key=lambda each: (-each.size, each.name))
    return {
        "name": printable(name),
        "count": f"{len(group)} file{'' if len(group) == 1 else 's'}",
        "size": shown(sum(each.size for each in group)),
        "files": [{"name": printable(each.name), "size": shown(each.size)} for each in largest[:_BIGGEST]],
        "more": max(0, len(group) - _BIGGEST),
    }


def _time(seconds: float) -> str:
    """A time by the clock of the process, and how far that is from UTC: the page may be read anywhere."""
    local = time.localtime(seconds)
    zone = timezone(timedelta(seconds=local.tm_gmtoff))
    return f"{time.strftime('%Y-%m-%d %H:%M', local)} {zone}"
