"""Factors fitted to futures prices on a terminal: estimates, what is left over, the fragment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from contracts.reports.calibration import estimates_table
from contracts.reports.console import console, make_table, show

if TYPE_CHECKING:
    from rich.table import Table

    from contracts.panel_calibration import PanelCalibration

MOST_ROWS = 24


def print_panel_calibration(found: PanelCalibration) -> None:
    """Print warnings, tables, and the fragment for a market file."""
    out = console()
    panel, fit = found.panel, found.fit
    out.print(f"{panel.name}: {fit.kind} fitted to futures prices", style="bold")
    out.print(
        f"{panel.n_prices:,} prices of {len(panel.contracts)} contracts in {panel.unit}, "
        f"{panel.dates[0]} to {panel.dates[-1]}, from {panel.source or 'a table'}; "
        f"data sha256 {panel.data_hash[:16]}"
    )
    for warning in fit.warnings:
        out.print(f"  warning: {warning}", style="yellow")
    out.print()
    show(out, estimates_table(fit))
    out.print()
    residuals, note = _residuals(found)
    show(out, residuals)
    # Under so narrow a table a caption would be broken at every third word.
    out.print(note)
    out.print()
    if found.compared:
        show(out, _comparison(found))
        out.print()
    out.print("To paste under a commodity of a market file:", style="bold")
    out.print(found.fragment(), end="")


def _residuals(found: PanelCalibration) -> tuple[Table, str]:
    """Return the table and what is to be said under it."""
    states = ", ".join(f"{state:.4f}" for state in found.filtered.states[-1])
    rows = [(name, error) for name, error in found.filtered.root_mean_square.items()]
    note = (
        "Root mean square of the log price less that of the filtered factors.\n"
        f"Factors on {found.panel.dates[-1]}: {states}."
    )
    if len(rows) > MOST_ROWS:
        note += f"\nThe {MOST_ROWS} contracts with the largest of {len(rows)}."
        rows = sorted(rows, key=lambda row: -row[1] if math.isfinite(row[1]) else 1.0)[:MOST_ROWS]
    table = make_table("What the factors leave over", ("contract", "error"))
    for name, error in rows:
        table.add_row(name, f"{error:.2%}" if math.isfinite(error) else "-")
    return table, note


def _comparison(found: PanelCalibration) -> Table:
    table = make_table(
        "Models on the same prices",
        ("factors", "parameters", "log-likelihood", "AIC", "behind", "BIC"),
        caption="AIC and BIC: lower is better; 2 or less between two models tells little.",
    )
    best = min(item.aic for item in found.compared)
    for item in found.compared:
        table.add_row(
            str(item.structure["n_factors"]),
            str(item.n_free),
            f"{item.log_likelihood:.3f}",
            f"{item.aic:.2f}",
            f"{item.aic - best:.2f}",
            f"{item.bic:.2f}",
        )
    return table
