"""Command line, medians and the JSON file: what every benchmark ends with."""

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def parser(about: str | None) -> argparse.ArgumentParser:
    """A command line with what all benchmarks have in common."""
    made = argparse.ArgumentParser(
        description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    made.add_argument("--json", type=Path, help="write the figures there")
    made.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    made.add_argument("--short", action="store_true", help="the form of `make bench`")
    return made


def medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of each figure; figures are numbers, rounded to four digits."""
    return {key: digits(statistics.median(run[key] for run in runs)) for key in runs[0]}


def repeat(count: int, one: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Run it so many times, and take the medians."""
    return medians([one() for _ in range(count)])


def ratio(
    turns: Sequence[dict[str, dict[str, float]]],
    above: str,
    below: str,
    of: str = "pushes_per_cpu_s",
) -> float:
    """One figure of one by that of another, taken within each turn: the median."""
    return digits(statistics.median(turn[above][of] / turn[below][of] for turn in turns))


def digits(value: float, count: int = 4) -> float:
    """A number with so many significant digits."""
    return float(f"{value:.{count}g}")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered) + 0.5) - 1))]


def show(title: str, figures: dict[str, Any]) -> None:
    """Print figures, a line each."""
    print(f"{title}", flush=True)
    for key, value in figures.items():
        print(f"    {key:<28} {value}", flush=True)


def keep(path: Path | None, result: dict[str, Any]) -> None:
    """Print the result's keys and conditions, and write all of it to the file if there is one."""
    show("conditions", result["conditions"])
    show(result["name"], result["keys"])
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
