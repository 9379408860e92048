"""An uncertain value on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.conventions import PERCENTILE_LABELS
from contracts.reports.console import console, make_table, show
from contracts.reports.figures import error, money, probability, scale_of, unit_of

if TYPE_CHECKING:
    from contracts.uncertain_value import ParameterUncertainty


def print_uncertainty(found: ParameterUncertainty) -> None:
    """Print how parameters were drawn, the value over them, and where the spread comes from."""
    out = console()
    design, parts = found.design, found.components
    out.print(f"{design.deal.name}: what not knowing the parameters adds", style="bold")
    out.print(
        f"market {design.market.name} · {design.commodity} · {len(found.fair_values)} draws · "
        f"{design.n_paths:,} paths each, the same random numbers · seed {design.seed}"
    )
    for notice in found.notices:
        out.print(f"  notice: {notice}")
    for warning in design.draws.fit.warnings:
        out.print(f"  warning: {warning}", style="yellow")
    out.print()
    scale = scale_of(max(abs(found.base.pv), float(abs(found.fair_values).max())))
    unit = unit_of(design.deal.currency, scale)
    points = found.percentiles()
    values = make_table(
        f"Present value over the parameters, {unit}",
        ["at the estimates", "s.e.", "mean", "P5", "s.e.", "P25", "P50", "P75", "P95", "s.e."],
        names=0,
        caption=f"P5 is the {PERCENTILE_LABELS['p05']}. Each is the mean over all paths: price "
        "risk is not in it. Errors of percentiles are those of so many draws.",
    )
    values.add_row(
        money(found.base.pv, scale),
        error(found.base.standard_error, scale),
        money(float(found.fair_values.mean()), scale),
        money(points["p05"][0], scale),
        error(points["p05"][1], scale),
        *(money(points[name][0], scale) for name in ("p25", "p50", "p75")),
        money(points["p95"][0], scale),
        error(points["p95"][1], scale),
    )
    show(out, values)
    out.print()
    table = make_table(
        f"Standard deviation, {unit}: from prices, and from not knowing the parameters",
        ["part", "", "mean", "prices", "s.e.", "parameters", "s.e.", "share of variance", "s.e."],
        names=2,
        caption="Fiscal years: public payments, undiscounted, physical measure. -: below zero, "
        "not to be told from none. The variance between draws is corrected for the noise of their "
        f"means by the interaction with common paths, {parts.correction:.3g}; on independent "
        f"paths it would have been {parts.independent_correction:.3g}.",
    )
    before = ""
    for row in found.rows():
        if row["part"] != before:
            table.add_section()
        before = row["part"]
        table.add_row(
            row["part"],
            row["name"],
            money(row["mean"], scale),
            *(
                text
                for name in ("price", "parameter")
                for text in (
                    money(row[f"{name}_deviation"], scale),
                    error(row[f"standard_error_{name}_deviation"], scale),
                )
            ),
            probability(row["parameter_share"]),
            probability(row["standard_error_share"]),
        )
    show(out, table)
