"""Pictures of regimes: those of a history as a fit sees them, those of simulated paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts.checks import require
from contracts.conventions import DateArray, FloatArray
from contracts.plots import canvas
from contracts.tables import with_units
from montecarlo.calibrate.horizons import sample
from montecarlo.calibrate.regimes import regime_probabilities

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from montecarlo.calibrate.fitted import Fit
    from montecarlo.calibrate.history import PriceHistory

COLOURS = (canvas.BLUE, canvas.VERMILION, canvas.ORANGE, canvas.GREEN)


def regime_history_table(history: PriceHistory, fit: Fit) -> pd.DataFrame:
    """Return the fitted prices and the probability of each regime, given the whole history.

    A date's probabilities are those of the step that ends on it; the first date has none.
    """
    taken = sample(history, fit.horizon)
    chances = regime_probabilities(fit, history)
    columns: dict[str, FloatArray] = {"fitted": taken.prices}
    units = {"fitted": history.unit}
    for k, name in enumerate(fit.structure["regimes"]):
        columns[name] = np.append(np.nan, chances[:, k])
        units[name] = "probability"
    return with_units(columns, units, pd.DatetimeIndex(taken.dates, name="date"))


def regime_history(history: PriceHistory, fit: Fit, *, ax: Axes | None = None) -> Axes:
    """Draw the fitted prices over the probability of each regime but the first, stacked."""
    table = regime_history_table(history, fit).droplevel("unit", axis=1)
    axes = canvas.axes_for(ax)
    base = np.zeros(len(table) - 1)
    for k, name in enumerate(fit.structure["regimes"][1:], start=1):
        top = base + table[name].to_numpy()[1:]
        # A probability belongs to the whole step that ends on its date.
        axes.fill_between(
            table.index, np.append(base[:1], base), np.append(top[:1], top), step="pre",
            color=COLOURS[k], alpha=0.25, linewidth=0, transform=axes.get_xaxis_transform(),
            label=f"probability of {name} (full height: 1)",
        )  # fmt: skip
        base = top
    axes.plot(table.index, table["fitted"], color=canvas.BLUE, linewidth=1.3, label="price")
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.01)
    axes.set_ylabel(history.unit)
    canvas.finish(axes, title=f"{history.name}: regimes as seen from the end, {fit.horizon}")
    canvas.legend_below(axes, columns=3)
    return axes


def regime_paths_table(
    prices: FloatArray,
    regimes: npt.NDArray[np.integer],
    dates: DateArray | Sequence[str],
    *,
    names: Sequence[str],
) -> pd.DataFrame:
    """Return price and regime of each path, by date.

    Parameters
    ----------
    prices, regimes
        ``(n_dates, n_paths)``; regimes by number, as
        :meth:`montecarlo.RegimeSwitching.regimes_on` gives them.
    dates
        ``(n_dates,)``.
    names
        Of the regimes.

    Examples
    --------
    >>> table = regime_paths_table(
    ...     np.array([[60.0], [95.0]]), np.array([[0], [1]]), ["2026-01-01", "2026-02-01"],
    ...     names=["open", "embargo"],
    ... )
    >>> table["regime", 0].tolist()
    ['open', 'embargo']
    """
    found = np.asarray(regimes)
    require(np.ndim(prices) == 2, "prices", "be (n_dates, n_paths)", np.shape(prices))
    shape = np.shape(prices)
    require(found.shape == shape, "regimes", f"have the shape of prices {shape}", found.shape)
    known = bool((found >= 0).all() and (found < len(names)).all())
    require(known, "regimes", f"be numbers below {len(names)}", int(found.max(initial=0)))
    index = pd.DatetimeIndex(pd.to_datetime(np.asarray(dates, dtype="datetime64[D]")), name="date")
    rule = f"hold one date for each of the {len(prices)} rows of prices"
    require(len(index) == len(prices), "dates", rule, len(index))
    paths = range(found.shape[1])
    called = pd.DataFrame(np.asarray(names, dtype=object)[found], index=index, columns=paths)
    return pd.concat(
        {"price": pd.DataFrame(prices, index=index, columns=paths), "regime": called}, axis=1
    )


def regime_paths(
    prices: FloatArray,
    regimes: npt.NDArray[np.integer],
    dates: DateArray | Sequence[str],
    *,
    names: Sequence[str],
    unit: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw some simulated paths, each in the colour of the regime that it is in."""
    table = regime_paths_table(prices, regimes, dates, names=names)
    axes = canvas.axes_for(ax)
    for path in table["price"].columns:
        price, regime = table["price", path], table["regime", path]
        axes.plot(price.index, price, color=canvas.GREY, linewidth=0.5, alpha=0.6)
        for k, name in enumerate(names):
            # A step is drawn in the regime of the date on which it ends.
            ends = (regime == name).to_numpy()
            shown = price.where(ends | np.append(ends[1:], False))
            axes.plot(
                shown.index, shown, color=COLOURS[k % len(COLOURS)], linewidth=1.3,
                label=name if path == 0 else None,
            )  # fmt: skip
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.01)
    axes.set_ylabel(unit)
    n_paths = prices.shape[1]
    noun = "path" if n_paths == 1 else "paths"
    canvas.finish(axes, title=f"{n_paths} simulated {noun}, by regime")
    canvas.legend_below(axes, columns=len(names))
    return axes
