"""Run the statistical tests of the random numbers, and write their table for the docs.

    python -m docs.generator [--draws 1e9] [--seed 20250709] [--json FILE] [--page FILE]
    python -m docs.generator --words paths | dieharder -g 200 -a

The first form draws at least so many normals as simulations use them, and a tenth of that at
each of five corners, and prints every test with its p-value; it takes some minutes for 1e9 and
little memory. The second writes the generator's 32-bit words without end, in the order of paths
or of steps, for other people's batteries. Where a p-value is weak, run again with another seed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from docs.generator_counts import tally
from docs.generator_draws import SEED, designs, stream
from docs.generator_tests import Outcome, outcomes, word_outcomes

FAILS_BELOW = 0.001
"""Verdict: the least p-value times the number of tests, below which the generator fails."""
WEAK_BELOW = 0.05
_WORD_ROWS = 64
_DIGITS = 4


def second_level(found: list[Outcome]) -> dict[str, float]:
    """Return how all p-values lie together: their uniformity, and the least with its bound.

    Examples
    --------
    Two p-values, the least of which is 0.2: twice that is 0.4.

    >>> pair = [
    ...     Outcome(design="", family="", test="", statistic="z = 0", p=p) for p in (0.2, 0.7)
    ... ]
    >>> second_level(pair)["bonferroni"]
    0.4
    """
    independent = np.array([outcome.p for outcome in found if outcome.is_independent])
    least = min(outcome.two_sided for outcome in found)
    tenths = np.bincount(np.minimum((independent * 10).astype(int), 9), minlength=10)
    return {
        "n_tests": len(found),
        "n_independent": independent.size,
        "kolmogorov_smirnov": float(stats.kstest(independent, "uniform").pvalue),
        "tenths": float(stats.chisquare(tenths).pvalue),
        "least": least,
        "bonferroni": min(1.0, least * len(found)),
    }


def verdict(second: dict[str, float]) -> str:
    """Return "pass", "weak" or "fail" for all tests together.

    Examples
    --------
    >>> verdict({"bonferroni": 1e-6, "kolmogorov_smirnov": 0.5})
    'fail'
    """
    least = min(second["bonferroni"], second["kolmogorov_smirnov"])
    return "fail" if least < FAILS_BELOW else "weak" if least < WEAK_BELOW else "pass"


def run(n_draws: float, seed: int, *, is_quiet: bool = False) -> dict[str, Any]:
    """Run every test of every design, and return what the table and the JSON are made of."""
    start = time.process_time()
    found: list[Outcome] = []
    sizes: dict[str, dict[str, Any]] = {}
    for design in designs(n_draws, seed):

        def show(share: float, name: str = design.name) -> None:
            if not is_quiet:
                sys.stderr.write(f"\r{name}: {share:.0%}   ")

        counted = tally(design, progress=show)
        found += outcomes(counted)
        is_within = counted.largest <= design.largest
        sizes[design.name] = asdict(design) | {
            "n_draws": design.n_draws,
            "largest": counted.largest,
            "largest_possible": design.largest,
            "is_within": is_within,
        }
    found += word_outcomes(seed, n_rows=max(1, round(n_draws / 1e9 * _WORD_ROWS)))
    second = second_level(found)
    inside = all(size["is_within"] for size in sizes.values())
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "seed": seed,
        "n_draws": sum(size["n_draws"] for size in sizes.values()),
        "processor_seconds": time.process_time() - start,
        "versions": {
            "python": platform.python_version(),
            "architecture": platform.machine(),
            **{name: version(name) for name in ("offtake", "numpy", "scipy", "numba")},
        },
        "designs": sizes,
        "second_level": second,
        "verdict": verdict(second) if inside else "fail",
        "outcomes": [asdict(outcome) for outcome in found],
    }


def page(report: dict[str, Any]) -> str:
    """Return the tables of a report in Markdown."""
    sizes = report["designs"]
    lines = [
        "| draws | normals | seed | first path | first step | first factor | largest size |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, size in sizes.items():
        steps = size["first_quad"] * (2 if size["method"] == "inverse" else 4)
        lines.append(
            f"| {name} | {size['n_draws']:,} | {size['seed']} | {size['first_path']:,} "
            f"| {steps:,} | {size['first_factor']:,} "
            f"| {size['largest']:.3f} of {size['largest_possible']:.3f} |"
        )
    by_test: dict[str, dict[str, dict[str, Any]]] = {}
    for outcome in report["outcomes"]:
        by_test.setdefault(outcome["test"], {})[outcome["design"]] = outcome
    lines += ["", f"| test | {next(iter(sizes))} |" + "".join(f" {n} |" for n in [*sizes][1:])]
    lines += ["| --- |" + " --- |" * len(sizes)]
    for test, of_design in by_test.items():
        if "words" not in of_design:
            main = of_design[next(iter(sizes))]
            cells = [f"{main['statistic']}, p {main['p']:.{_DIGITS}f}"]
            cells += [f"{of_design[name]['p']:.{_DIGITS}f}" for name in [*sizes][1:]]
            lines.append(f"| {test} | " + " | ".join(cells) + " |")
    lines += ["", "| raw words | found | p |", "| --- | --- | --- |"]
    for test, of_design in by_test.items():
        if "words" in of_design:
            found = of_design["words"]
            lines.append(f"| {test} | {found['statistic']} | {found['p']:.{_DIGITS}f} |")
    return "\n".join(lines) + "\n"


def summary(report: dict[str, Any]) -> str:
    """Return the lines below the table: the second level and the verdict."""
    second = report["second_level"]
    return (
        f"{report['n_draws']:,} normals, seed {report['seed']}: {second['n_tests']} tests, "
        f"the least p-value {second['least']:.2g}, times their number "
        f"{second['bonferroni']:.2g}; the {second['n_independent']} nearly independent ones "
        f"uniform by Kolmogorov-Smirnov with p {second['kolmogorov_smirnov']:.3f}, by tenths "
        f"with p {second['tenths']:.3f}. Verdict: {report['verdict']}.\n"
    )


def _write_words(order: str, seed: int) -> None:
    try:
        for chunk in stream(order, seed):
            sys.stdout.buffer.write(chunk)
    except BrokenPipeError:
        # The reader has had enough; nothing is left to be flushed into it.
        sys.stderr.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 1 when the generator fails."""
    parser = argparse.ArgumentParser(prog="python -m docs.generator")
    parser.add_argument("--draws", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--words", choices=("paths", "steps"))
    chosen = parser.parse_args(arguments)
    if chosen.words is not None:
        _write_words(chosen.words, chosen.seed)
        return 0
    report = run(chosen.draws, chosen.seed)
    tables = page(report) + "\n" + summary(report)
    for file, text in ((chosen.json, json.dumps(report, indent=1) + "\n"), (chosen.page, tables)):
        if file is not None:
            file.write_text(text, encoding="utf-8")
    sys.stdout.write(tables)
    return 1 if report["verdict"] == "fail" else 0


if __name__ == "__main__":
    sys.exit(main())
