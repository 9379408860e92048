"""Expected cash flows by calendar year, stacked by leg."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.plots import canvas
from contracts.reports.figures import scale_of, unit_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.valuation import Valuation


def cashflows_table(valuation: Valuation) -> pd.DataFrame:
    """Return expected flows by calendar year of payment: legs, total, standard error."""
    return valuation.by_year()


def cashflows(
    valuation: Valuation,
    *,
    title: str = "Expected cash flows by calendar year, undiscounted",
    ax: Axes | None = None,
) -> Axes:
    """Draw expected cash flows by calendar year, stacked by leg, with their sum.

    Parameters
    ----------
    valuation
        Of one deal, from one side.
    title
        Written above the picture.
    ax
        Where to draw; a new Figure by default.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = cashflows_table(valuation).droplevel("unit", axis=1)
    legs = [leg.clause.name for leg in valuation.legs]
    scale = scale_of(float(table[legs].abs().to_numpy().max()))
    axes = canvas.axes_for(ax)
    years = table.index.to_numpy()
    above, below = np.zeros(len(years)), np.zeros(len(years))
    for position, leg in enumerate(legs):
        amounts = table[leg].to_numpy() / scale
        if not amounts.any():
            continue
        base = np.where(amounts >= 0.0, above, below)
        colour = canvas.LEGS[position % len(canvas.LEGS)]
        hatch = "" if position < len(canvas.LEGS) else "//"
        axes.bar(
            years, amounts, bottom=base, width=0.78, color=colour, linewidth=0, hatch=hatch,
            label=leg,
        )  # fmt: skip
        above += np.maximum(amounts, 0.0)
        below += np.minimum(amounts, 0.0)
    if len(legs) > 1:
        axes.plot(
            years, table["total"] / scale, color=canvas.INK, linewidth=0.0, marker="D",
            markersize=5.0, markeredgecolor="white", label="total",
        )  # fmt: skip
    axes.axhline(0.0, color=canvas.INK, linewidth=0.8)
    axes.set_xticks(years, [str(year) for year in years])
    axes.set_xlabel("calendar year of payment")
    unit = unit_of(valuation.deal.currency, scale)
    party = valuation.deal.party(valuation.perspective).name
    axes.set_ylabel(f"{unit}, {party}\n(+ received, - paid)")
    canvas.finish(axes, title=title)
    axes.tick_params(axis="x", length=0)
    canvas.legend_below(axes, columns=4, last="total")
    return axes
