"""Pictures of a backtest: where what came fell, how often the bands held it, and the fans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts.backtest_tables import forecast_table, score_table
from contracts.checks import require
from contracts.plots import canvas
from montecarlo.calibrate.backtest_scores import LEVELS
from montecarlo.calibrate.scores import coverage_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from montecarlo.calibrate.backtest_scores import Backtest
    from montecarlo.calibrate.history import PriceHistory

N_BINS = 10
NOMINAL = {"50": 0.5, "90": 0.9}
COLOURS = {"50": canvas.BLUE, "90": canvas.ORANGE}


def transform_histogram_table(
    found: Backtest, model: str, months: int, *, n_bins: int = N_BINS
) -> pd.DataFrame:
    """Return in which tenth of its forecast what came fell, with what chance alone would give.

    ``low`` and ``high`` are two standard errors about the share expected, which is the same in
    every bin; forecasts that overlap count as fewer.
    """
    require(n_bins >= 2, "n_bins", "be at least 2", n_bins)
    values = found.probabilities_below(model, months)
    require(values.size > 0, "model", f"have forecasts {months} months ahead", model)
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    share = np.histogram(values, edges)[0] / values.size
    error = coverage_error(1.0 / n_bins, values.size, found.n_overlapping(months))
    return pd.DataFrame(
        {
            "from": edges[:-1],
            "to": edges[1:],
            "share": share,
            "expected": 1.0 / n_bins,
            "low": max(1.0 / n_bins - 2.0 * error, 0.0),
            "high": 1.0 / n_bins + 2.0 * error,
        }
    )


def transform_histogram(
    found: Backtest,
    model: str,
    months: int,
    *,
    n_bins: int = N_BINS,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw where what came fell in its forecast; level if the forecasts are right.

    High at both ends: the forecasts are too narrow. High in the middle: too wide. Sloping: they lie
    too low or too high.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = transform_histogram_table(found, model, months, n_bins=n_bins)
    axes = canvas.axes_for(ax)
    axes.bar(
        table["from"], table["share"], width=1.0 / n_bins, align="edge", color=canvas.SKY,
        edgecolor="white", label="what came",
    )  # fmt: skip
    axes.axhline(
        table["expected"].iloc[0], color=canvas.INK, linewidth=1.2, label="if the model is right"
    )
    axes.axhspan(
        table["low"].iloc[0], table["high"].iloc[0], color=canvas.GREY, alpha=0.18, linewidth=0,
        zorder=0, label="two standard errors",
    )  # fmt: skip
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("where what came falls in its forecast (probability integral transform)")
    axes.set_ylabel("share of forecasts")
    n = len(found.of(model, months))
    text = f"{found.name}, {model}: {n} forecasts {months} months ahead"
    canvas.finish(axes, title=title or text)
    canvas.legend_below(axes, columns=3)
    return axes


def coverage_table(found: Backtest) -> pd.DataFrame:
    """Return how often the 50% and the 90% bands held what came, with standard errors."""
    table = score_table(found)
    kept = [str(name) for name in table.columns.get_level_values(0) if "coverage" in str(name)]
    return table[["n_forecasts", "n_effective", *kept]]


def coverage(found: Backtest, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw how often the 50% and the 90% bands held what came, by horizon and model.

    Whiskers are two standard errors, of as many forecasts as the overlapping ones are worth.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = coverage_table(found).droplevel("unit", axis=1)
    axes = canvas.axes_for(ax, height=1.6 + 0.3 * len(table))
    rows = np.arange(len(table))
    for shift, (band, level) in zip((-0.13, 0.13), NOMINAL.items(), strict=True):
        axes.axvline(level, color=COLOURS[band], linewidth=1.2, linestyle="--")
        axes.errorbar(
            table[f"coverage_{band}"], rows + shift,
            xerr=2.0 * table[f"standard_error_coverage_{band}"],
            fmt="o", color=COLOURS[band], markersize=5, capsize=2.5, linewidth=1.2,
            label=f"{band}% band",
        )  # fmt: skip
    for row in range(1, len(found.months)):
        axes.axhline(row * len(found.models) - 0.5, color="#DDDDDD", linewidth=0.8)
    labels = [f"{months} months: {model}" for months, model in table.index]
    axes.set_yticks(rows, labels)
    axes.invert_yaxis()
    axes.set_xlim(0.0, 1.02)
    axes.set_xlabel("share of forecasts whose band held what came; dashed: as it should be")
    canvas.finish(axes, title=title or f"{found.name}: coverage out of sample", money_axis="x")
    axes.tick_params(axis="y", length=0)
    canvas.legend_below(axes, columns=2)
    return axes


def forecast_fans_table(found: Backtest, history: PriceHistory, model: str) -> pd.DataFrame:
    """Return the forecasts of one model from origins so far apart that fans do not overlap."""
    require(history.data_hash == found.data_hash, "history", "be the one that was tested", history)
    found.of(model, found.months[0])
    table = forecast_table(found)
    apart = np.timedelta64(round(max(found.months) * 365.25 / 12.0) - 20, "D")
    kept: list[np.datetime64] = []
    for origin in found.origins:
        if not kept or origin - kept[-1] >= apart:
            kept.append(origin)
    is_shown = table.index.get_level_values("origin").isin(kept)
    is_shown &= table.index.get_level_values("model") == model
    shown: pd.DataFrame = table[is_shown].droplevel("model").swaplevel().sort_index()
    return shown


def forecast_fans(
    found: Backtest,
    history: PriceHistory,
    model: str,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the forecasts of one model as fans from their origins, against what came.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = forecast_fans_table(found, history, model).droplevel("unit", axis=1)
    axes = canvas.axes_for(ax)
    label = {"p95": canvas.WIDE_LABEL, "p75": canvas.NARROW_LABEL, "p50": "median"}
    for origin in table.index.get_level_values("origin").unique():
        fan = table.xs(origin, level="origin")
        dates = np.array([origin, *fan["date"].to_numpy()], dtype="datetime64[D]")
        last = float(history.prices[np.searchsorted(history.dates, dates[0])])
        ends = {name: np.array([last, *fan[name].to_numpy()]) for name in LEVELS}
        for low, high, colour in (
            ("p05", "p95", canvas.WIDE_BAND),
            ("p25", "p75", canvas.NARROW_BAND),
        ):
            axes.fill_between(
                dates, ends[low], ends[high], color=colour, linewidth=0, label=label.pop(high, None)
            )
        axes.plot(
            dates, ends["p50"], color=canvas.BLUE, linewidth=1.2, label=label.pop("p50", None)
        )
    axes.plot(history.dates, history.prices, color=canvas.INK, linewidth=1.0, label="what came")
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.0)
    axes.set_ylabel(history.unit)
    text = f"{found.name}: what {model} forecast, fitted on the past alone"
    canvas.finish(axes, title=title or text)
    canvas.legend_below(axes, columns=2)
    return axes


def save_pictures(found: Backtest, history: PriceHistory, folder: Path) -> list[Path]:
    """Write the coverage, and the fans and the histogram of each model, as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {"coverage.png": coverage(found)}
    middle = found.months[len(found.months) // 2]
    for model in found.models:
        if found.of(model, middle):
            pictures[f"fans-{model}.png"] = forecast_fans(found, history, model)
            pictures[f"histogram-{model}.png"] = transform_histogram(found, model, middle)
    for name, axes in pictures.items():
        canvas.save(axes, folder / name)
    return [folder / name for name in pictures]
