"""A result as text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness.contestant import Gauge
from harness.result import Result
from harness.summarise import Table, losses, ratios, reached, summarise, summarise_gauges

__all__ = ["noise_lines", "number", "render_table"]

_REASON = 160
_CLOCKS = {"wall": "wall time", "cpu": "CPU time of the contestant's process"}


def number(value: float) -> str:
    """Three significant digits, never in exponents."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def render_table(result: Result, baseline: str | None = None) -> str:
    """The whole report: a table for each case, where ours is behind, what failed, the machine, the versions."""
    return "\n".join(_lines(result, (lambda case: baseline) if baseline else result.baseline_of)) + "\n"


def _lines(result: Result, baseline: Callable[[str], str]) -> Iterator[str]:
    table = summarise(result)
    counted = result.settings.rounds - result.settings.dropped
    yield f"{result.title}"
    yield f"{_CLOCKS[result.figure]}; median of {counted} rounds, lowest to highest; less is better; * is ours"
    yield from _cases(result, table, baseline)
    yield from _failures(result)
    yield from _losses(result, table)
    yield from _targets(result, table)
    yield ""
    yield from (f"- {line}" for line in result.how)
    yield f"- garbage collector: {result.gc}"
    yield from (f"- {line}" for line in noise_lines(result))
    yield ""
    yield "machine: " + ", ".join(f"{name} {value}" for name, value in result.machine.items())
    yield f"load average: {result.load_before} before, {result.load_after} after; {result.seconds:g} s in all"
    services = "".join(f"; {name} {value}" for name, value in result.services.items())
    yield "versions: " + ", ".join(f"{name} {value}" for name, value in result.versions.items()) + services


def _cases(result: Result, table: Table, baseline: Callable[[str], str]) -> Iterator[str]:
    compared = ratios(table, baseline)
    gauges = summarise_gauges(result)
    titles = {entrant.name: ("* " if entrant.ours else "  ") + entrant.title for entrant in result.entrants}
    width = max(map(len, (*titles.values(), *result.cases.values())))
    for case, title in result.cases.items():
        yield ""
        speed = f"  {result.rate.unit:>8}" if result.rate else ""
        against = "÷ " + baseline(case)
        yield f"{title:{width}}  {result.unit:>14}  {'low to high':>17}  {against:>16}{speed}"
        for name, summary in table[case].items():
            spread = f"{number(summary.low)} to {number(summary.high)}"
            ratio = compared[case].get(name)
            shown = "-" if ratio is None else f"{ratio:.{2 if ratio >= 0.1 else 4}f}"
            fast = f"  {_speed(result, summary.median):>8}" if result.rate else ""
            yield f"{titles[name]:{width}}  {number(summary.median):>14}  {spread:>17}  {shown:>{max(16, len(against))}}{fast}"
        for crash in result.crashes:
            if crash.case == case:
                yield f"{titles[crash.contestant]:{width}}  crashes: {_one_line(crash.reason)}"
        yield from _gauges(result, gauges.get(case, {}), titles, width)


def _gauges(
    result: Result, of_case: Mapping[str, Mapping[str, float]], titles: Mapping[str, str], width: int
) -> Iterator[str]:
    """The table of what was measured beside time, if anything was."""
    shown = [gauge for gauge in result.gauges if any(gauge.key in values for values in of_case.values())]
    if not shown:
        return
    heads = [f"{gauge.title}, {gauge.unit}" if gauge.unit else gauge.title for gauge in shown]
    yield " " * width + "".join(f"{head:>{len(head) + 3}}" for head in heads)[1:]
    for name, title in titles.items():
        values = of_case.get(name, {})
        if not values:
            continue
        cells = (_gauge(values[gauge.key], gauge) if gauge.key in values else "-" for gauge in shown)
        row = "".join(f"{cell:>{len(head) + 3}}" for cell, head in zip(cells, heads, strict=True))
        yield f"{title:{width}}{row[1:]}"


def _gauge(value: float, gauge: Gauge) -> str:
    """A count as it is, anything else with three digits."""
    if gauge.divisor == 1 and value == int(value):
        return f"{value:,.0f}"
    return number(value / gauge.divisor)


def _speed(result: Result, figure: float) -> str:
    """How many units of the race's rate are done in a second."""
    if result.rate is None or figure <= 0:
        return "-"
    return number(result.scale / figure / result.rate.scale)


def _one_line(reason: str) -> str:
    text = " ".join(reason.split())
    return text if len(text) <= _REASON else text[: _REASON - 1] + "…"


def _failures(result: Result) -> Iterator[str]:
    titles = {entrant.name: entrant.title for entrant in result.entrants}
    for failure in result.failures:
        yield ""
        yield f"FAILED in round {failure.round}: {titles[failure.contestant]}: {failure.error.splitlines()[0]}"
        yield from (f"    {line}" for line in (failure.traceback or "").splitlines()[-12:])


def _losses(result: Result, table: Table) -> Iterator[str]:
    running = {name for of_case in table.values() for name in of_case}
    if not any(entrant.ours and entrant.name in running for entrant in result.entrants):
        return
    titles = {entrant.name: entrant.title for entrant in result.entrants}
    behind = losses(result, table)
    yield ""
    yield "Where ours is slower:" if behind else "Ours is slower nowhere here."
    for loss in behind:
        place = f" ({result.cases[loss.case]})" if len(result.cases) > 1 else ""
        yield f"  {titles[loss.ours]} takes {loss.factor:.2f} times as long as {titles[loss.winner]}{place}"


def _targets(result: Result, table: Table) -> Iterator[str]:
    titles = {entrant.name: entrant.title for entrant in result.entrants}
    gauges = {gauge.key: gauge for gauge in result.gauges}
    met = reached(result, table)
    if not met:
        return
    yield ""
    yield "Targets:"
    for each in met:
        target = each.target
        gauge = gauges.get(target.gauge or "")
        unit = result.unit if gauge is None else gauge.unit
        what = f", {gauge.title}" if gauge else ""
        of = f" times {titles[target.against]}" if target.against else f" {unit}".rstrip()
        value = "not measured" if each.value is None else number(each.value)
        verdict = "reached" if each.met else "not known" if each.value is None else "NOT reached"
        yield (
            f"  {verdict:11}  {titles[target.contestant]} ({result.cases[target.case]}{what}): "
            f"{value}, at most {number(target.at_most)}{of}"
        )


def noise_lines(result: Result) -> list[str]:
    """What is to be said about others on the machine, in sentences."""
    lines = [result.noise]
    if any(run.foreign is None for run in result.counted()):
        return lines
    counted, noisy = result.counted(), result.noisy()
    repeated = sum(run.attempts - 1 for run in counted)
    limit = result.settings.noise_limit
    lines.append(f"{repeated} runs were repeated because others used more than {limit:g} of a core meanwhile")
    if noisy:
        worst = max(run.foreign or 0.0 for run in noisy)
        lines.append(
            f"NOT QUIET: others used more than {limit:g} of a core in {len(noisy)} of {len(counted)} runs that count, "
            f"{worst:.2f} cores at worst"
        )
    return lines
