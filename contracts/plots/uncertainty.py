"""Picture of an uncertain value: how far prices move it, and how far not knowing the model does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contracts.checks import require
from contracts.plots import canvas
from contracts.reports.figures import scale_of, unit_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from contracts.uncertain_value import ParameterUncertainty, Part

HEIGHT = 0.36


def spread_table(found: ParameterUncertainty, part: Part = "fiscal year") -> pd.DataFrame:
    """Return the rows of one part: ``leg``, ``fiscal year`` or ``present value``."""
    table = found.table()
    is_part = table.index.get_level_values("part") == part
    require(bool(is_part.any()), "part", "have something that moves", part)
    shown: pd.DataFrame = table[is_part].droplevel("part")
    return shown


def spread(
    found: ParameterUncertainty,
    part: Part = "fiscal year",
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the standard deviation from prices beside that from parameters, with two errors.

    No bar where the estimate for the parameters came out below zero.

    Returns
    -------
    Axes
        Those given, or those of a new Figure.
    """
    table = spread_table(found, part).droplevel("unit", axis=1)
    scale = scale_of(float(table["price_deviation"].max()))
    axes = canvas.axes_for(ax, height=1.8 + 0.42 * len(table))
    rows = np.arange(len(table))
    for shift, name, colour, label in (
        (-0.5, "price", canvas.BLUE, "prices, if the parameters were known"),
        (0.5, "parameter", canvas.ORANGE, "not knowing the parameters"),
    ):
        axes.barh(
            rows + shift * HEIGHT, table[f"{name}_deviation"] / scale, height=HEIGHT, color=colour,
            xerr=2.0 * table[f"standard_error_{name}_deviation"] / scale, label=label,
            error_kw={"linewidth": 1.0, "capsize": 2.0, "ecolor": canvas.INK},
        )  # fmt: skip
    axes.set_yticks(rows, [str(name) for name in table.index])
    axes.invert_yaxis()
    axes.set_xlim(left=0.0)
    unit = unit_of(found.design.deal.currency, scale)
    what = "payments" if part == "fiscal year" else "present value"
    axes.set_xlabel(f"standard deviation of {what}, {unit}; whiskers are two standard errors")
    curve = "held" if found.design.curve == "held" else "moving with the parameters"
    text = f"{found.design.deal.name}, by {part}: where the spread comes from, curve {curve}"
    canvas.finish(axes, title=title or text, money_axis="x")
    axes.tick_params(axis="y", length=0)
    canvas.legend_below(axes, columns=2)
    return axes


def save_spreads(found: ParameterUncertainty, folder: Path) -> list[Path]:
    """Write a picture of each part that has something to show as a PNG file."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    shown = {row["part"] for row in found.rows()}
    parts: tuple[Part, ...] = ("leg", "fiscal year")
    for part in parts:
        if part in shown:
            written.append(folder / f"spread-by-{part.replace(' ', '-')}.png")
            canvas.save(spread(found, part), written[-1])
    return written
