"""Write a result as JSON and SVG, and read it back; each file appears whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.chart import render_chart
from harness.result import Result
from harness.summarise import ratios, reached, summarise, summarise_gauges

__all__ = ["read_result", "write_result"]


def write_result(result: Result, folder: Path) -> tuple[Path, Path]:
    """Write ``<race>.json`` and ``<race>.svg`` into ``folder`` and return their paths.

    The JSON also holds a ``summary`` and ``targets_reached`` for those who read it without this harness; they are
    not read back.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = {**result.to_json(), "summary": _summary(result), "targets_reached": _targets(result)}
    stem = folder / result.race
    json_path, svg_path = stem.with_suffix(".json"), stem.with_suffix(".svg")
    _write(json_path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    _write(svg_path, render_chart(result))
    return json_path, svg_path


def read_result(path: Path) -> Result:
    """The result that a file holds. ValueError where it is none, or one of another schema."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}; a result is a JSON file that the harness wrote") from None
    if not isinstance(data, dict):
        raise ValueError(f"{path}: holds a {type(data).__name__}; a result is a JSON object")  # noqa: TRY004 (one error for a bad file)
    return Result.from_json(data)


def _summary(result: Result) -> dict[str, dict[str, dict[str, Any]]]:
    table = summarise(result)
    compared = ratios(table, result.baseline_of)
    gauges = summarise_gauges(result)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for case, of_case in table.items():
        found[case] = {
            name: {
                **asdict(summary),
                "ratio_to_baseline": compared[case].get(name),
                **gauges.get(case, {}).get(name, {}),
            }
            for name, summary in of_case.items()
        }
    for crash in result.crashes:
        found[crash.case][crash.contestant] = {"crashes": crash.reason}
    return found


def _targets(result: Result) -> list[dict[str, Any]]:
    table = summarise(result)
    return [{**asdict(each.target), "value": each.value, "met": each.met} for each in reached(result, table)]


def _write(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
