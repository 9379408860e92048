"""Pictures of a fitted model against what came: fan, highest prices, deepest falls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from contracts.checks import one_of
from contracts.conventions import PERCENTILES
from contracts.plots import canvas
from contracts.plots.prices import fan, fan_table
from contracts.tables import with_units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from contracts.simulated_history import SimulatedHistory

Extreme = Literal["maximum", "drawdown"]
N_BINS = 40


def history_fan_table(simulated: SimulatedHistory) -> pd.DataFrame:
    """Return percentiles of the simulated prices by date, beside what came."""
    table = fan_table(simulated.simulated, simulated.dates, unit=simulated.unit)
    index = pd.DatetimeIndex(table.index)
    flat = table.droplevel("unit", axis=1)
    columns = {str(name): flat[name].to_numpy() for name in flat.columns}
    columns["realised"] = simulated.realised
    return with_units(columns, dict.fromkeys(columns, simulated.unit), index)


def history_fan(simulated: SimulatedHistory, *, ax: Axes | None = None) -> Axes:
    """Draw the fan of a model run from the first price of its history, and what came."""
    axes = fan(
        simulated.simulated,
        simulated.dates,
        unit=simulated.unit,
        title=f"{simulated.name}: {simulated.kind} run from the first price, and what came",
        ax=ax,
    )
    axes.plot(
        pd.DatetimeIndex(simulated.dates), simulated.realised, color=canvas.VERMILION,
        linewidth=1.4, label="what came",
    )  # fmt: skip
    top = max(float(np.quantile(simulated.simulated[-1], 0.95)), float(simulated.realised.max()))
    axes.set_ylim(top=1.08 * top)
    canvas.legend_below(axes, columns=2)
    return axes


def extremes_table(simulated: SimulatedHistory, extreme: Extreme) -> pd.DataFrame:
    """Return percentiles of an extreme over simulated histories, what came, and its rank.

    ``rank`` is the share of simulated histories that stayed below what came.
    """
    one_of(extreme, ("maximum", "drawdown"), "extreme")
    values, came = simulated.maxima() if extreme == "maximum" else simulated.drawdowns()
    row = {name: float(np.quantile(values, p)) for name, p in PERCENTILES.items()}
    row |= {"realised": came, "rank": float(np.mean(values < came))}
    return pd.DataFrame([row], index=pd.Index([extreme], name="extreme"))


def extremes(
    simulated: SimulatedHistory, extreme: Extreme = "maximum", *, ax: Axes | None = None
) -> Axes:
    """Draw the distribution of the highest price, or the deepest fall, and what came.

    Parameters
    ----------
    simulated
        A model run over its own history.
    extreme
        ``maximum``: the highest price over the first; ``drawdown``: the deepest fall from a peak.
    ax
        Where to draw; a new Figure by default.
    """
    rank = float(extremes_table(simulated, extreme)["rank"].iloc[0])
    values, came = simulated.maxima() if extreme == "maximum" else simulated.drawdowns()
    axes = canvas.axes_for(ax)
    is_maximum = extreme == "maximum"
    top = max(float(np.quantile(values, 0.99)), 1.1 * came)
    bins = np.linspace(1.0, top, N_BINS) if is_maximum else np.linspace(0.0, 1.0, N_BINS)
    shown = values if is_maximum else 100.0 * values
    scale = 1.0 if is_maximum else 100.0
    axes.hist(
        np.minimum(shown, scale * bins[-1]), bins=(scale * bins).tolist(), color=canvas.WIDE_BAND,
        edgecolor="white", linewidth=0.4, weights=np.full(shown.size, 100.0 / shown.size),
        label=f"{shown.size:,} simulated histories",
    )  # fmt: skip
    text = f"{came:.2f} times the first" if is_maximum else f"{came:.0%} from a peak"
    axes.axvline(scale * came, color=canvas.VERMILION, linewidth=1.8, label=f"what came: {text}")
    axes.set_xlabel(
        "highest price, times the first (the last bar: all above)"
        if is_maximum
        else "deepest fall from a peak, %"
    )
    axes.set_ylabel("% of simulated histories")
    title = "Highest price" if is_maximum else "Deepest fall"
    canvas.finish(axes, title=f"{title}: {rank:.0%} of simulated histories stay below what came")
    canvas.legend_below(axes, columns=2)
    return axes
