"""A forward curve with the quotes it was made from, and the expected price beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts.checks import require
from contracts.curve_quotes import quotes_of
from contracts.plots import canvas
from contracts.tables import with_units
from montecarlo.grid import DateLike, as_date

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from contracts.market import Market

YEARS_AHEAD = 10
_DAY = np.timedelta64(1, "D")


def curve_table(market: Market, commodity: str, *, until: DateLike | None = None) -> pd.DataFrame:
    """Return the forward curve and the expected price of every day from the valuation date.

    Parameters
    ----------
    market
        Curves and models.
    commodity
        Name in the market.
    until
        The last day; by default the last that was quoted, or ten years on.

    Examples
    --------
    >>> from contracts.catalogue import load_market
    >>> market = load_market("critical-minerals-2025-07-10")
    >>> table = curve_table(market, "ndpr-oxide", until="2026-07-10")
    >>> table.round(2).iloc[-1].to_list()
    [56.11, 57.0]
    """
    item = market.commodity(commodity)
    first = np.datetime64(market.valuation_date, "D")
    quotes = quotes_of(market, commodity)
    if until is None:
        last = max((quote.end for quote in quotes), default=first + 365 * YEARS_AHEAD)
    else:
        last = as_date("until", until)
    require(bool(last > first), "until", f"come after the valuation date ({first})", str(last))
    days = np.arange(first, last + _DAY)
    model = item.price_model()
    times = market.years(days)
    columns = {
        "forward_curve": model.expected_spot(times, "pricing"),
        "physical": model.expected_spot(times, "physical"),
    }
    index = pd.DatetimeIndex(days, name="date")
    return with_units(columns, dict.fromkeys(columns, item.unit), index)


def curve(
    market: Market,
    commodity: str,
    *,
    until: DateLike | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a forward curve day by day, with each quote as a bar over its period.

    Parameters
    ----------
    market, commodity, until
        Those of :func:`curve_table`.
    title
        Written above the picture; by default it names the price.
    ax
        Where to draw; a new Figure by default.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = curve_table(market, commodity, until=until).droplevel("unit", axis=1)
    item = market.commodity(commodity)
    axes = canvas.axes_for(ax)
    at = table.index.to_numpy()
    last = at[-1]
    quotes = [q for q in quotes_of(market, commodity) if q.start <= last]
    bars = [quote for quote in quotes if quote.n_days > 1]
    points = [quote for quote in quotes if quote.n_days == 1]
    if bars:
        axes.hlines(
            [quote.value for quote in bars],
            [quote.start for quote in bars],
            [min(quote.end + _DAY, last) for quote in bars],
            color=canvas.ORANGE, linewidth=5.0, alpha=0.55, label="quotes, mean of the period",
        )  # fmt: skip
    colour = canvas.BLUE
    label = f"forward curve ({'quoted' if item.is_traded else 'an assumption'})"
    axes.plot(
        at, table["forward_curve"], color=colour, linewidth=1.6, drawstyle="steps-post",
        label=label,
    )  # fmt: skip
    if not np.array_equal(table["physical"], table["forward_curve"]):
        axes.plot(
            at, table["physical"], color=canvas.INK, linewidth=1.3, linestyle="--",
            label="expected price, physical measure",
        )  # fmt: skip
    if points:
        axes.plot(
            [quote.start for quote in points], [quote.value for quote in points], color=colour,
            linewidth=0.0, marker="o", markersize=4.5, label="stated prices",
        )  # fmt: skip
    low, high = float(table.to_numpy().min()), float(table.to_numpy().max())
    axes.set_ylim(bottom=0.0 if low >= 0.0 else low - 0.05 * (high - low))
    axes.margins(x=0.0)
    axes.set_ylabel(item.unit)
    canvas.finish(axes, title=title or f"{commodity} on {market.valuation_date}")
    canvas.legend_below(axes, columns=2)
    return axes
