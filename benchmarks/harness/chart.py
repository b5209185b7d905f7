"""A result as a bar chart: an SVG written by hand, readable in light and in dark, and by those who can't see it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from harness.result import Result
from harness.summarise import Summary, Table, summarise
from harness.table import noise_lines, number

__all__ = ["render_chart"]

_WIDTH = 940
_LABEL = 200
_FIGURE = 100
_ROW = 22
_HEAD = 34
_TOP = 66
_GAP = 24
_MARGIN = 16

_STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .title { font-size: 17px; font-weight: 600; }
    .case { font-weight: 600; }
    .small { font-size: 11px; fill: #59636e; }
    .ours { font-weight: 600; }
    .back { fill: #ffffff; }
    .bar { fill: #8c959f; }
    .bar.ours { fill: #0969da; }
    .spread { stroke: #1f2328; stroke-width: 1.5; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .small { fill: #9198a1; }
      .back { fill: #0d1117; }
      .bar { fill: #6e7681; }
      .bar.ours { fill: #58a6ff; }
      .spread { stroke: #e6edf3; }
    }
"""


def render_chart(result: Result) -> str:
    """The chart of a result; one panel for each case, every figure also in the description."""
    table = summarise(result)
    columns = min(result.columns, len(result.cases))
    panel_rows = -(-len(result.cases) // columns)
    rows = len(result.entrants)
    panel_height = _HEAD + rows * _ROW + _GAP
    foot = _foot(result)
    panel_width = _WIDTH // columns
    width = 2 * _MARGIN + columns * panel_width
    height = _TOP + panel_rows * panel_height + len(foot) * 16 + _MARGIN
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
        f'  <title id="title">{escape(result.title)}</title>',
        f'  <desc id="desc">{escape(_description(result, table))}</desc>',
        f"  <style>{_STYLE}  </style>",
        f'  <rect class="back" width="{width}" height="{height}"/>',
        f'  <text class="title" x="{_MARGIN}" y="30">{escape(result.title)}</text>',
        f'  <text class="small" x="{_MARGIN}" y="50">{escape(_subtitle(result))}</text>',
    ]
    for index, case in enumerate(result.cases):
        x = _MARGIN + index % columns * panel_width
        y = _TOP + index // columns * panel_height
        lines.extend(_panel(result, case, table[case], x, y, panel_width - _LABEL - _FIGURE))
    for index, line in enumerate(foot):
        y = _TOP + panel_rows * panel_height + index * 16
        lines.append(f'  <text class="small" x="{_MARGIN}" y="{y}">{escape(line)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(result: Result, case: str, of_case: dict[str, Summary], x: int, y: int, bar: int) -> Iterator[str]:
    failed = {failure.contestant for failure in result.failures}
    crashed = {crash.contestant for crash in result.crashes if crash.case == case}
    longest = max((summary.high for summary in of_case.values()), default=0.0) or 1.0
    title = result.cases[case]
    yield f'  <text class="case" x="{x}" y="{y + 16}">{escape(title)}</text>'
    for row, entrant in enumerate(result.entrants):
        top = y + _HEAD + row * _ROW
        mine = " ours" if entrant.ours else ""
        summary = of_case.get(entrant.name)
        yield (
            f'  <text class="label{mine}" x="{x + _LABEL - 8}" y="{top + 11}" text-anchor="end">'
            f"{escape(entrant.title)}</text>"
        )
        if summary is None:
            word = (
                "failed"
                if entrant.name in failed
                else "crashes"
                if entrant.name in crashed
                else "does not run in this"
            )
            yield f'  <text class="small" x="{x + _LABEL}" y="{top + 11}">{word}</text>'
            continue
        start = x + _LABEL
        median, low, high = (
            max(0.0, value) / longest * bar for value in (summary.median, summary.low, summary.high)
        )
        yield f'  <rect class="bar{mine}" x="{start}" y="{top}" width="{median:.1f}" height="14" rx="2"/>'
        if high - low >= 2:
            yield f'  <path class="spread" d="M{start + low:.1f} {top + 7}H{start + high:.1f}"/>'
        beside = start + max(median, high) + 6
        yield f'  <text class="value{mine}" x="{beside:.1f}" y="{top + 11}">{number(summary.median)}</text>'


def _subtitle(result: Result) -> str:
    counted = result.settings.rounds - result.settings.dropped
    clock = "wall time" if result.figure == "wall" else "client CPU time"
    return f"{result.unit}, {clock}, less is better; median of {counted} rounds, the line is lowest to highest; ours is bold, in blue"


def _foot(result: Result) -> list[str]:
    machine = result.machine
    lines = [
        f"{machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('python')}, {result.started[:10]}"
    ]
    return lines + [
        line for line in noise_lines(result) if line.startswith(("NOT QUIET", "foreign CPU use NOT"))
    ]


def _description(result: Result, table: Table) -> str:
    parts = [_subtitle(result) + "."]
    for case, title in result.cases.items():
        figures = [
            f"{entrant.title}{' (ours)' if entrant.ours else ''} {number(table[case][entrant.name].median)}"
            for entrant in result.entrants
            if entrant.name in table[case]
        ]
        parts.append(f"{title}: {', '.join(figures) or 'nobody'}.")
        crashed = [crash.contestant for crash in result.crashes if crash.case == case]
        parts.extend([f"Crash there: {', '.join(crashed)}."] if crashed else [])
    failed = [failure.contestant for failure in result.failures]
    return " ".join([*parts, f"Failed: {', '.join(failed)}." if failed else ""]).strip()
