"""Pictures of a fit: the history, its residuals, volatility by horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts.conventions import DateArray, FloatArray
from contracts.plots import canvas
from contracts.tables import with_units
from montecarlo.calibrate.horizons import HORIZONS, sample
from montecarlo.calibrate.staleness import autocorrelation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from montecarlo.calibrate.fitted import Fit
    from montecarlo.calibrate.history import PriceHistory
    from montecarlo.calibrate.staleness import Staleness

MOST_LAGS = 20
NORMAL_95 = 1.959963984540054


def fitted_history_table(history: PriceHistory, fit: Fit) -> pd.DataFrame:
    """Return the prices, and those that were fitted, by date."""
    taken = sample(history, fit.horizon)
    days = np.union1d(history.dates, taken.dates)
    columns = {"quoted": _on(days, history), "fitted": _on(days, taken)}
    index = pd.DatetimeIndex(days, name="date")
    return with_units(columns, dict.fromkeys(columns, history.unit), index)


def _on(days: DateArray, history: PriceHistory) -> FloatArray:
    out = np.full(days.size, np.nan)
    out[np.searchsorted(days, history.dates)] = history.prices
    return out


def fitted_history(history: PriceHistory, fit: Fit, *, ax: Axes | None = None) -> Axes:
    """Draw the history, the prices that were fitted, and the long-run price where there is one."""
    table = fitted_history_table(history, fit).droplevel("unit", axis=1)
    axes = canvas.axes_for(ax)
    quoted, fitted = table["quoted"].dropna(), table["fitted"].dropna()
    axes.plot(quoted.index, quoted, color=canvas.NARROW_BAND, linewidth=1.2, label="quotes")
    if len(fitted) < 200:
        axes.plot(
            fitted.index, fitted, color=canvas.BLUE, linewidth=0.0, marker="o", markersize=2.8,
            label=f"fitted: {HORIZONS[fit.horizon]}",
        )  # fmt: skip
    if "long_run_price" in fit:
        level = fit["long_run_price"]
        if np.isfinite(level.high) and level.high < 20.0 * level.value:
            axes.axhspan(level.low, level.high, color=canvas.BASE, linewidth=0, zorder=0)
        axes.axhline(
            level.value, color=canvas.VERMILION, linewidth=1.4, linestyle="--",
            label="long-run price",
        )  # fmt: skip
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.01)
    axes.set_ylabel(history.unit)
    canvas.finish(axes, title=f"{history.name}: {fit.kind}, {fit.horizon}")
    axes.legend(loc="upper left", fontsize=8.0, frameon=False)
    return axes


def residual_series_table(fit: Fit) -> pd.DataFrame:
    """Return the standardised residuals by date."""
    index = pd.DatetimeIndex(fit.residual_dates, name="date")
    return pd.DataFrame({"residual": fit.residuals}, index=index)


def residual_series(fit: Fit, *, ax: Axes | None = None) -> Axes:
    """Draw the standardised residuals by date; 95% of a normal distribution lie in the band."""
    table = residual_series_table(fit)
    axes = canvas.axes_for(ax, height=3.0)
    axes.axhspan(-NORMAL_95, NORMAL_95, color=canvas.BASE, linewidth=0, zorder=0)
    axes.vlines(table.index, 0.0, table["residual"], color=canvas.BLUE, linewidth=0.9)
    axes.axhline(0.0, color=canvas.INK, linewidth=0.8)
    axes.margins(x=0.01)
    axes.set_ylabel("standard deviations")
    canvas.finish(axes, title="Standardised residuals; band: 95% of a normal distribution")
    return axes


def residual_quantiles_table(fit: Fit) -> pd.DataFrame:
    """Return the ordered residuals beside the normal quantiles of their ranks."""
    from scipy.special import ndtri

    ordered = np.sort(fit.residuals)
    ranks = (np.arange(ordered.size) + 0.5) / ordered.size
    return pd.DataFrame({"normal": ndtri(ranks), "residual": ordered})


def residual_quantiles(fit: Fit, *, ax: Axes | None = None) -> Axes:
    """Draw residuals against normal quantiles: on the line where the model's shape is right."""
    table = residual_quantiles_table(fit)
    axes = canvas.axes_for(ax)
    reach = float(max(table.abs().max()) * 1.05)
    axes.plot([-reach, reach], [-reach, reach], color=canvas.INK, linewidth=0.8, label="normal")
    axes.plot(
        table["normal"], table["residual"], color=canvas.BLUE, linewidth=0.0, marker="o",
        markersize=3.0, label="residuals",
    )  # fmt: skip
    axes.set_xlim(-1.15 * table["normal"].max(), 1.15 * table["normal"].max())
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("quantile of a normal distribution")
    axes.set_ylabel("residual, standard deviations")
    canvas.finish(axes, title="Are large moves as rare as the model has them?")
    axes.legend(loc="upper left", fontsize=8.0, frameon=False)
    return axes


def residual_autocorrelation_table(fit: Fit) -> pd.DataFrame:
    """Return the autocorrelation of the residuals and of their squares by lag."""
    lags = range(1, max(2, min(MOST_LAGS, fit.residuals.size // 5)) + 1)
    return pd.DataFrame(
        {
            "residuals": [autocorrelation(fit.residuals, lag) for lag in lags],
            "squares": [autocorrelation(fit.residuals**2, lag) for lag in lags],
        },
        index=pd.Index(lags, name="lag"),
    )


def residual_autocorrelation(fit: Fit, *, ax: Axes | None = None) -> Axes:
    """Draw the autocorrelation of residuals and their squares; the band is 95% of chance."""
    table = residual_autocorrelation_table(fit)
    axes = canvas.axes_for(ax)
    reach = NORMAL_95 / np.sqrt(fit.residuals.size)
    axes.axhspan(-reach, reach, color=canvas.BASE, linewidth=0, zorder=0)
    lags = table.index.to_numpy()
    for shift, name, colour in (
        (-0.17, "residuals", canvas.BLUE),
        (0.17, "squares", canvas.ORANGE),
    ):
        axes.bar(lags + shift, table[name], width=0.32, color=colour, linewidth=0, label=name)
    axes.axhline(0.0, color=canvas.INK, linewidth=0.8)
    axes.set_xlabel("lag, observations")
    axes.set_ylabel("autocorrelation")
    axes.set_xticks(lags[:: max(1, lags.size // 10)])
    canvas.finish(axes, title="Does one tell of the next? Squares: spells of turbulence")
    axes.legend(loc="upper right", fontsize=8.0, frameon=False, ncols=2)
    return axes


def volatility_by_horizon_table(staleness: Staleness) -> pd.DataFrame:
    """Return the annualised volatility by horizon, with its standard error."""
    rows = staleness.rows()
    return pd.DataFrame(rows).set_index("horizon")


def volatility_by_horizon(
    staleness: Staleness, *, fits: tuple[Fit, ...] = (), ax: Axes | None = None
) -> Axes:
    """Draw the annualised volatility by horizon; flat where prices move freely.

    Parameters
    ----------
    staleness
        What :func:`montecarlo.calibrate.staleness_of` found.
    fits
        Fits whose volatility is drawn as a line across.
    ax
        Where to draw; a new Figure by default.
    """
    table = volatility_by_horizon_table(staleness)
    axes = canvas.axes_for(ax)
    at = np.arange(len(table))
    values, errors = 100.0 * table["volatility"], 100.0 * NORMAL_95 * table["standard_error"]
    axes.errorbar(
        at, values, yerr=errors, color=canvas.BLUE, linewidth=1.4, marker="o", markersize=5.0,
        capsize=3.0, elinewidth=1.0, label="of log changes, with 95% interval",
    )  # fmt: skip
    for place, value in zip(at, values, strict=True):
        axes.annotate(f"{value:.1f}%", (place, value), xytext=(8, -11), textcoords="offset points",
                      fontsize=8.0, color=canvas.INK,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
    for fit, colour in zip(fits, (canvas.VERMILION, canvas.GREEN, canvas.PURPLE), strict=False):
        axes.axhline(
            100.0 * fit["volatility"].value, color=colour, linewidth=1.3, linestyle="--",
            label=f"{fit.kind} fitted, {fit.horizon}",
        )  # fmt: skip
    axes.set_xticks(at, list(table.index))
    axes.set_xlim(-0.4, len(table) - 0.3)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("horizon of the change")
    axes.set_ylabel("volatility, % a year")
    canvas.finish(
        axes,
        title=f"{staleness.name}: quotes unchanged {staleness.unchanged_share:.0%} of the time",
    )
    axes.legend(loc="lower right", fontsize=8.0, frameon=False)
    return axes
