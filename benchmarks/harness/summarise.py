"""From measurements to what is compared: a median with its spread for each contestant and case, and ratios."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from harness.contestant import Figure
from harness.result import Result

__all__ = ["Loss", "Summary", "losses", "ratios", "summarise"]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Over the counted rounds, in the unit of the race: the median of the rounds, the lowest and the highest."""

    median: float
    low: float
    high: float
    rounds: int


Table = dict[str, dict[str, Summary]]
"""case → contestant → summary; failed contestants are not in it."""


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
    values: dict[str, dict[str, list[float]]] = {case: {} for case in result.cases}
    for run in result.counted():
        if run.contestant in failed:
            continue
        for case, samples in run.samples.items():
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


def ratios(table: Table, baseline: str) -> dict[str, dict[str, float]]:
    """case → contestant → its median ÷ the baseline's; a case without a measurable baseline is empty."""
    found: dict[str, dict[str, float]] = {}
    for case, of_case in table.items():
        base = of_case.get(baseline)
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
