"""From measurements to what is compared: a median with its spread for each contestant and case, and ratios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from harness.contestant import Figure, Target
from harness.result import Result

__all__ = ["Loss", "Reached", "Summary", "losses", "ratios", "reached", "summarise", "summarise_gauges"]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Over the counted rounds, in the unit of the race: the median of the rounds, the lowest and the highest."""

    median: float
    low: float
    high: float
    rounds: int


Table = dict[str, dict[str, Summary]]
"""case → contestant → summary; who failed, or crashes in the case, is not in it."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A case in which someone else is ahead of one of ours, ``factor`` times as fast."""

    case: str
    ours: str
    winner: str
    factor: float


def summarise(result: Result, figure: Figure | None = None) -> Table:
    """The summary of each case and contestant, of the race's own figure unless another one is named.

    The value of a round is the median of its samples.
    """
    figure = figure or result.figure
    failed = {failure.contestant for failure in result.failures}
    crashed = {(crash.contestant, crash.case) for crash in result.crashes}
    values: dict[str, dict[str, list[float]]] = {case: {} for case in result.cases}
    for run in result.counted():
        if run.contestant in failed:
            continue
        for case, samples in run.samples.items():
            if (run.contestant, case) in crashed:
                continue
            value = median(sample.per_unit(figure) for sample in samples) * result.scale
            values[case].setdefault(run.contestant, []).append(value)
    return {
        case: {
            entrant.name: _summary(of_case[entrant.name])
            for entrant in result.entrants
            if entrant.name in of_case
        }
        for case, of_case in values.items()
    }


def _summary(values: list[float]) -> Summary:
    return Summary(median=median(values), low=min(values), high=max(values), rounds=len(values))


def summarise_gauges(result: Result) -> dict[str, dict[str, dict[str, float]]]:
    """case → contestant → gauge → median over the counted rounds; over all, where it was read in none of those."""
    counted = {id(run) for run in result.counted()}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for entrant in result.entrants:
        runs = [run for run in result.runs if run.contestant == entrant.name]
        for case in result.cases:
            keys = {key for run in runs for key in run.gauges.get(case, {})}
            for key in keys:
                values = [(id(run) in counted, run.gauges.get(case, {}).get(key)) for run in runs]
                known = [(counts, value) for counts, value in values if value is not None]
                best = [value for counts, value in known if counts] or [value for _, value in known]
                found.setdefault(case, {}).setdefault(entrant.name, {})[key] = median(best)
    return found


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How far one is from a target: ``value`` is to be at most the target's; None where it was not measured."""

    target: Target
    value: float | None

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.value is not None and self.value <= self.target.at_most


def reached(result: Result, table: Table) -> list[Reached]:
    """Each target of the race with what was measured."""
    gauges = summarise_gauges(result)
    divisors = {gauge.key: gauge.divisor for gauge in result.gauges}

    def value_of(target: Target, contestant: str) -> float | None:
        if target.gauge is None:
            summary = table.get(target.case, {}).get(contestant)
            return summary.median if summary else None
        value = gauges.get(target.case, {}).get(contestant, {}).get(target.gauge)
        return None if value is None else value / divisors[target.gauge]

    found = []
    for target in result.targets:
        value = value_of(target, target.contestant)
        if target.against is not None:
            base = value_of(target, target.against)
            value = value / base if value is not None and base else None
        found.append(Reached(target=target, value=value))
    return found


def ratios(table: Table, baseline: str | Callable[[str], str]) -> dict[str, dict[str, float]]:
    """case → contestant → its median ÷ the baseline's; a case without a measurable baseline is empty.

    ``baseline`` is a contestant, or tells the one of a case.
    """
    found: dict[str, dict[str, float]] = {}
    for case, of_case in table.items():
        base = of_case.get(baseline if isinstance(baseline, str) else baseline(case))
        measurable = base is not None and base.median > 0
        found[case] = (
            {name: summary.median / base.median for name, summary in of_case.items()}
            if base is not None and measurable
            else {}
        )
    return found


def losses(result: Result, table: Table) -> list[Loss]:
    """Where ours is slower than someone else's median, the worst first."""
    ours = {entrant.name for entrant in result.entrants if entrant.ours}
    found = [
        Loss(case=case, ours=mine, winner=other, factor=of_case[mine].median / summary.median)
        for case, of_case in table.items()
        for mine in ours & set(of_case)
        for other, summary in of_case.items()
        if other not in ours and 0 < summary.median < of_case[mine].median
    ]
    return sorted(found, key=lambda loss: (-loss.factor, loss.case, loss.ours, loss.winner))
