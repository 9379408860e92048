"""A calibration on a terminal: the history, how stale it is, the fit, what hangs on the choice."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from contracts.reports.console import console, make_table, show
from montecarlo.calibrate.maximum_likelihood import NORMAL_95
from montecarlo.calibrate.parameters import limit
from montecarlo.seasonality_estimate import MONTH_NAMES

if TYPE_CHECKING:
    from rich.table import Table

    from contracts.calibration import Calibration
    from contracts.seasonal_history import SeasonalHistory
    from montecarlo.calibrate.fitted import Fit


def print_calibration(found: Calibration) -> None:
    """Print notices, warnings, tables, and the fragment for a market file."""
    out = console()
    history, fit = found.history, found.fit
    out.print(f"{history.name}: {fit.kind} fitted at {fit.horizon}", style="bold")
    out.print(
        f"{len(history):,} prices in {history.unit}, {history.dates[0]} to {history.dates[-1]}, "
        f"from {history.source or 'a table'}; data sha256 {history.data_hash[:16]}"
    )
    for notice in history.notices:
        out.print(f"  notice: {notice}")
    for notice in fit.notices:
        if notice not in history.notices:
            out.print(f"  notice: {notice}")
    for warning in found.warnings:
        out.print(f"  warning: {warning}", style="yellow")
    out.print()
    tables = [_horizons(found), estimates_table(found.fit), _diagnostics(found)]
    if found.seasons is not None:
        tables.insert(1, _seasons(found.seasons))
    if fit.n_free > 1:
        tables.append(_correlation(found))
    if found.comparison is not None:
        tables.append(_comparison(found))
    tables.append(_floors(found))
    for table in tables:
        show(out, table)
        out.print()
    out.print("To paste under a commodity of a market file:", style="bold")
    out.print(found.fragment(), end="")


def _horizons(found: Calibration) -> Table:
    stale = found.staleness
    lags = ", ".join(f"{value:.2f} at {lag}" for lag, value in stale.autocorrelation.items())
    caption = (
        f"Unchanged quotes {stale.unchanged_share:.1%}; {stale.quotes_a_year:.0f} quotes a year; "
        f"autocorrelation of changes by lag in quotes: {lags}."
    )
    if math.isfinite(stale.monthly_autocorrelation):
        caption += (
            f"\nChanges of monthly averages: autocorrelation {stale.monthly_autocorrelation:.2f} "
            f"(averaging alone makes it 0.25), excess kurtosis {stale.monthly_excess_kurtosis:.1f}."
        )
    if found.seasons is not None and not found.seasons.is_monthly:
        caption += "\nOf the prices with their seasons."
    table = make_table(
        "Annualised volatility by horizon of the changes",
        ("horizon", "volatility", "std. error", "overlapping changes"),
        caption=caption,
    )
    for item in stale.by_horizon:
        table.add_row(
            item.horizon,
            f"{item.volatility:.1%}",
            f"{item.standard_error:.1%}",
            f"{item.n_changes:,}",
        )
    return table


def estimates_table(fit: Fit) -> Table:
    """Return the estimates with their errors, one row a parameter."""
    reached = [start.log_likelihood for start in fit.starts]
    starts = (
        f"; {len(reached)} starts reached {min(reached):.3f} to {max(reached):.3f}"
        if len(reached) > 1
        else ""
    )
    table = make_table(
        "Estimates",
        ("parameter", "estimate", "std. error", "95% from", "to", "unit", "meaning"),
        caption=f"{fit.method}; {fit.n_observations:,} observations; log-likelihood "
        f"{fit.log_likelihood:.3f}, AIC {fit.aic:.2f}, BIC {fit.bic:.2f}{starts}.\n"
        "The model takes the parameters in bold; the real-world drift and what follows from others "
        "are for the reader.",
    )
    for row in fit.rows():
        error = row["standard_error"]
        name, value = row["parameter"], f"{row['value']:.4g}"
        if row["reason"]:
            value += f" (estimated {row['estimate']:.4g})"
        table.add_row(
            name,
            value,
            f"{error:.2g}" if math.isfinite(error) else "-",
            limit(row["low"]),
            limit(row["high"]),
            row["unit"],
            row["reason"] or row["meaning"],
            style="bold" if row["role"] == "model" else None,
        )
    return table


def _seasons(found: SeasonalHistory) -> Table:
    estimate = found.estimate
    chance = "no test" if estimate.p_value is None else f"F test p = {estimate.p_value:.3g}"
    table = make_table(
        "Seasons taken out of the prices",
        ("month", "factor", "95% from", "to"),
        caption=f"By {estimate.method} of {found.taken}, {estimate.n_observations} of them; "
        f"{chance}. The mean of their logarithms is zero.",
    )
    for name, log, error in zip(
        MONTH_NAMES, estimate.log_factors, estimate.standard_errors, strict=True
    ):
        ends = (f"{math.exp(log + sign * NORMAL_95 * error):.3f}" for sign in (-1.0, 1.0))
        table.add_row(name, f"{math.exp(log):.3f}", *ends)
    return table


def _diagnostics(found: Calibration) -> Table:
    table = make_table(
        "Residuals",
        ("test", "statistic", "p-value", "finding"),
        caption="A p-value below 1% says that chance alone would hardly give as much.",
    )
    for item in found.diagnostics:
        verdict = "rejected" if item.is_rejected else "not rejected"
        chance = f"{item.p_value:.3f}" if item.p_value >= 0.0005 else "< 0.001"
        table.add_row(item.name, f"{item.statistic:.2f}", chance, f"{item.meaning}: {verdict}")
    return table


def _correlation(found: Calibration) -> Table:
    fit = found.fit
    table = make_table("Correlation of the estimates", ("", *fit.free_names))
    for name, row in zip(fit.free_names, fit.correlation, strict=True):
        table.add_row(name, *(f"{v:.2f}" if math.isfinite(v) else "-" for v in row))
    return table


def _comparison(found: Calibration) -> Table:
    comparison = found.comparison
    assert comparison is not None
    table = make_table(
        f"Models on the same prices, {found.fit.horizon}",
        ("model", "parameters", "log-likelihood", "AIC", "behind", "BIC", "half-life, months",
         "residuals rejected by"),
        caption="AIC and BIC: lower is better; 2 or less between two models tells little.",
    )  # fmt: skip
    failures: list[str] = []
    for row in comparison.rows():
        if "failure" in row:
            failures.append(f"{row['model']} could not be fitted: {row['failure']}")
            continue
        half_life = row["half_life_months"]
        table.add_row(
            str(row["model"]),
            str(row["n_parameters"]),
            f"{row['log_likelihood']:.3f}",
            f"{row['aic']:.2f}",
            f"{row['delta_aic']:.2f}",
            f"{row['bic']:.2f}",
            "-" if half_life is None else f"{half_life:.1f}",
            ", ".join(row["rejected"]) or "none",  # type: ignore[arg-type]
        )
    neglects = [
        f"{kind} takes averages for prices of one moment, which costs it likelihood."
        for kind, item in comparison.fits.items()
        if any("as if it were one moment" in warning for warning in item.warnings)
    ]
    table.caption = "\n".join([str(table.caption), *neglects, *failures])
    return table


def _floors(found: Calibration) -> Table:
    terms, unit = found.floor_terms, found.history.unit
    values = [item.value for item in found.floors if math.isfinite(item.value)]
    largest = max(values, default=math.nan)
    table = make_table(
        f"A floor under each way of fitting {found.fit.kind}, {unit} for one unit a quarter",
        ("fitted to", "volatility", "floor", "std. error", "of the largest"),
        caption=f"Quarterly averages, {terms.years} years, strike {terms.strike:.4g}, forward "
        f"curve flat at {terms.forward_price:.4g}, undiscounted; no deal, but what hangs on the "
        "choice.",
    )
    for item in found.floors:
        if item.failure:
            table.add_row(item.choice, "-", "-", "-", item.failure)
            continue
        is_chosen = item.horizon == found.fit.horizon and (item.smoothing == "lag") == any(
            p.role == "observation" for p in found.fit.parameters
        )
        table.add_row(
            f"{item.choice}{' (chosen)' if is_chosen else ''}",
            f"{item.volatility:.1%}" if math.isfinite(item.volatility) else "-",
            f"{item.value:.2f}",
            f"{item.standard_error:.2f}",
            f"{item.value / largest:.0%}" if largest > 0.0 else "-",
            style="bold" if is_chosen else None,
        )
    return table
