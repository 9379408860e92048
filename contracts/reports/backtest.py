"""A backtest on a terminal."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from contracts.reports.console import console, make_table, show
from contracts.reports.figures import probability

if TYPE_CHECKING:
    from montecarlo.calibrate.backtest_scores import Backtest
    from montecarlo.calibrate.history import PriceHistory

TWO_ERRORS = 2.0


def print_backtest(found: Backtest, history: PriceHistory) -> None:
    """Print the scores by horizon and model, what failed, and where a band held too little."""
    out = console()
    window = "all of the past" if found.window_years is None else f"{found.window_years:g} years"
    out.print(f"Backtest of {found.name}", style="bold")
    out.print(
        f"{len(history):,} prices in {history.unit}, {history.dates[0]} to {history.dates[-1]}; "
        f"{found.origins.size} origins, {found.origins[0]} to {found.origins[-1]}; each fit sees "
        f"{window}, {found.horizon}; data sha256 {found.data_hash[:16]}"
    )
    for notice in history.notices:
        out.print(f"  notice: {notice}")
    out.print()
    table = make_table(
        "Forecasts against what came",
        ["months", "model", "forecasts", "worth", "failed", "in 50%", "s.e.", "in 90%", "s.e.",
         "CRPS", "s.e.", "skill", "s.e.", "log score"],
        names=2,
        caption="Worth: how many independent forecasts the overlapping ones count for, from which "
        "the errors of coverage follow. CRPS of the log price: 0.10 is an error of about 10%. "
        f"Skill: share of the CRPS of {found.benchmark} that the model saves, its error from "
        "paired differences that overlap. Log score: higher is better; - for draws.",
    )  # fmt: skip
    narrow = []
    for row in found.scores():
        if row["model"] == found.models[0]:
            table.add_section()
        table.add_row(
            str(row["months"]),
            row["model"],
            str(row["n_forecasts"]),
            f"{row['n_effective']:.0f}",
            str(row["n_failed"]),
            *(
                probability(row[key])
                for band in ("50", "90")
                for key in (f"coverage_{band}", f"standard_error_coverage_{band}")
            ),
            *(
                _number(row[key], 3)
                for key in ("crps", "standard_error_crps", "skill", "standard_error_skill")
            ),
            _number(row["log_score"], 2),
        )
        short = 0.9 - row["coverage_90"]
        if short > TWO_ERRORS * row["standard_error_coverage_90"]:
            narrow.append(
                f"{row['model']}, {row['months']} months ahead: the 90% band held "
                f"{probability(row['coverage_90'])} of what came"
            )
    show(out, table)
    for line in narrow:
        out.print(f"  warning: too narrow: {line}", style="yellow")
    for (model, message), count in Counter((f.model, f.message) for f in found.failures).items():
        out.print(f"  failed: {model} at {count} origins: {message}", style="yellow")


def _number(value: float, places: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{places}f}"
