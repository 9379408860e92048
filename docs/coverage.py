r"""Measure how often the 95% intervals of each fitted parameter hold the truth; write the page.

    python -m docs.coverage [--cases "schwartz" "gbm, late quotes"] [--seeds 400] [--first 0]

For every case of :mod:`docs.coverage_cases` and :mod:`docs.coverage_jumps` histories are drawn from
known parameters, one for each seed, and fitted with the default options. The coverage of a
parameter is

.. math:: c = \frac1n\#\{s : \ell_s \le \theta \le u_s\}, \qquad
    \mathrm{se} = \sqrt{c(1 - c)/n}

with :math:`[\ell_s, u_s]` the interval of seed :math:`s`; one that is not stated does not hold the
truth. Numbers are kept in ``docs/coverage.json``, case by case, so that one case can be measured
again without the others, and ``docs/coverage.md`` is made from them; ``--cases`` without a name
only makes the page again.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from docs import coverage_cases
from docs.coverage_cases import Case, Outcomes
from docs.coverage_jumps import JUMP_CASES
from montecarlo.calibrate import EstimatedParameter, Fit

NUMBERS = Path(__file__).with_name("coverage.json")
PAGE = Path(__file__).with_name("coverage.md")
CASES: dict[str, Case] = coverage_cases.CASES | JUMP_CASES
LOWEST, HIGHEST = 0.90, 0.99
"""Where the coverage of a 95% interval should lie."""


def outcome(item: EstimatedParameter, truth: float) -> str:
    """Return ``held``, ``below`` or ``above``, where the truth lies; ``none`` without an interval.

    >>> found = EstimatedParameter(
    ...     name="volatility", value=0.3, unit="", standard_error=0.05, low=0.2, high=0.4
    ... )
    >>> [outcome(found, truth) for truth in (0.1, 0.2, 0.5)]
    ['below', 'held', 'above']
    """
    if math.isnan(item.low) or math.isnan(item.high):
        return "none"
    if truth < item.low:
        return "below"
    return "held" if truth <= item.high else "above"


def measure(case: Case, seeds: Iterable[int]) -> dict[str, Any]:
    """Return how often the intervals of each parameter of a case held the truth.

    Returns
    -------
    dict
        ``seeds``, how many there were; ``failed``, how many of them could not be fitted;
        ``seconds`` of a fit; ``parameters``: name -> ``truth``, how often it was ``held``, lay
        ``below`` or ``above`` the interval or there was ``none``, the median ``estimate``.
    """
    counts = {name: dict.fromkeys(("held", "below", "above", "none"), 0) for name in case.truth}
    estimates: dict[str, list[float]] = {name: [] for name in case.truth}
    n = failed = 0
    spent = 0.0
    for seed in seeds:
        n += 1
        drawn = case.draw(seed)
        begun = time.perf_counter()
        try:
            found = _outcomes(case, drawn)
        except (ValueError, ArithmeticError):
            failed += 1
            continue
        spent += time.perf_counter() - begun
        for name, (estimate, where) in found.items():
            counts[name][where] += 1
            estimates[name].append(estimate)
    return {
        "seeds": n,
        "failed": failed,
        "seconds": round(spent / max(n - failed, 1), 3),
        "parameters": {
            name: {"truth": truth, **counts[name], "estimate": _median(estimates[name])}
            for name, truth in case.truth.items()
        },
    }


def _outcomes(case: Case, drawn: Any) -> Outcomes:  # noqa: ANN401
    if case.outcomes is not None:
        return case.outcomes(drawn, case.truth)
    found = case.fit(drawn)
    items = {name: _estimate(found, name) for name in case.truth}
    return {
        name: (item.value, outcome(item, case.truth[name])) if item else (math.nan, "none")
        for name, item in items.items()
    }


def _estimate(found: Fit, name: str) -> EstimatedParameter | None:
    if name == "half_life":
        return found.half_life
    return next((item for item in found.parameters if item.name == name), None)


def _median(values: list[float]) -> float | None:
    known = [value for value in values if math.isfinite(value)]
    return float(f"{float(np.median(known)):.4g}") if known else None


def share(row: dict[str, Any], n: int) -> tuple[float, float]:
    """Return the coverage of a parameter and its standard error.

    >>> held, error = share({"held": 80}, 100)
    >>> held, round(error, 9)
    (0.8, 0.04)
    """
    held = row["held"] / n
    return held, math.sqrt(held * (1.0 - held) / n)


def page(numbers: dict[str, Any]) -> str:
    """Return the page in Markdown.

    >>> row = {"truth": 0.3, "held": 380, "below": 8, "above": 12, "none": 0, "estimate": 0.29}
    >>> case = {"seeds": 400, "failed": 0, "seconds": 0.1, "parameters": {"volatility": row}}
    >>> [line for line in page({"gbm": case}).splitlines() if "volatility" in line]
    ['| gbm | volatility | 0.3 | 0.29 | 95.0% | 1.1% | 8 | 12 | 0 | 400 |']
    """
    head = [
        "case", "parameter", "truth", "median estimate", "coverage", "s.e.", "truth below",
        "truth above", "none stated", "seeds",
    ]  # fmt: skip
    lines = [
        "# How often 95% intervals hold the truth",
        "",
        "This page is made by `python -m docs.coverage`; do not edit it.",
        "",
        "Histories are drawn from known parameters and fitted with the default options, one for "
        "each seed from 0 on. An interval that says 95% should hold the truth in 95% of them; "
        f"{LOWEST:.0%} to {HIGHEST:.0%} is asked for. The standard error is that of the share, "
        "from the number of seeds. Where the truth was missed, it lay below or above the interval; "
        "where no interval was stated, it counts as missed.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
    ]
    for name in sorted(numbers):
        case = numbers[name]
        for parameter, row in case["parameters"].items():
            held, error = share(row, case["seeds"])
            cells = [
                name, parameter, f"{row['truth']:.4g}", f"{row['estimate']:.4g}", f"{held:.1%}",
                f"{error:.1%}", row["below"], row["above"], row["none"], case["seeds"],
            ]  # fmt: skip
            lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    lines += ["", "What is simulated, and how long a fit takes:", ""]
    lines += [
        f"- {name}: {CASES[name].title}"
        + (f"; {numbers[name]['seconds']:.2g} s" if CASES[name].outcomes is None else "")
        for name in sorted(numbers)
        if name in CASES
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="How often 95% intervals hold the truth.")
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    arguments = parser.parse_args()
    for name in arguments.cases:
        seeds = range(arguments.first, arguments.first + arguments.seeds)
        found = measure(CASES[name], seeds)
        numbers = json.loads(NUMBERS.read_text("utf-8")) if NUMBERS.exists() else {}
        numbers[name] = found
        NUMBERS.write_text(_json(numbers), encoding="utf-8")
    PAGE.write_text(page(json.loads(NUMBERS.read_text("utf-8"))), encoding="utf-8")


def _json(numbers: dict[str, Any]) -> str:
    """Return the numbers with a line for each parameter, so that a change can be read."""
    cases = []
    for name in sorted(numbers):
        case = dict(numbers[name])
        rows = case.pop("parameters")
        head = json.dumps(case)[1:-1]
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items())
        cases.append(f'{json.dumps(name)}: {{{head}, "parameters": {{\n{lines}\n}}}}')
    return "{\n" + ",\n".join(cases) + "\n}\n"


if __name__ == "__main__":
    main()
