"""Waterfall of the headline: what a party gives and gets, leg by leg, down to the net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.plots import canvas
from contracts.reports.figures import money, scale_of, unit_of
from contracts.tables import with_units

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.valuation import Valuation


def waterfall_table(valuation: Valuation) -> pd.DataFrame:
    """Return each leg's net worth and the running sum before (``start``) and after (``end``)."""
    headline = valuation.headline().droplevel("unit", axis=1)
    net = headline["net"].to_numpy()
    end = np.cumsum(net[:-1])
    columns = {
        "net": net,
        "standard_error": headline["standard_error"].to_numpy(),
        "start": np.concatenate([[0.0], end[:-1], [0.0]]),
        "end": np.concatenate([end, [net[-1]]]),
    }
    return with_units(columns, dict.fromkeys(columns, valuation.deal.currency), headline.index)


def waterfall(valuation: Valuation, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the headline as a waterfall, one bar a leg and the net at the foot.

    Parameters
    ----------
    valuation
        Of one deal, from one side.
    title
        Written above the picture; by default it names the party.
    ax
        Where to draw; a new Figure by default.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = waterfall_table(valuation).droplevel("unit", axis=1)
    scale = scale_of(float(table["net"].abs().max()))
    shown = table / scale
    axes = canvas.axes_for(ax, height=0.9 + 0.42 * len(table))
    rows = np.arange(len(shown))
    colours = np.where(shown["net"] < 0.0, canvas.VERMILION, canvas.BLUE).astype(object)
    colours[-1] = canvas.GREY
    axes.barh(rows, shown["net"], left=shown["start"], height=0.66, color=list(colours))
    for row in rows[:-1]:
        at = shown["end"].iloc[row]
        axes.plot([at, at], [row - 0.33, row + 1.33], color=canvas.GREY, linewidth=0.8)
    low = float(shown[["start", "end"]].to_numpy().min())
    high = float(shown[["start", "end"]].to_numpy().max())
    for row, amount in zip(rows, table["net"], strict=True):
        right = max(shown["start"].iloc[row], shown["end"].iloc[row])
        axes.annotate(
            money(amount, scale), (right, row), xytext=(4, 0), textcoords="offset points",
            va="center", fontsize=9, color=canvas.INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    axes.set_xlim(low - 0.02 * (high - low), high + 0.14 * (high - low))
    axes.set_yticks(rows, ["net" if name == "total" else str(name) for name in shown.index])
    axes.invert_yaxis()
    axes.axvline(0.0, color=canvas.INK, linewidth=0.8)
    unit = unit_of(valuation.deal.currency, scale)
    axes.set_xlabel(f"{unit}: present value of what is still due, past payments at face value")
    party = valuation.deal.party(valuation.perspective).name
    text = title or f"{party}: what it receives (+) and gives (-)"
    canvas.finish(axes, title=text, money_axis="x")
    axes.tick_params(axis="y", length=0)
    return axes
