"""Fan of simulated prices: percentiles by date, the forward curve, the strike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.checks import require
from contracts.conventions import PERCENTILES, DateArray, FloatArray
from contracts.plots import canvas
from contracts.tables import with_units
from montecarlo.quantile import quantiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def fan_table(
    prices: FloatArray,
    dates: DateArray | Sequence[str],
    *,
    unit: str,
    forward: npt.ArrayLike | None = None,
    strike: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Return percentiles, mean and standard error of simulated prices by date.

    Parameters
    ----------
    prices
        ``(n_dates, n_paths)``.
    dates
        ``(n_dates,)``.
    unit
        Of the prices, such as ``USD/kg``.
    forward, strike
        One number or ``(n_dates,)``.

    Examples
    --------
    >>> table = fan_table(np.array([[80.0, 100.0, 120.0]]), ["2026-01-01"], unit="USD/kg")
    >>> float(table.loc["2026-01-01", ("p50", "USD/kg")])
    100.0
    """
    require(np.ndim(prices) == 2, "prices", "be (n_dates, n_paths)", np.shape(prices))
    index = pd.DatetimeIndex(pd.to_datetime(np.asarray(dates, dtype="datetime64[D]")), name="date")
    rule = f"hold one date for each of the {len(prices)} rows of prices"
    require(len(index) == len(prices), "dates", rule, len(index))
    points = np.array([quantiles(row, list(PERCENTILES.values())) for row in prices])
    columns: dict[str, FloatArray] = dict(zip(PERCENTILES, points.T, strict=True))
    columns["mean"] = prices.mean(axis=1)
    columns["standard_error"] = prices.std(axis=1, ddof=1) / np.sqrt(prices.shape[1])
    for name, values in (("forward_curve", forward), ("strike", strike)):
        if values is not None:
            columns[name] = np.broadcast_to(np.asarray(values, dtype=np.float64), len(index))
    return with_units(columns, dict.fromkeys(columns, unit), index)


def fan(
    prices: FloatArray,
    dates: DateArray | Sequence[str],
    *,
    unit: str,
    title: str = "Simulated prices",
    forward: npt.ArrayLike | None = None,
    strike: npt.ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a fan of simulated prices; the parameters are those of :func:`fan_table`.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = fan_table(prices, dates, unit=unit, forward=forward, strike=strike)
    table = table.droplevel("unit", axis=1)
    axes = canvas.axes_for(ax)
    at = table.index.to_numpy()
    for low, high, colour, label in (
        ("p05", "p95", canvas.WIDE_BAND, canvas.WIDE_LABEL),
        ("p25", "p75", canvas.NARROW_BAND, canvas.NARROW_LABEL),
    ):
        axes.fill_between(at, table[low], table[high], color=colour, linewidth=0, label=label)
    axes.plot(at, table["p50"], color=canvas.BLUE, linewidth=1.6, label="median")
    if forward is not None:
        axes.plot(
            at, table["forward_curve"], color=canvas.INK, linewidth=1.4, linestyle="--",
            label="forward curve",
        )  # fmt: skip
    if strike is not None:
        axes.plot(at, table["strike"], color=canvas.VERMILION, linewidth=1.6, label="strike")
    axes.set_ylim(bottom=min(0.0, float(table["p05"].min())))
    axes.margins(x=0.0)
    axes.set_ylabel(unit)
    canvas.finish(axes, title=title)
    canvas.legend_below(axes, columns=2)
    return axes
