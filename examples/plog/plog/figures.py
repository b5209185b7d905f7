"""Draws the pictures of the posts from their figures: one SVG for light pages and one for dark ones.

Only presentation attributes are used, no style sheet and no script, so that the pictures also show where they are
opened by themselves under a strict Content-Security-Policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["DARK", "LIGHT", "Theme", "figures"]


@dataclass(frozen=True)
class Theme:
    """The colours of one kind of page."""

    suffix: str
    paper: str
    ink: str
    muted: str
    line: str
    first: str
    second: str
    third: str


LIGHT = Theme("", "#fffdf9", "#23272e", "#59616b", "#ddd6ca", "#b4471f", "#5d7389", "#8a6d1f")
DARK = Theme("-dark", "#1d2027", "#e4e2dd", "#a3abb5", "#3a3f49", "#f0946b", "#8fa9c4", "#d8b55a")

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
WIDTH = 480


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    shown: str
    colour: str


def figures(theme: Theme) -> dict[str, str]:
    """Every figure of the sample posts as file name -> SVG text, in the colours of ``theme``."""
    drawings: dict[str, Callable[[Theme], str]] = {
        "talks-benchmark": _talks_benchmark,
        "mongoengine-race": _mongoengine_race,
        "server-shootout": _server_shootout,
        "gunicorn-memory": _gunicorn_memory,
        "console": _console,
    }
    return {f"{name}{theme.suffix}.svg": draw(theme) for name, draw in drawings.items()}


def _talks_benchmark(theme: Theme) -> str:
    totals = [
        ("10 talks", 0.058883190155, 0.277035951614),
        ("100 talks", 0.430680990219, 2.89844799042),
        ("500 talks", 1.97193694115, 14.5031416416),
        ("1000 talks", 3.8518948555, 35.3826839924),
    ]
    groups = [
        (
            label,
            [
                Bar("", mongo, f"{mongo:.2f} s", theme.first),
                Bar("", sql, f"{sql:.2f} s", theme.second),
            ],
        )
        for label, mongo, sql in totals
    ]
    return _bars(theme, groups, legend=[("MongoDB", theme.first), ("PostgreSQL", theme.second)])


def _mongoengine_race(theme: Theme) -> str:
    bars = [
        ("django-mongokit", [Bar("", 100, "100", theme.second)]),
        ("MongoEngine", [Bar("", 77, "77", theme.first)]),
    ]
    return _bars(theme, bars, legend=[("time for the same work, less is better", theme.muted)], left=150)


def _server_shootout(theme: Theme) -> str:
    runs = [
        ("fcgi, threaded", 640, theme.third),
        ("fcgi, 4 workers", 240, theme.third),
        ("gunicorn, 2", 1100, theme.second),
        ("gunicorn, 5", 1300, theme.second),
        ("gunicorn, 10", 1200, theme.second),
        ("uWSGI, 2", 1800, theme.first),
        ("uWSGI, 5", 2100, theme.first),
        ("uWSGI, 10", 2300, theme.first),
    ]
    groups = [(label, [Bar("", value, f"{value:,}", colour)]) for label, value, colour in runs]
    return _bars(theme, groups, legend=[("requests a second, more is better", theme.muted)], left=140)


def _bars(
    theme: Theme,
    groups: Sequence[tuple[str, Sequence[Bar]]],
    *,
    legend: Sequence[tuple[str, str]],
    left: int = 104,
) -> str:
    """Horizontal bars, each with its value at its end; the scale is linear and begins at zero."""
    thick, between, right = 20, 14, 74
    most = max(bar.value for _, bars in groups for bar in bars)
    parts = [*_legend(theme, legend)]
    y = 52
    for label, bars in groups:
        height = len(bars) * thick + (len(bars) - 1) * 3
        parts.append(_text(left - 10, y + height / 2 + 5, label, theme.ink, anchor="end"))
        for bar in bars:
            width = max(bar.value / most * (WIDTH - left - right), 1.5)
            parts.append(
                f'<rect x="{left}" y="{y}" width="{width:.1f}" height="{thick}" rx="2" fill="{bar.colour}"/>'
            )
            parts.append(_text(left + width + 7, y + thick / 2 + 5, bar.shown, theme.ink))
            y += thick + 3
        y += between - 3
    parts.append(
        f'<path d="M{left - 0.5} 44V{y - between + 8}" stroke="{theme.muted}" stroke-width="1" fill="none"/>'
    )
    return _svg(theme, y + 4, parts)


def _legend(theme: Theme, entries: Iterable[tuple[str, str]]) -> list[str]:
    parts, x = [], 18.0
    for text, colour in entries:
        if colour != theme.muted:
            parts.append(f'<rect x="{x}" y="17" width="12" height="12" rx="2" fill="{colour}"/>')
            x += 18
        parts.append(_text(x, 28, text, theme.muted))
        x += 8.8 * len(text) + 24
    return parts


def _gunicorn_memory(theme: Theme) -> str:
    points = [(1, 23), (5, 82), (10, 155)]
    left, right, top, bottom = 56, 24, 52, 236

    def x(workers: float) -> float:
        return left + workers / 11 * (WIDTH - left - right)

    def y(megabytes: float) -> float:
        return bottom - megabytes / 175 * (bottom - top)

    parts = [*_legend(theme, [("megabytes, by the number of gunicorn workers", theme.muted)])]
    for level in (0, 50, 100, 150):
        parts.append(
            f'<path d="M{left} {y(level):.1f}H{WIDTH - right}" stroke="{theme.line}" stroke-width="1" fill="none"/>'
        )
        parts.append(_text(left - 10, y(level) + 5, str(level), theme.muted, anchor="end"))
    slope = (155 - 23) / 9
    parts.append(
        f'<path d="M{x(0):.1f} {y(23 - slope):.1f}L{x(11):.1f} {y(155 + slope):.1f}" stroke="{theme.second}" '
        'stroke-width="2" stroke-dasharray="5 5" fill="none"/>'
    )
    for workers, megabytes in points:
        parts.append(
            f'<circle cx="{x(workers):.1f}" cy="{y(megabytes):.1f}" r="6" fill="{theme.first}" '
            f'stroke="{theme.paper}" stroke-width="2"/>'
        )
        if workers < 10:
            parts.append(_text(x(workers) + 12, y(megabytes) + 18, f"{megabytes} MB", theme.ink))
        else:
            parts.append(_text(x(workers) - 12, y(megabytes) - 8, f"{megabytes} MB", theme.ink, anchor="end"))
        parts.append(_text(x(workers), bottom + 24, str(workers), theme.ink, anchor="middle"))
    return _svg(theme, bottom + 42, parts)


def _console(theme: Theme) -> str:
    rows = [
        ("Domain name", "d1234abcd.cloudfront.example"),
        ("Origin", "plog-pictures (S3 bucket)"),
        ("Comment", "pictures of the weblog"),
        ("Delivery", "HTTP download"),
        ("Enabled", "yes"),
    ]
    parts = [
        f'<path d="M1 40H{WIDTH - 1}" stroke="{theme.line}" stroke-width="1" fill="none"/>',
        *(f'<circle cx="{22 + 18 * i}" cy="21" r="5.5" fill="{theme.line}"/>' for i in range(3)),
        _text(WIDTH / 2, 26, "Distributions", theme.muted, anchor="middle"),
    ]
    y = 74
    for name, value in rows:
        parts.append(_text(24, y, name, theme.muted))
        parts.append(_text(150, y, value, theme.ink))
        parts.append(
            f'<path d="M24 {y + 12}H{WIDTH - 24}" stroke="{theme.line}" stroke-width="1" fill="none"/>'
        )
        y += 34
    parts += [
        _text(24, y, "State", theme.muted),
        f'<rect x="148" y="{y - 17}" width="106" height="25" rx="12.5" fill="{theme.first}"/>',
        _text(201, y, "Deployed", theme.paper, anchor="middle", weight="600"),
    ]
    return _svg(theme, y + 28, parts)


def _text(x: float, y: float, text: str, colour: str, *, anchor: str = "start", weight: str = "400") -> str:
    extra = f' text-anchor="{anchor}"' if anchor != "start" else ""
    extra += f' font-weight="{weight}"' if weight != "400" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{extra}>{escape(text)}</text>'


def _svg(theme: Theme, height: float, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" font-family="{FONT}" font-size="15">\n'
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="6" fill="{theme.paper}" '
        f'stroke="{theme.line}"/>\n{body}\n</svg>\n'
    )
